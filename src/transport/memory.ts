/**
 * The `memory` backend: a network that connects any number of stacks in one process, in virtual time and
 * without a real timer. Same seed and same calls: same run. For tests and the simulator.
 *
 *     const network = new MemoryNetwork({ seed: 1, link: { delayMs: 5, jitterMs: 3, loss: 0.01 } });
 *     const registrar = network.stack({ localAddresses: ['10.0.0.1'] });
 *     const endpoint = registrar.open({ port: 3863, accepts: true }, handler);
 *     network.advance(1_000);
 *
 * It is a clock as well (`now`, `wakeAt`), so that one time rules the network and what is driven over it.
 * How packets fare is `memory-links.ts`, how associations behave `memory-association.ts`; who gets a packet is
 * `memory-stack.ts`.
 */

import { ConfigError } from '../errors.ts';
import type { IpAddress, Milliseconds } from '../types.ts';
import type { AnnounceHandler, AnnounceListener, AnnounceSender } from './announce.ts';
import type { MemoryEndpoint } from './memory-endpoint.ts';
import { EventQueue, type TimedEvent } from './memory-events.ts';
import { type LinkOptions, MemoryLinks } from './memory-links.ts';
import { completeMemoryOptions, type MemoryStackOptions } from './memory-options.ts';
import type { Packet } from './memory-packet.ts';
import { MemoryStack } from './memory-stack.ts';
import type { MemoryWire } from './memory-wire.ts';

export interface MemoryNetworkOptions {
  readonly seed: number;
  /** Of every link that `setLink` has not changed. Default: 1 ms, and nothing goes wrong. */
  readonly link?: Partial<LinkOptions>;
}

/** A packet on the wire, as `observe` shows it. */
export interface PacketReport {
  readonly at: Milliseconds;
  readonly from: IpAddress;
  readonly to: IpAddress;
  readonly isLost: boolean;
  readonly packet: Packet;
}

/** A host is named by its first address, which outlives a crash, or by its stack. */
export type MemoryHost = MemoryStack | IpAddress;

/** More packets than this at one instant are a loop between two stacks. */
const MAX_EVENTS_PER_INSTANT = 1_000_000;

export class MemoryNetwork {
  readonly #queue = new EventQueue();
  readonly #links: MemoryLinks;
  readonly #stacks = new Map<IpAddress, MemoryStack>();
  readonly #listeners = new Map<string, Set<{ stack: MemoryStack; handler: AnnounceHandler }>>();
  readonly #observers: ((report: PacketReport) => void)[] = [];
  readonly #touched = new Set<MemoryEndpoint>();
  readonly #wire: MemoryWire;
  #now: Milliseconds = 0;
  #number = 0;
  #isRunning = false;

  constructor(options: MemoryNetworkOptions) {
    this.#links = new MemoryLinks(options.seed, options.link ?? {});
    this.#wire = {
      transmit: (from, to, packet) => this.#transmit(from, to, packet),
      schedule: (delayMs, run, isBackground) =>
        this.#queue.schedule(this.#now + delayMs, run, { isBackground }),
      cancel: (event) => this.#queue.cancel(event),
      nextNumber: () => ++this.#number,
      touch: (endpoint) => this.#touched.add(endpoint),
      remove: (stack) => this.#remove(stack),
    };
  }

  now(): Milliseconds {
    return this.#now;
  }

  /** Calls `wake` at `at`, after the packets of that instant. The result takes the wish back. */
  wakeAt(at: Milliseconds, wake: () => void): () => void {
    const options = { rank: 'wakeUp', isBackground: true } as const;
    const event: TimedEvent = this.#queue.schedule(Math.max(at, this.#now), wake, options);
    return () => this.#queue.cancel(event);
  }

  /** Connects a new stack. After `crash` or `close` the same addresses may be used again: a restart. */
  stack(options: MemoryStackOptions): MemoryStack {
    const complete = completeMemoryOptions(options);
    const taken = complete.localAddresses.find((address) => this.#stacks.has(address));
    if (taken !== undefined) {
      throw new ConfigError('localAddresses', `${taken} is another stack's: give each its own.`);
    }
    const stack = new MemoryStack(this.#wire, complete, options.arenas);
    for (const address of complete.localAddresses) this.#stacks.set(address, stack);
    return stack;
  }

  /** Changes the link between two hosts, in both directions, for packets sent from now on. */
  setLink(a: MemoryHost, b: MemoryHost, link: Partial<LinkOptions>): void {
    this.#links.set(nameOf(a), nameOf(b), link);
  }

  /** Changes all links, for packets sent from now on. */
  setLinks(link: Partial<LinkOptions>): void {
    this.#links.setAll(link);
  }

  /** From now on nothing passes between a host of the one group and a host of the other. */
  partition(groupA: readonly MemoryHost[], groupB: readonly MemoryHost[]): void {
    for (const a of groupA) {
      for (const b of groupB) {
        this.cutOneWay(a, b);
        this.cutOneWay(b, a);
      }
    }
  }

  /** Packets from `from` no longer reach `to`; the other direction works. */
  cutOneWay(from: MemoryHost, to: MemoryHost): void {
    this.#links.cut(nameOf(from), nameOf(to));
  }

  /** From now on nothing reaches this host and nothing leaves it. */
  isolate(host: MemoryHost): void {
    this.#links.isolate(nameOf(host));
  }

  rejoin(host: MemoryHost): void {
    this.#links.rejoin(nameOf(host));
  }

  /** Ends every partition, cut and isolation. */
  heal(): void {
    this.#links.heal();
  }

  /** The process is gone: its handlers hear nothing more, and its peers notice by silence alone. */
  crash(stack: MemoryStack): void {
    stack.vanish();
    this.#remove(stack);
  }

  /** Shows every packet when it is sent, lost or not. */
  observe(observer: (report: PacketReport) => void): void {
    this.#observers.push(observer);
  }

  /** Sends announces from this stack's first address, as `openAnnounceSender` does on a real network. */
  announceSender(stack: MemoryStack, group: string, sourcePort: number): AnnounceSender {
    return {
      send: (payload) => this.#announce(stack, group, sourcePort, payload.slice()),
      use: () => {},
      close: () => {},
    };
  }

  announceListener(stack: MemoryStack, group: string, handler: AnnounceHandler): AnnounceListener {
    const listeners = this.#listeners.get(group) ?? new Set();
    const listener = { stack, handler };
    this.#listeners.set(group, listeners.add(listener));
    return { use: () => {}, close: () => void listeners.delete(listener) };
  }

  /** When something happens next, heartbeats and wake-ups included; `Infinity`: never. */
  nextEventAt(): Milliseconds {
    return this.#queue.peek()?.at ?? Number.POSITIVE_INFINITY;
  }

  advance(durationMs: Milliseconds): void {
    this.run(this.#now + durationMs);
  }

  /** Lets everything happen that is due until then, and sets the clock to it. */
  run(until: Milliseconds): void {
    this.#whileRunning(() => {
      while (this.nextEventAt() <= until) this.#runInstant();
      this.#now = Math.max(this.#now, until);
    });
  }

  /**
   * Runs until every message has arrived and every handshake has ended, but not for longer than `limitMs`.
   * False: something was still under way. Heartbeats and wake-ups that lie further ahead stay there.
   */
  settle(limitMs: Milliseconds = 60_000): boolean {
    const limit = this.#now + limitMs;
    this.#whileRunning(() => {
      while (this.#queue.foreground > 0 && this.nextEventAt() <= limit) this.#runInstant();
    });
    return this.#queue.foreground === 0;
  }

  #whileRunning(run: () => void): void {
    if (this.#isRunning) throw new TypeError('The network is running: a handler must not run it.');
    this.#isRunning = true;
    try {
      run();
    } finally {
      this.#isRunning = false;
    }
  }

  /** Everything of the next instant; each endpoint's batch ends when its packets of it have been read. */
  #runInstant(): void {
    const at = this.nextEventAt();
    this.#now = Math.max(this.#now, at);
    for (let count = 0; this.nextEventAt() <= this.#now; count++) {
      if (count > MAX_EVENTS_PER_INSTANT) throw new Error('Time stands still: is a delay 0?');
      if (this.#queue.peek()?.rank === 'wakeUp') this.#endBatches();
      if (this.nextEventAt() <= this.#now) this.#queue.runNext();
    }
    this.#endBatches();
  }

  #endBatches(): void {
    const touched = [...this.#touched];
    this.#touched.clear();
    for (const endpoint of touched) endpoint.endBatch();
  }

  #transmit(from: MemoryStack, to: IpAddress, packet: Packet): void {
    const receiver = this.#stacks.get(to);
    const target = receiver?.address ?? to;
    const isLost = receiver === undefined || this.#links.isLost(from.address, target);
    for (const observe of this.#observers) {
      observe({ at: this.#now, from: from.address, to: target, isLost, packet });
    }
    if (isLost) return;
    const isBackground = packet.chunk.type === 'HEARTBEAT' || packet.chunk.type === 'HEARTBEAT_ACK';
    const arrive = () => {
      // A host that crashed or was cut off in the meantime does not get it.
      if (this.#stacks.get(to) !== receiver || this.#links.isCut(from.address, target)) return;
      receiver.receive(from.localAddresses, packet);
    };
    this.#queue.schedule(this.#links.arrivalAt(this.#now, from.address, target), arrive, {
      isBackground,
    });
    if (!this.#links.isDoubled(from.address, target)) return;
    this.#queue.schedule(this.#links.arrivalAt(this.#now, from.address, target), arrive, {
      isBackground,
    });
  }

  #announce(from: MemoryStack, group: string, sourcePort: number, payload: Uint8Array): void {
    if (from.isClosed) return;
    for (const { stack, handler } of this.#listeners.get(group) ?? []) {
      if (this.#links.isLost(from.address, stack.address)) continue;
      const tell = () => handler.onAnnounce(payload.slice(), from.address, sourcePort);
      const arrive = () => stack.receiveAnnounce(payload, tell);
      this.#queue.schedule(this.#links.arrivalAt(this.#now, from.address, stack.address), arrive);
    }
  }

  #remove(stack: MemoryStack): void {
    for (const address of stack.localAddresses) {
      if (this.#stacks.get(address) === stack) this.#stacks.delete(address);
    }
  }
}

function nameOf(host: MemoryHost): IpAddress {
  return typeof host === 'string' ? host : host.address;
}
