/** Runs the command as people do: as a process, and looks at what it prints and how it ends. */

import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';

const program = path.resolve(import.meta.dirname, '../../dist/cli/rserpool.js');
const running = new Set<ChildProcess>();

export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it to its end. */
export async function run(...args: string[]): Promise<Outcome> {
  const child = start(args);
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
  readonly #lines: Record<string, unknown>[] = [];
  #onLine = () => {};

  constructor(...args: string[]) {
    this.#child = start([...args, '--json']);
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      this.#lines.push(JSON.parse(line));
      this.#onLine();
    });
  }

  get processId(): number {
    return this.#child.pid as number;
  }

  /** The first line, past or future, with this event. */
  async until(event: string): Promise<Record<string, unknown>> {
    const exited = exitOf(this.#child).then((code) => {
      throw new Error(`ended with ${code} before "${event}": ${JSON.stringify(this.#lines)}`);
    });
    const found = new Promise<Record<string, unknown>>((resolve) => {
      this.#onLine = () => {
        const line = this.#lines.find((one) => one.event === event);
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

function start(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once('close', resolve));
}
