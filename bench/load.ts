/** The load program (`bench/load/`): running it, and what it measured. */

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { builtLoadProgram } from '#load-program';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** One line that it prints. */
export interface Measurement {
  /** `resolutions`, `registrations`, or the `first registrations`. */
  readonly measured: string;
  readonly answers: number;
  readonly seconds: number;
  readonly latencyUs: Readonly<Record<'p50' | 'p99' | 'p99.9' | 'max', number>>;
  /** Of the process that was named with `--cpu-of`. */
  readonly cpuSeconds?: { readonly user: number; readonly system: number };
}

let path: string | undefined;

/** Its path; up to date with its source when this process first asked. */
export function loadProgram(): string {
  path ??= builtLoadProgram();
  return path;
}

/** Runs it; the last thing that it measured. Throws when an answer was wrong. */
export function runLoad(args: readonly string[]): Measurement {
  const lines = execFileSync(loadProgram(), args, { encoding: 'utf8' }).trim().split('\n');
  return JSON.parse(lines.at(-1) ?? '');
}

export function perSecond({ answers, seconds }: Measurement): number {
  return answers / seconds;
}
