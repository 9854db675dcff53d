/**
 * A process on a simulated host: an SCTP stack and a clock of its own, which may be fast or slow. It can be frozen:
 * what arrives meanwhile waits, as in the kernel, and is read when it thaws, before its timers fire.
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
  /** Its seconds for each one of the world's. */
  readonly clockRate: number;
}

/** Sees what is said, and may keep it from being said or heard. */
export interface Tap {
  /** False: it is not sent. */
  onSend?(association: AssociationId, payload: Uint8Array, payloadProtocol: number): boolean;
  /** False: it is not read. */
  onMessage?(association: AssociationId, payload: Uint8Array, payloadProtocol: number): boolean;
}

interface Arrived {
  /** Of a message: over which association it came. */
  readonly message: AssociationId | undefined;
  readonly read: () => void;
}

export class SimProcess implements Clock {
  readonly address: IpAddress;
  isFrozen = false;
  readonly #network: MemoryNetwork;
  readonly #memory: MemoryStack;
  readonly #clockRate: number;
  /** Since it was frozen, in order. */
  #arrived: Arrived[] = [];
  readonly #alarms: (() => void)[] = [];

  constructor(network: MemoryNetwork, { address, sendBufferBytes, clockRate }: ProcessSetUp) {
    this.#network = network;
    this.address = address;
    this.#clockRate = clockRate;
    this.#memory = network.stack({
      ...{ localAddresses: [address], sendBufferBytes },
      maxMessageBytes: Math.min(sendBufferBytes, 65_536),
    });
  }

  stack(tap: Tap = {}): SctpStack {
    const memory = this.#memory;
    return {
      backend: 'memory',
      udpPort: 0,
      localAddresses: memory.localAddresses,
      arenas: undefined,
      open: (options, handler) => tapped(memory.open(options, this.#handler(handler, tap)), tap),
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
      const alarm = () => isWanted && wake();
      if (this.isFrozen) this.#alarms.push(alarm);
      else alarm();
    };
    const cancel = this.#network.wakeAt(worldAt, onTime);
    return () => {
      isWanted = false;
      cancel();
    };
  }

  freeze(): void {
    this.isFrozen = true;
  }

  thaw(): void {
    this.isFrozen = false;
    for (const { read } of this.#arrived.splice(0)) read();
    for (const alarm of this.#alarms.splice(0)) alarm();
  }

  /** It is gone without a word. */
  crash(): void {
    this.#arrived.length = 0;
    this.#alarms.length = 0;
    this.#network.crash(this.#memory);
  }

  #handler(handler: SctpHandler, tap: Tap): SctpHandler {
    const whenAwake = (read: () => void, message?: AssociationId) => {
      if (this.isFrozen) this.#arrived.push({ message, read });
      else read();
    };
    return {
      onUp: (...event) => whenAwake(() => handler.onUp(...event)),
      onRestart: (association, info) => {
        // "messages from before are gone", says the interface
        this.#arrived = this.#arrived.filter(({ message }) => message !== association);
        whenAwake(() => handler.onRestart(association, info));
      },
      onDown: (...event) => whenAwake(() => handler.onDown(...event)),
      onPath: (...event) => whenAwake(() => handler.onPath(...event)),
      onWritable: (association) => whenAwake(() => handler.onWritable(association)),
      onBatchEnd: () => whenAwake(() => handler.onBatchEnd?.()),
      onMessage: (association, protocol, stream, bytes, offset, length) => {
        const payload = bytes.slice(offset, offset + length); // the memory is used again
        whenAwake(() => {
          if (tap.onMessage?.(association, payload, protocol) === false) return;
          handler.onMessage(association, protocol, stream, payload, 0, length);
        }, association);
      },
    };
  }
}

function tapped(endpoint: SctpEndpoint, { onSend }: Tap): SctpEndpoint {
  if (onSend === undefined) return endpoint;
  return {
    port: endpoint.port,
    connect: (...call) => endpoint.connect(...call),
    send: (association, payloadProtocol, payload) =>
      onSend(association, payload, payloadProtocol)
        ? endpoint.send(association, payloadProtocol, payload)
        : 'queued',
    sendInPlace: (...message) => endpoint.sendInPlace(...message),
    flush: () => endpoint.flush(),
    shutdown: (association) => endpoint.shutdown(association),
    abort: (...end) => endpoint.abort(...end),
    close: () => endpoint.close(),
  };
}
