/**
 * Runs a measurement in a process of its own, as what is measured would run: there nothing else has grown,
 * left holes in the heap or taught the compiler about other callers.
 */

import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Runs what the module at `url` has given to `onOwnProcess`, with these arguments; its result. */
export function inOwnProcess<Result>(url: string, ...args: (string | number)[]): Result {
  const output = execFileSync(
    process.execPath,
    ['--expose-gc', fileURLToPath(url), ...args.map(String)],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return JSON.parse(output);
}

/** In a process that `inOwnProcess` has started for the module at `url`: measures and prints the result. */
export async function onOwnProcess(
  url: string,
  measure: (args: readonly string[]) => unknown,
): Promise<void> {
  if (url !== pathToFileURL(process.argv[1] ?? '').href) return;
  process.stdout.write(JSON.stringify(await measure(process.argv.slice(2))));
}
