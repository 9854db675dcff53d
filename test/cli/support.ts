/** Runs the commands as people do: as processes, and looks at what they print and how they end. */

import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';

const programs = path.resolve(import.meta.dirname, '../../dist/cli');
/** The command, for those who start it themselves. */
export const rserpool = path.join(programs, 'rserpool.js');
const running = new Set<ChildProcess>();

export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `rserpool` to its end. */
export function run(...args: string[]): Promise<Outcome> {
  return outcomeOf(start('rserpool', args));
}

export async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const exitCode = await exitOf(child);
  return { exitCode, stdout, stderr };
}

/** A command that goes on until it is told to stop; its `--json` lines can be waited for. */
export class Running {
  readonly #child: ChildProcess;
  /** So far. */
  readonly lines: Record<string, unknown>[] = [];
  #onLine = () => {};
  #stderr = '';

  constructor(...args: string[]) {
    this.#child = start('rserpool', [...args, '--json']);
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      this.lines.push(JSON.parse(line));
      this.#onLine();
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.#stderr += text;
    });
  }

  get processId(): number {
    return this.#child.pid as number;
  }

  /** The first line, past or future, with this event. */
  async until(event: string): Promise<Record<string, unknown>> {
    const exited = exitOf(this.#child).then((code) => {
      const seen = `${JSON.stringify(this.lines)} ${this.#stderr}`;
      throw new Error(`ended with ${code} before "${event}": ${seen}`);
    });
    const found = new Promise<Record<string, unknown>>((resolve) => {
      this.#onLine = () => {
        const line = this.lines.find((one) => one.event === event);
        if (line !== undefined) resolve(line);
      };
      this.#onLine();
    });
    return Promise.race([found, exited]);
  }

  /** Sends a signal and waits for the end; the exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.#child.kill(signal);
    return exitOf(this.#child);
  }
}

/** Ends what a test left running. */
export async function stopAll(): Promise<void> {
  await Promise.all(
    [...running].map((child) => {
      child.kill('SIGKILL');
      return exitOf(child);
    }),
  );
}

/** Starts a program of `dist/cli`. */
export function start(
  program: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): ChildProcess {
  const child = spawn(process.execPath, [path.join(programs, `${program}.js`), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

export function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once('close', resolve));
}
