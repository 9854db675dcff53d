/** A process with a stack of its own, as seen from a test: `process.mjs` does what it is told and tells back. */

import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';

const program = path.join(import.meta.dirname, 'process.mjs');
const children: Other[] = [];

/** For `afterEach`. */
export async function killOthers(): Promise<void> {
  await Promise.all(children.splice(0).map((child) => child.kill()));
}

export interface Told {
  event: string;
  [key: string]: unknown;
}

/** Another process; see `process.mjs`. */
export class Other {
  readonly told: Told[] = [];
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #waiting = new Set<() => void>();

  constructor() {
    this.#process = fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#ended = new Promise((resolve) => this.#process.on('exit', () => resolve()));
    this.#process.on('message', (told: Told) => {
      this.told.push(told);
      for (const check of this.#waiting) check();
    });
    children.push(this);
  }

  do(what: string, details: object = {}): void {
    this.#process.send({ do: what, ...details });
  }

  /** Waits for the `count`th telling of this event. */
  async hears(event: string, count = 1): Promise<Told> {
    return new Promise((resolve, reject) => {
      const check = () => {
        const found = this.told.filter((told) => told.event === event)[count - 1];
        if (found === undefined) return;
        clearTimeout(giveUp);
        this.#waiting.delete(check);
        resolve(found);
      };
      const events = () => this.told.map((told) => told.event).join(' ');
      const giveUp = setTimeout(
        () => reject(new Error(`waited in vain for ${event}; it told: ${events()}`)),
        30_000,
      );
      this.#waiting.add(check);
      check();
    });
  }

  /** No last word: SIGKILL. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
  }
}

export async function openOther(stack: object, endpoint: object, isEcho = false): Promise<Other> {
  const other = new Other();
  other.do('open', {
    stack: { localAddresses: ['127.0.0.2'], udpPort: 0, ...stack },
    endpoint,
    isEcho,
  });
  await other.hears('open');
  return other;
}

export function placeInOther(other: Other): { udpPort: number; port: number } {
  const { udpPort, port } = other.told.find(({ event }) => event === 'open') as unknown as {
    udpPort: number;
    port: number;
  };
  return { udpPort, port };
}
