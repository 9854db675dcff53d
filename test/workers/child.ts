/** Runs a script in a process of its own, so that a crash is a signal that a test can see. */

import { execFile } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/**
 * Resolves to what the script has printed. Rejects with its output when it ends with another status than 0 or by
 * a signal, and kills it after `timeoutMs`.
 */
export async function outputOf(
  script: string,
  args: readonly string[] = [],
  timeoutMs = 120_000,
): Promise<string> {
  const file = path.resolve(import.meta.dirname, script);
  const options = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 1 << 24 } as const;
  try {
    const { stdout } = await execute(process.execPath, [file, ...args], options);
    return stdout;
  } catch (error) {
    const { code, signal, stdout, stderr } = error as Failure;
    throw new Error(
      `${script} has ended with status ${code}, signal ${signal}:\n${stdout}\n${stderr}`,
    );
  }
}

interface Failure {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}
