/** A registrar in a process of its own, at 10.77.0.NUMBER, with others as its configured peers. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { root } from '../load.js';

export const addressOf = (number: number) => `10.77.0.${number}`;

/** Gives the host of this network an address, or takes it away, whoever has it in use. */
export function changeAddress(change: 'add' | 'del', number: number): void {
  execFileSync('ip', ['address', change, `${addressOf(number)}/32`, 'dev', 'lo']);
}

export class RegistrarProcess {
  readonly pid: number;
  /** How many others it has heard. */
  peers = 0;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = once(child, 'exit');
    this.pid = child.pid as number;
  }

  static async start(number: number, peers: readonly number[]): Promise<RegistrarProcess> {
    const options = ['registrar', '--enrp', '--json', '--no-announce', '--transport', 'udp'];
    // Pool elements of the load program are not to be monitored.
    const place = ['--address', addressOf(number), '--keep-alive-interval', '3600000'];
    const others = peers.flatMap((peer) => ['--peer', `${addressOf(peer)}:9901`]);
    const program = [`${root}dist/cli/rserpool.js`, ...options, ...place, ...others];
    const child = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'inherit'] });
    const registrar = new RegistrarProcess(child);
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const isReady = new Promise<boolean>((resolve) => {
      lines.on('line', (line) => {
        const { event, udpPort } = JSON.parse(line);
        if (event === 'peerUp') registrar.peers += 1;
        if (udpPort !== undefined) resolve(true);
      });
      lines.on('close', () => resolve(false));
    });
    if (!(await isReady)) throw new Error('a registrar ended before it was ready');
    return registrar;
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#child.kill(signal);
    await this.#exited;
  }
}

/** What this network has carried so far, in octets, with the headers of IP. */
export function carriedBytes(): number {
  return Number(/lo:\s*(\d+)/.exec(readFileSync('/proc/net/dev', 'utf8'))?.[1]);
}
