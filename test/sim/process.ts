/**
 * A process on a simulated host: an SCTP stack and a clock of its own, which may be fast or slow. It can be frozen,
 * with its SCTP or without: what arrives meanwhile waits, as far as there is room, and is read when it thaws, before
 * its timers fire.
 */

import type { Clock } from '../../src/runtime/clock.ts';
import type { MemoryNetwork } from '../../src/transport/memory.ts';
import type { MemoryStack } from '../../src/transport/memory-stack.ts';
import type { SctpEndpoint, SctpHandler, SctpStack } from '../../src/transport/transport.ts';
import type { AssociationId, IpAddress, Milliseconds } from '../../src/types.ts';

export interface ProcessSetUp {
  readonly address: IpAddress;
  /** Octets that may be on their way to a peer. */
  readonly sendBufferBytes: number;
  /** Octets that are taken from a peer, per association, while it does not read. Default: the backend's. */
  readonly receiveBufferBytes?: number;
  /** Its seconds for each one of the world's. */
  readonly clockRate: number;
}

/** Sees what is said, and may keep it from being said or heard. */
export interface Tap {
  onOpen?(endpoint: SctpEndpoint): void;
  /** False: it is not sent. */
  onSend?(association: AssociationId, payload: Uint8Array, payloadProtocol: number): boolean;
  /** It is on its way. */
  onQueued?(association: AssociationId, payload: Uint8Array): void;
  /** False: it is not read. */
  onMessage?(association: AssociationId, payload: Uint8Array, payloadProtocol: number): boolean;
  onDown?(association: AssociationId): void;
}

/**
 * `process`: SCTP, the kernel's, goes on answering until its receive buffers are full; nobody reads. `host`: SCTP
 * stands still as well, as one that runs in the process does, so that peers hear nothing and may give it up.
 */
export type FreezeKind = 'process' | 'host';

export class SimProcess implements Clock {
  readonly address: IpAddress;
  /** By the world's clock. */
  readonly startedAt: Milliseconds;
  isFrozen = false;
  #frozenAt: Milliseconds = 0;
  #thawedAt: Milliseconds = 0;
  readonly #network: MemoryNetwork;
  readonly #memory: MemoryStack;
  readonly #clockRate: number;
  /** Due since it was frozen. */
  readonly #alarms: (() => void)[] = [];

  constructor(network: MemoryNetwork, { address, clockRate, ...buffers }: ProcessSetUp) {
    this.#network = network;
    this.address = address;
    this.startedAt = network.now();
    this.#clockRate = clockRate;
    this.#memory = network.stack({
      ...{ localAddresses: [address], ...buffers },
      maxMessageBytes: Math.min(buffers.sendBufferBytes, 65_536),
    });
  }

  stack(tap: Tap = {}): SctpStack {
    const memory = this.#memory;
    return {
      backend: 'memory',
      udpPort: 0,
      localAddresses: memory.localAddresses,
      arenas: undefined,
      open: (options, handler) => {
        const endpoint = memory.open(options, heard(handler, tap));
        tap.onOpen?.(endpoint);
        return tapped(endpoint, tap);
      },
      useAddresses: () => [],
      stats: () => memory.stats(),
      close: () => memory.close(),
    };
  }

  now(): Milliseconds {
    return Math.floor(this.#network.now() * this.#clockRate);
  }

  /** Of the world, not of its clock. */
  get worldTime(): Milliseconds {
    return this.#network.now();
  }

  wakeAt(at: Milliseconds, wake: () => void): () => void {
    let worldAt = Math.ceil(at / this.#clockRate);
    while (Math.floor(worldAt * this.#clockRate) < at) worldAt += 1;
    let isWanted = true;
    const onTime = () => {
      if (!isWanted) return;
      if (this.isFrozen) this.#alarms.push(onTime);
      else wake();
    };
    const cancel = this.#network.wakeAt(worldAt, onTime);
    return () => {
      isWanted = false;
      cancel();
    };
  }

  /** For how long it has not been frozen for at least `breakMs`; 0: it is, `Infinity`: it never was. */
  awakeFor(breakMs: Milliseconds): Milliseconds {
    if (this.isFrozen) return 0;
    const isBroken = this.#thawedAt > 0 && this.#thawedAt - this.#frozenAt >= breakMs;
    return isBroken ? this.#network.now() - this.#thawedAt : Number.POSITIVE_INFINITY;
  }

  freeze(kind: FreezeKind = 'process'): void {
    this.isFrozen = true;
    this.#frozenAt = this.#network.now();
    if (kind === 'host') this.#memory.freeze();
    else this.#memory.pauseReading();
  }

  /** It goes on as soon as time does: reads what has arrived, then its alarms go off. */
  thaw(): void {
    this.isFrozen = false;
    const now = this.#network.now();
    this.#thawedAt = now;
    this.#memory.thaw();
    this.#memory.resumeReading();
    for (const alarm of this.#alarms.splice(0)) this.#network.wakeAt(now, alarm);
  }

  /** It is gone without a word. */
  crash(): void {
    this.#alarms.length = 0;
    this.#network.crash(this.#memory);
  }
}

function heard(handler: SctpHandler, tap: Tap): SctpHandler {
  return {
    onUp: (...event) => handler.onUp(...event),
    onRestart: (...event) => handler.onRestart(...event),
    onDown: (...event) => {
      tap.onDown?.(event[0]);
      handler.onDown(...event);
    },
    onPath: (...event) => handler.onPath(...event),
    onWritable: (association) => handler.onWritable(association),
    onBatchEnd: () => handler.onBatchEnd?.(),
    onMessage: (association, payloadProtocol, stream, bytes, offset, length) => {
      const payload = bytes.subarray(offset, offset + length);
      if (tap.onMessage?.(association, payload, payloadProtocol) === false) return;
      handler.onMessage(association, payloadProtocol, stream, bytes, offset, length);
    },
  };
}

function tapped(endpoint: SctpEndpoint, tap: Tap): SctpEndpoint {
  return {
    port: endpoint.port,
    connect: (...call) => endpoint.connect(...call),
    send: (association, payloadProtocol, payload) => {
      if (tap.onSend?.(association, payload, payloadProtocol) === false) return 'queued';
      const result = endpoint.send(association, payloadProtocol, payload);
      if (result === 'queued') tap.onQueued?.(association, payload);
      return result;
    },
    sendInPlace: (...message) => endpoint.sendInPlace(...message),
    flush: () => endpoint.flush(),
    pause: (association, isPaused) => endpoint.pause(association, isPaused),
    shutdown: (association) => endpoint.shutdown(association),
    abort: (...end) => endpoint.abort(...end),
    close: () => endpoint.close(),
  };
}
