/**
 * Hosts for tests whose network interfaces come and go: network namespaces, each with a cable to one bridge.
 * A namespace lives as long as a process that ends with the test run, so that nothing is left behind.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { describe, test } from 'vitest';

/** Programs of util-linux, iproute2 and procps. */
const PROGRAMS = ['unshare', 'nsenter', 'ip', 'sysctl'];

const PATIENCE_MS = 30_000;

/**
 * `describe` for tests that make network namespaces. Where that is impossible they are one skipped test that
 * says why; in continuous integration, where nothing may be missing, one that fails.
 */
export function describeWithHosts(title: string, tests: () => void): void {
  const lack = whatHostsLack();
  if (lack === undefined) {
    describe(title, tests);
    return;
  }
  test.skipIf(process.env.RSERPOOL_REQUIRE_INTEROP !== '1')(`${title} (${lack})`, () => {
    throw new Error(lack);
  });
}

function whatHostsLack(): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  const isInstalled = (program: string) =>
    folders.some((one) => existsSync(path.join(one, program)));
  const missing = PROGRAMS.filter((program) => !isInstalled(program));
  return missing.length === 0 ? undefined : `network namespaces need ${missing.join(', ')}`;
}

/** Several hosts on one bridge. Every command is awaited: when it returns the kernel has done it. */
export class Hosts {
  readonly #namespaces = new Map<string, ChildProcess>();
  readonly #programs: Program[] = [];

  static async open(...names: string[]): Promise<Hosts> {
    const hosts = new Hosts();
    await hosts.#addNamespace(BRIDGE);
    hosts.ip(BRIDGE, 'link add bridge type bridge mcast_snooping 0', 'link set bridge up');
    for (const name of names) {
      await hosts.#addNamespace(name);
      hosts.sysctl(name, 'net.ipv6.conf.default.accept_dad=0');
    }
    return hosts;
  }

  /** Sets a kernel parameter of a host, as `name=value`. */
  sysctl(host: string, setting: string): void {
    this.#command(host, 'sysctl', ['-qw', setting]);
  }

  /** Runs lines of `ip` in a host, as one batch. */
  ip(host: string, ...lines: string[]): void {
    this.#command(host, 'ip', ['-batch', '-'], `${lines.join('\n')}\n`);
  }

  /** Plugs in an interface that is up and has these addresses, such as `10.1.0.1/24`. */
  plugIn(host: string, name: string, ...addresses: string[]): void {
    this.plugInAs(host, name, undefined, ...addresses);
  }

  /** The same with an index of the caller's choice. */
  plugInAs(host: string, name: string, index: number | undefined, ...addresses: string[]): void {
    const end = `${host}-${name}`;
    const withIndex = index === undefined ? '' : `index ${index}`;
    const { pid } = this.#namespace(BRIDGE);
    this.ip(host, `link add ${name} ${withIndex} type veth peer name ${end} netns ${pid}`);
    this.ip(BRIDGE, `link set ${end} master bridge up`);
    this.ip(
      host,
      ...addresses.map((one) => `addr add ${one} dev ${name} ${one.includes(':') ? 'nodad' : ''}`),
      `link set ${name} up`,
    );
  }

  indexOf(host: string, name: string): number {
    const link = this.#command(host, 'ip', ['-o', 'link', 'show', name]);
    return Number.parseInt(link, 10);
  }

  /** Deletes an interface, as a network card that is pulled out. */
  pullOut(host: string, name: string): void {
    this.ip(host, `link del ${name}`);
  }

  /** Starts a program of Node.js in a host. */
  start(host: string, file: string, ...args: string[]): Program {
    const command = [...this.#enter(host), process.execPath, file, ...args];
    const program = new Program(spawn('nsenter', command, { stdio: ['pipe', 'pipe', 'pipe'] }));
    this.#programs.push(program);
    return program;
  }

  /** Runs a program of Node.js in a host to its end; what it printed. */
  async run(host: string, file: string, ...args: string[]): Promise<string> {
    const program = this.start(host, file, ...args);
    await program.ended;
    return program.text;
  }

  async close(): Promise<void> {
    await Promise.all(this.#programs.map((one) => one.kill()));
    for (const holder of this.#namespaces.values()) holder.stdin?.end();
  }

  async #addNamespace(name: string): Promise<void> {
    // Prints a line when it is in its namespace, and ends with its standard input.
    const holder = spawn('unshare', ['-n', 'sh', '-c', 'ip link set lo up && echo && exec cat']);
    this.#namespaces.set(name, holder);
    await new Promise<void>((resolve, reject) => {
      holder.stdout.once('data', () => resolve());
      holder.once('error', reject);
      holder.once('exit', (code) => reject(new Error(`no network namespace: status ${code}`)));
    });
  }

  #namespace(host: string): ChildProcess {
    const holder = this.#namespaces.get(host);
    if (holder === undefined) throw new Error(`There is no host ${host}.`);
    return holder;
  }

  #enter(host: string): string[] {
    return [`--net=/proc/${this.#namespace(host).pid}/ns/net`];
  }

  #command(host: string, program: string, args: readonly string[], input = ''): string {
    const command = [...this.#enter(host), program, ...args];
    return execFileSync('nsenter', command, { input, encoding: 'utf8' });
  }
}

const BRIDGE = 'bridge';

/** A running program; both of its outputs are read, line by line. */
export class Program {
  readonly #child: ChildProcess;
  readonly ended: Promise<void>;
  readonly #waiting = new Set<() => void>();
  #text = '';
  #seen = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = new Promise((resolve) => child.once('close', () => resolve()));
    const onText = (text: string) => {
      this.#text += text;
      for (const check of this.#waiting) check();
    };
    child.stdout?.setEncoding('utf8').on('data', onText);
    child.stderr?.setEncoding('utf8').on('data', onText);
  }

  /** All that it has printed. */
  get text(): string {
    return this.#text;
  }

  /** Forgets what it has printed: `prints` waits for what comes from now on. */
  skip(): void {
    this.#seen = this.#text.length;
  }

  /** Waits until it has printed what matches, since the last `skip`. */
  async prints(pattern: RegExp): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const check = () => {
        if (!pattern.test(this.#text.slice(this.#seen))) return;
        clearTimeout(giveUp);
        this.#waiting.delete(check);
        resolve();
      };
      const giveUp = setTimeout(() => {
        this.#waiting.delete(check);
        reject(new Error(`waited in vain for ${pattern}; it printed:\n${this.#text}`));
      }, PATIENCE_MS);
      this.#waiting.add(check);
      check();
    });
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#child.kill(signal);
    return this.ended;
  }
}
