/** The programs of independent SCTP implementations: built from source here, or why they cannot be. */

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

const here = import.meta.dirname;
const built = path.resolve(here, '../../.setup/peers');

export interface PeerProgram {
  readonly name: string;
  /** Why it cannot be built on this machine. */
  readonly lack: string | undefined;
  /** Builds it; returns its path. */
  build(): string;
}

export const PION: PeerProgram = {
  name: 'pion/sctp',
  lack: isInstalled('go', ['version']) ? undefined : 'go is not installed (https://go.dev)',
  build() {
    const program = place('pion');
    execFileSync('go', ['build', '-o', program, '.'], { cwd: path.join(here, 'pion') });
    return program;
  },
};

export const USRSCTP: PeerProgram = {
  name: 'usrsctp',
  lack: existsSync('/usr/include/usrsctp.h')
    ? undefined
    : 'usrsctp is not installed (Debian package libusrsctp-dev)',
  build() {
    const program = place('usrsctp');
    const source = path.join(here, 'usrsctp/peer.c');
    execFileSync('cc', ['-O1', '-o', program, source, '-lusrsctp', '-lpthread']);
    return program;
  },
};

/** A running peer: its lines as they come, and how it ended. */
export class RunningPeer {
  readonly lines: string[] = [];
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(program: string, args: readonly (string | number)[]) {
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    this.#process = spawn(program, args.map(String), { stdio: [...stdio] });
    this.#ended = once(this.#process, 'close');
    if (this.#process.stdout === null) throw new Error('the peer has no standard output');
    createInterface(this.#process.stdout).on('line', (line) => this.lines.push(line));
  }

  /** Waits until it has printed this line; rejects with what it printed when it ends without. */
  async prints(line: string): Promise<void> {
    while (!this.lines.includes(line)) {
      const hasEnded = this.#process.exitCode !== null || this.#process.signalCode !== null;
      if (hasEnded) throw new Error(`the peer ended after: ${this.lines.join(', ')}`);
      await Promise.race([
        once(this.#process.stdout as NodeJS.ReadableStream, 'data'),
        this.#ended,
      ]);
      await new Promise(setImmediate);
    }
  }

  async ends(): Promise<number | null> {
    await this.#ended;
    return this.#process.exitCode;
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}

function place(name: string): string {
  mkdirSync(built, { recursive: true });
  return path.join(built, name);
}

function isInstalled(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}
