/** The load program (`bench/load/`): building it, running it, what it measured. */

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

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

/** Runs it; the last thing that it measured. Throws when an answer was wrong. */
export function runLoad(program: string, args: readonly string[]): Measurement {
  const lines = execFileSync(program, args, { encoding: 'utf8' }).trim().split('\n');
  return JSON.parse(lines.at(-1) ?? '');
}

export function perSecond({ answers, seconds }: Measurement): number {
  return answers / seconds;
}
