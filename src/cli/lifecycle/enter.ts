/**
 * The start of a program, before anything else of it is loaded: few open files, signals and standard streams
 * taken care of. Imports nothing but what these need, because each import opens a file.
 */

import { readFileSync } from 'node:fs';
import { catchSignals, ignoreDebuggerSignal } from './signals.ts';
import { drainStandardStreams, watchStandardStreams } from './standard-streams.ts';

/** Loading the program opens up to 80 files at a time, serving at least 26. */
export const MIN_OPEN_FILES = 128;

const EXIT_FAILED = 1;

export interface Program {
  readonly name: string;
  /** Whether it runs until it is stopped. */
  readonly isService: boolean;
  /** Loads the rest and runs it. */
  run(): Promise<void>;
}

/** Runs a program; a service has ended when this resolves, and then the process ends. */
export async function enter({ name, isService, run }: Program): Promise<void> {
  ignoreDebuggerSignal();
  if (isService) catchSignals();
  watchStandardStreams(name);
  const limit = openFilesLimit();
  if (limit < MIN_OPEN_FILES) return fail(name, tooFewFiles(limit));
  try {
    await run();
  } catch (error) {
    fail(name, isOutOfFiles(error) ? tooFewFiles(limit) : textOf(error));
  }
  if (!isService) return;
  await drainStandardStreams();
  process.exit(); // whatever is still under way, such as a look-up of a name
}

function fail(name: string, text: string): void {
  process.stderr.write(`${name}: ${text}\n`);
  process.exitCode = EXIT_FAILED;
}

function tooFewFiles(limit: number): string {
  const found = Number.isFinite(limit)
    ? `The limit of open files is ${limit}`
    : 'Open files ran out';
  return `${found}: raise it to ${MIN_OPEN_FILES} at least (ulimit -n, or LimitNOFILE of systemd).`;
}

/** The soft limit, which Node.js has raised to the hard one. Infinity where the system does not say. */
function openFilesLimit(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1');
    return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  } catch (error) {
    return isOutOfFiles(error) ? 0 : Number.POSITIVE_INFINITY;
  }
}

function isOutOfFiles(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EMFILE' || code === 'ENFILE';
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
