/** Runs `rspregistrar` on the loopback, over UDP with any free ports, and talks to it. */

import type { ChildProcess } from 'node:child_process';
import { createPoolElement, createPoolUser, type PoolElementSettings } from '../../src/index.ts';
import { openSctpStack } from '../../src/transport/open.ts';
import type { SctpStack } from '../../src/transport/transport.ts';
import type { AssociationId, SctpAddress } from '../../src/types.ts';
import { type AsapMessage, decodeAsap, encodeAsap } from '../../src/wire.ts';
import { Recorder } from '../transport/recorder.ts';
import { exitOf, type Outcome, outcomeOf, start, stopAll } from './support.ts';

const ASAP = 11;
const QUIETLY = ['-transport=udp', '-udpport=0', '-asapannounce=off', '-enrpannounce=off'];

const opened: { close(): Promise<void> }[] = [];

export function runRspregistrar(...options: string[]): Promise<Outcome> {
  return outcomeOf(start('rspregistrar', options));
}

/** For `afterAll`. */
export async function stopRspregistrars(): Promise<void> {
  for (const one of opened.splice(0).reverse()) await one.close();
  await stopAll();
}

export class Rspregistrar {
  readonly #child: ChildProcess;
  readonly #onText = new Set<() => void>();
  stdout = '';
  stderr = '';

  private constructor(options: readonly string[], environment: NodeJS.ProcessEnv) {
    this.#child = start('rspregistrar', options, environment);
    for (const name of ['stdout', 'stderr'] as const) {
      this.#child[name]?.setEncoding('utf8').on('data', (text: string) => {
        this[name] += text;
        for (const check of this.#onText) check();
      });
    }
  }

  /** Resolves when it serves. Later options override the quiet ones. */
  static async start(...options: string[]): Promise<Rspregistrar> {
    return Rspregistrar.startIn({}, ...options);
  }

  static async startIn(
    environment: NodeJS.ProcessEnv,
    ...options: string[]
  ): Promise<Rspregistrar> {
    const all = ['-asap=127.0.0.1', ...QUIETLY, ...options];
    const told = (one: Rspregistrar) => one.until('stdout', /^ {2}-udpport .*\n\n/m);
    return Rspregistrar.started(all, told, environment);
  }

  /** With these options only; `isReady` waits for its start. */
  static async started(
    options: readonly string[],
    isReady: (registrar: Rspregistrar) => Promise<unknown>,
    environment: NodeJS.ProcessEnv = {},
  ): Promise<Rspregistrar> {
    const registrar = new Rspregistrar(options, environment);
    await isReady(registrar);
    return registrar;
  }

  /** What the start text says about an option, or the first word of one of its other lines. */
  told(name: string): string {
    const line = this.stdout.split('\n').find((one) => one.startsWith(`  ${name} `));
    return line?.slice(name.length + 2).trim() ?? '';
  }

  get address(): SctpAddress {
    const [first = ''] = this.told('ASAP addresses').split(', ');
    const [, address = '', port = ''] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(first) ?? [];
    return { address, port: Number(port) };
  }

  get udpPort(): number {
    return Number(/over UDP port (\d+)/.exec(this.stdout)?.[1]);
  }

  /** Settings of an endpoint that uses it. */
  get place() {
    const { address, port } = this.address;
    const host = address.includes(':') ? `[${address}]` : address;
    return {
      registrars: [`${host}:${port}`],
      registrarUdpPort: this.udpPort,
      transport: 'udp',
    } as const;
  }

  async until(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<string> {
    const ended = exitOf(this.#child).then((code) => {
      throw new Error(`ended with ${code} before ${pattern}: ${this.stdout}${this.stderr}`);
    });
    const found = new Promise<string>((resolve) => {
      const check = () => {
        const match = pattern.exec(this[stream]);
        if (match !== null) resolve(match[0]);
      };
      this.#onText.add(check);
      check();
    });
    return Promise.race([found, ended]);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  stop(name: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.signal(name);
    return exitOf(this.#child);
  }
}

export async function poolElement(
  registrar: Rspregistrar,
  id: number,
  settings: Partial<PoolElementSettings> = {},
) {
  const element = await createPoolElement({
    poolHandle: 'EchoPool',
    id,
    userTransport: { protocol: 'tcp', port: 7 },
    ...registrar.place,
    ...settings,
  });
  opened.push(element);
  return element;
}

export async function poolUser(registrar: Rspregistrar) {
  const user = await createPoolUser(registrar.place);
  opened.push(user);
  return user;
}

/** An association that says and acknowledges nothing of itself. */
export class Peer {
  readonly heard = new Recorder();
  readonly #send: (message: AsapMessage) => void;

  constructor(registrar: Rspregistrar) {
    const stack: SctpStack = openSctpStack({
      ...{ transport: 'udp', localAddresses: ['127.0.0.1'], udpPort: 0 },
    });
    opened.push(stack);
    const endpoint = stack.open({ port: 0, accepts: false }, this.heard);
    const { udpPort } = registrar;
    const association: AssociationId = endpoint.connect([registrar.address], { udpPort });
    this.#send = (message) => void endpoint.send(association, ASAP, encodeAsap(message));
  }

  send(message: AsapMessage): this {
    this.#send(message);
    return this;
  }

  /** Fulfilled when so many messages of this type, or ends of the association, have come. */
  until(type: AsapMessage['type'] | 'down', count = 1): Promise<void> {
    return this.heard.until(
      `${count} of ${type}`,
      () => (type === 'down' ? this.heard.of('down').length : this.messages(type).length) >= count,
    );
  }

  messages<Type extends AsapMessage['type']>(type: Type): Extract<AsapMessage, { type: Type }>[] {
    const all = this.heard.of('message').map(({ payload }) => decodeAsap(payload));
    return all.filter((message) => message.type === type) as never;
  }
}
