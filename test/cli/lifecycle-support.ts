/** Runs the services `rserpool registrar`, `rserpool serve echo` and `rspregistrar`, each at an address of its own. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { vi } from 'vitest';
import { sendEcho } from '../../src/cli/echo-client.ts';
import {
  createPoolElement,
  createPoolUser,
  createRegistrar,
  type RegistrarServer,
} from '../../src/index.ts';
import { loopback } from '../support/loopback.ts';

const programs = path.resolve(import.meta.dirname, '../../dist/cli');

export const KINDS = ['rserpool registrar', 'rserpool serve', 'rspregistrar'] as const;
export type Kind = (typeof KINDS)[number];

/** Where the echo servers register: a registrar of the test itself. */
const HOME = loopback(1);
/** Where pool elements call from. */
const CLIENT = loopback(2);
const ECHO_PORT = 4007;
/** Under load a process takes seconds to start. */
const PATIENCE = { timeout: 50_000, interval: 50 };

interface ServiceOptions {
  readonly options?: readonly string[];
  /** Shell commands before the program, for example `ulimit -n 64`. */
  readonly before?: string;
  /** Redirections of the shell, for example `>&-`. */
  readonly redirect?: string;
  /** For Node.js. */
  readonly node?: readonly string[];
  /** A program that runs the shell, with its options. */
  readonly program?: readonly string[];
  /** Standard output. Default: read by the test. */
  readonly stdout?: number | 'pipe';
}

const opened: { close(): Promise<void> }[] = [];
const children = new Set<ChildProcess>();
let hosts = 2;
let home: Promise<unknown> | undefined;

export class Service {
  readonly host: string;
  readonly child: ChildProcess;
  readonly exited: Promise<number | NodeJS.Signals | null>;
  stdout = '';
  stderr = '';
  readonly #kind: Kind;

  private constructor(kind: Kind, settings: ServiceOptions) {
    this.#kind = kind;
    this.host = freeHost();
    const { before = 'true', redirect = '', node = [], options = [], stdout = 'pipe' } = settings;
    const { program = [] } = settings;
    const command = [process.execPath, ...node, ...commandOf(kind, this.host), ...options];
    // `exec`: the process is the program itself, so that signals reach it.
    const shell = ['bash', '-c', `${before}; exec "$@" ${redirect}`, 'bash', ...command];
    const [first = '', ...others] = [...program, ...shell];
    this.child = spawn(first, others, {
      stdio: ['ignore', stdout, 'pipe'],
    });
    children.add(this.child);
    this.exited = new Promise((resolve) => {
      this.child.once('close', (code, signal) => resolve(code ?? signal));
    });
    for (const name of ['stdout', 'stderr'] as const) {
      this.child[name]?.setEncoding('utf8').on('data', (text: string) => {
        this[name] += text;
      });
    }
  }

  /** Starts one and does not wait for it. */
  static async launch(kind: Kind, settings: ServiceOptions = {}): Promise<Service> {
    if (kind === 'rserpool serve') await openHome();
    return new Service(kind, settings);
  }

  /** Starts one and waits until it serves. */
  static async start(kind: Kind, settings: ServiceOptions = {}): Promise<Service> {
    const service = await Service.launch(kind, settings);
    await service.untilServing();
    return service;
  }

  get processId(): number {
    return this.child.pid as number;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  untilServing(): Promise<void> {
    return this.until(() => this.serve());
  }

  /** Fulfilled when it answers a request: a handle resolution, or an echo. */
  async serve(): Promise<void> {
    if (this.#kind === 'rserpool serve') {
      await sendEcho({ address: this.host, port: ECHO_PORT }, 'hello', 5_000);
      return;
    }
    const user = await createPoolUser({ registrars: [this.host], transport: 'udp' });
    try {
      await user.resolve('NoSuchPool');
    } finally {
      await user.close();
    }
  }

  /**
   * Makes a registrar do something that it logs and reports: a pool element registers. Other registrars can only
   * connect to it if it has an address of its own.
   */
  async register(poolHandle: string, id: number, address = CLIENT) {
    const element = await createPoolElement({
      ...{ poolHandle, id, registrars: [this.host], transport: 'udp' },
      userTransport: { protocol: 'tcp', port: 7 },
      addresses: [address],
      udpPort: address === CLIENT ? 0 : 9899,
    });
    opened.push(element);
    return element;
  }

  /** Repeats a check until it passes; fails when the service has ended. */
  until<Result>(check: () => Result | Promise<Result>): Promise<Result> {
    const ended = this.exited.then((code) => {
      throw new Error(`ended with ${code}: ${this.stdout}${this.stderr}`);
    });
    return Promise.race([vi.waitFor(check, PATIENCE), ended]);
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  stop(name: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals | null> {
    this.signal(name);
    return this.exited;
  }
}

/** For `afterAll`. */
export async function stopServices(): Promise<void> {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(opened.splice(0).map((one) => one.close()));
}

/** An address of this run that nothing uses yet. */
export function freeHost(): string {
  hosts += 1;
  return loopback(hosts);
}

/** Starts a registrar in this process, as a peer that takes pool elements over. It is closed after the test. */
export async function startPeer(address: string): Promise<RegistrarServer> {
  const asap = { addresses: [address], announce: false as const };
  return closeLater(await createRegistrar({ transport: 'udp', asap, enrp: { announce: false } }));
}

/** Has something closed with the services. */
export function closeLater<Resource extends { close(): Promise<void> }>(one: Resource): Resource {
  opened.push(one);
  return one;
}

/** A folder that ends with the process of the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'rserpool-lifecycle-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Whether a process catches a signal, by its number. */
export function catches(processId: number, signal: number): boolean {
  const status = readFileSync(`/proc/${processId}/status`, 'latin1');
  const caught = BigInt(`0x${/^SigCgt:\s*(\w+)$/m.exec(status)?.[1] ?? 0}`);
  return ((caught >> BigInt(signal - 1)) & 1n) === 1n;
}

/** The TCP ports on which a process listens. */
export function listeningPorts(processId: number): number[] {
  const folder = `/proc/${processId}/fd`;
  const links = readdirSync(folder).map((name) => {
    try {
      return readlinkSync(`${folder}/${name}`);
    } catch {
      return ''; // closed meanwhile
    }
  });
  const inodes = new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]));
  const LISTENING = '0A';
  return readFileSync(`/proc/${processId}/net/tcp`, 'latin1')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((cells) => cells[3] === LISTENING && inodes.has(cells[9]))
    .map((cells) => Number.parseInt(cells[1]?.split(':')[1] ?? '', 16));
}

/** A module for `node --import`, which breaks the program on purpose. */
export function fault(code: string): string[] {
  const imported = (file: string) =>
    JSON.stringify(String(pathToFileURL(`${programs}/../${file}`)));
  const text = code.replace(/from '([^']+)'/g, (_, file: string) => `from ${imported(file)}`);
  return ['--import', `data:text/javascript,${encodeURIComponent(text)}`];
}

function openHome(): Promise<unknown> {
  home ??= createRegistrar({
    asap: { addresses: [HOME], announce: false },
    transport: 'udp',
  }).then((registrar) => closeLater(registrar));
  return home;
}

function commandOf(kind: Kind, host: string): string[] {
  const udp = ['--transport', 'udp', '--address', host];
  switch (kind) {
    case 'rserpool registrar':
      return [`${programs}/rserpool.js`, 'registrar', ...udp, '--no-announce'];
    case 'rserpool serve':
      return [
        ...[`${programs}/rserpool.js`, 'serve', 'echo', ...udp, '--registrar', HOME],
        ...['--udp-port', '9899', '--port', String(ECHO_PORT)],
      ];
    case 'rspregistrar':
      return [
        ...[`${programs}/rspregistrar.js`, `-asap=${host}:3863`, `-enrp=${host}:9901`],
        ...['-asapannounce=off', '-enrpannounce=off', '-transport=udp'],
      ];
  }
}
