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

/** The same in a network of its own, which has nothing but a loopback interface. */
export function inOwnNetwork<Result>(url: URL, ...args: (string | number)[]): Result {
  const program = [process.execPath, '--expose-gc', fileURLToPath(url), ...args.map(String)];
  const shell = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
  const output = execFileSync('unshare', ['--net', ...shell, ...program], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(output);
}

/** Why there is no such network; `undefined`: there is one. */
export function lackOfNetworks(): string | undefined {
  try {
    execFileSync('unshare', ['--net', 'ip', 'link'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'no network of its own can be made here (unshare, ip and the right to)';
  }
}

/** In a process that `inOwnProcess` or `inOwnNetwork` has started for the module at `url`: measures and prints the result. */
export async function onOwnProcess(
  url: string,
  measure: (args: readonly string[]) => unknown,
): Promise<void> {
  if (url !== pathToFileURL(process.argv[1] ?? '').href) return;
  process.stdout.write(JSON.stringify(await measure(process.argv.slice(2))));
}
