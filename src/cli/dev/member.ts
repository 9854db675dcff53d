/** One process of the demonstration: a command of `rserpool`, whose lines are read as it writes them. */

import { type ChildProcess, fork } from 'node:child_process';
import process from 'node:process';
import { createInterface } from 'node:readline';
import type { IpAddress } from '../../types.ts';

/** What it is started as. */
export interface Role {
  readonly kind: 'registrar' | 'echo server';
  /** `registrar 1`: as the lines of the demonstration call it. */
  readonly name: string;
  /** Of the registrar or of the pool element. */
  readonly id: number;
  readonly address: IpAddress;
  /** The command and its options. */
  readonly command: readonly string[];
}

/** One line of its output, as `output.ts` writes events; identifiers are `0x00000011`. */
export interface Line {
  readonly event: string;
  readonly text: string;
  readonly [field: string]: unknown;
}

const CLOSE_TIMEOUT_MS = 4_000;

/** Nothing for what is no line of ours: a warning of Node.js, for example. */
export function parseLine(text: string): Line | undefined {
  try {
    const line = JSON.parse(text);
    return typeof line?.event === 'string' && typeof line.text === 'string' ? line : undefined;
  } catch {
    return undefined;
  }
}

export class Member {
  readonly role: Role;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #isToEnd = false;

  /** @param onEnd called when it ends without having been told to */
  constructor(role: Role, onLine: (line: Line) => void, onEnd: (why: string) => void) {
    this.role = role;
    this.#child = fork(process.argv[1] as string, [...role.command, '--json'], {
      execArgv: [],
      // The channel ends with this process, and with it the member: nothing stays behind.
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      // Ctrl-C is for the demonstration alone, which ends its members in order.
      detached: true,
    });
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        if (!this.#isToEnd) onEnd(`stopped with ${signal ?? `exit code ${code}`}`);
        resolve();
      });
      this.#child.once('error', (error) => {
        onEnd(`did not start: ${error.message}`);
        resolve();
      });
    });
    // Read to the end, so that the pipe never fills up.
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (text) => {
      const line = parseLine(text);
      if (line !== undefined) onLine(line);
    });
  }

  get processId(): number | undefined {
    return this.#child.pid;
  }

  /** Ends it as a power cut would: no deregistration, no goodbye. */
  kill(): void {
    this.#isToEnd = true;
    this.#child.kill('SIGKILL');
  }

  /** Asks it to end properly; after a while it is killed. */
  async close(): Promise<void> {
    this.#isToEnd = true;
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), CLOSE_TIMEOUT_MS);
    this.#child.kill('SIGTERM');
    await this.#exited;
    clearTimeout(timer);
  }
}
