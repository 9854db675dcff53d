/**
 * SCTP whose packets a native I/O thread moves: the backends `kernel`, the operating system's SCTP,
 * `udp`, in user space over UDP (RFC 6951), and `raw`, in user space right above IP. This side owns endpoints and associations; messages are handed to
 * their handlers where they lie. One native call fetches a batch, one hands a batch over, and no object,
 * closure or string is made per message.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { ClosedError } from '../errors.ts';
import {
  addon,
  type NativeBackend,
  type NativeSctpStack,
  type NativeStackOptions,
  releaseArena,
  type SctpArenas,
  type SctpFunctions,
} from '../native.ts';
import { Spares } from '../native-spares.ts';
import type { AssociationId, IpAddress, SctpAddress } from '../types.ts';
import { NativeEndpoint } from './native-endpoint.ts';
import { DOWN_REASONS, EVENT, EVENT_WORDS, EVICTED, KIND } from './native-records.ts';
import { withKeys } from './native-refusals.ts';
import type {
  AssociationInfo,
  EndpointOptions,
  SctpEndpoint,
  SctpHandler,
  SctpStack,
  SctpStackOptions,
  SctpStats,
} from './transport.ts';

/** Native stacks with their hand-bound functions. */
const spares = new Spares<{ native: NativeSctpStack; functions: SctpFunctions }>();

/** What a wake-up calls. Node.js keeps the function for some turns of the event loop; this is emptied at once. */
interface Woken {
  read: (() => void) | undefined;
}

/** Batches read in one go before timers and the other sockets of the process get their turn. */
const MAX_BATCHES_PER_TURN = 4;

export class NativeStack implements SctpStack {
  readonly backend: NativeBackend;
  readonly udpPort: number;
  readonly arenas: SctpArenas;
  readonly options: SctpStackOptions;
  /** For endpoints. */
  native: NativeSctpStack;
  functions: SctpFunctions;
  readonly #events: Uint32Array;
  readonly #endpoints = new Map<number, NativeEndpoint>();
  readonly #endpointOf = new Map<AssociationId, NativeEndpoint>();
  /** Ended by `abort` but not yet told so: what still arrives for them is nobody's business. */
  readonly #aborted = new Set<AssociationId>();
  /** Endpoints that heard something in the batch that is being read, each once: `NativeEndpoint.isTouched`. */
  readonly #touched: NativeEndpoint[] = [];
  readonly #woken: Woken;
  readonly #readLater = () => this.#read();
  readonly #flushLater = () => this.flush();
  /** Records of the batch that is being read, and the one to read next. */
  #recordCount = 0;
  #nextRecord = 0;
  #hasMore = false;
  #isReading = false;
  #isFlushWanted = false;
  /** Something was asked for since the last flush. */
  #isUnflushed = false;
  #isClosed = false;
  #localAddresses: readonly IpAddress[];

  /** Throws `ConfigError` when the sockets cannot be had. */
  constructor(backend: NativeBackend, options: SctpStackOptions) {
    this.backend = backend;
    this.options = options;
    this.#woken = { read: this.#readLater };
    const { native, functions } = openNative(backend, options, waking(this.#woken));
    this.native = native;
    this.functions = functions;
    this.arenas = native.arenas();
    const { buffer, byteOffset, byteLength } = this.arenas.events.bytes;
    this.#events = new Uint32Array(buffer, byteOffset, byteLength / 4);
    this.udpPort = this.native.udpPort;
    this.#localAddresses = options.localAddresses;
  }

  get localAddresses(): readonly IpAddress[] {
    return this.#localAddresses;
  }

  useAddresses(addresses: readonly IpAddress[]): ReturnType<SctpStack['useAddresses']> {
    if (this.#isClosed) throw new ClosedError('The SCTP stack is closed.');
    const refused = this.native.useAddresses([...addresses]);
    const isRefused = (address: IpAddress) => refused.some((one) => one.address === address);
    this.#localAddresses = addresses.filter((address) => !isRefused(address));
    return refused;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  open(options: EndpointOptions, handler: SctpHandler): SctpEndpoint {
    if (this.#isClosed) throw new ClosedError('The SCTP stack is closed.');
    const { accepts, answersRequests = false } = options;
    const open = () => this.native.open(options.port, accepts, answersRequests);
    const port = withKeys(open, { PERMISSION_DENIED: 'port' });
    const endpoint = new NativeEndpoint(this, port, handler);
    this.#endpoints.set(port, endpoint);
    // Now and not with this tick: the caller may tell the port to somebody who is quick.
    this.#isUnflushed = true;
    this.flush();
    return endpoint;
  }

  stats(): SctpStats {
    if (this.#isClosed) throw new ClosedError('The SCTP stack is closed.');
    return this.native.stats();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#endpoints.clear();
    this.#endpointOf.clear();
    this.#aborted.clear();
    this.#touched.length = 0;
    const { native, functions } = this;
    native.close();
    const { inbound, events, outbound } = this.arenas;
    for (const arena of [inbound, events, outbound]) releaseArena(arena);
    ({ native: this.native, functions: this.functions } = spares.giveBack({ native, functions }));
    this.#woken.read = undefined;
    await nextTurn(); // in which Node.js lets go of the wake-up function and of its handle
  }

  flush(): void {
    this.#isFlushWanted = false;
    this.arenas.outbound.position[0] = 0;
    if (this.#isClosed || !this.#isUnflushed) return;
    this.#isUnflushed = false;
    this.functions.flush();
  }

  /** At the end of the batch that is being read, or of this tick. */
  flushSoon(): void {
    this.#isUnflushed = true;
    if (this.#isFlushWanted || this.#isReading) return;
    this.#isFlushWanted = true;
    queueMicrotask(this.#flushLater);
  }

  /** For endpoints: what happens to this association is told to them. */
  adopt(association: AssociationId, endpoint: NativeEndpoint): void {
    this.#endpointOf.set(association, endpoint);
  }

  owns(association: AssociationId, endpoint: NativeEndpoint): boolean {
    return this.#endpointOf.get(association) === endpoint;
  }

  mute(association: AssociationId): void {
    this.#aborted.add(association);
  }

  release(endpoint: NativeEndpoint): void {
    this.#endpoints.delete(endpoint.port);
    if (endpoint.isTouched) this.#touched.splice(this.#touched.indexOf(endpoint), 1);
    for (const [association, owner] of this.#endpointOf) {
      if (owner !== endpoint) continue;
      this.#endpointOf.delete(association);
      this.#aborted.delete(association);
    }
  }

  /** Fetches and reads what happened, some batches at most; the rest after others had their turn. */
  #read(): void {
    if (this.#isReading || this.#isClosed) return;
    this.#isReading = true;
    let isDone = false;
    try {
      for (let batches = 0; batches < MAX_BATCHES_PER_TURN && !isDone; batches++) {
        if (this.#nextRecord === this.#recordCount) this.#fetch();
        isDone = this.#recordCount === 0;
        this.#readBatch();
        isDone ||= this.#isClosed || !this.#hasMore;
      }
    } finally {
      this.#isReading = false;
      // A handler that threw is an error of its own; the events behind it are read all the same.
      if (!this.#isClosed && !isDone) setImmediate(this.#readLater);
    }
  }

  #fetch(): void {
    const result = this.functions.drain();
    if (result < 0)
      throw new Error(`The SCTP stack failed (${result}): close it, open another one.`);
    this.#recordCount = result >>> 1;
    this.#nextRecord = 0;
    this.#hasMore = (result & 1) === 1;
  }

  #readBatch(): void {
    while (this.#nextRecord < this.#recordCount) {
      const at = this.#nextRecord++ * EVENT_WORDS;
      if (this.#events[at + EVENT.kind] === KIND.message) this.#onMessage(at);
      else this.#onEvent(at);
      if (this.#isClosed) return;
    }
    // Those whose turn comes after one that throws have it at the end of the next batch.
    for (let next = this.#touched.shift(); next !== undefined; next = this.#touched.shift()) {
      next.isTouched = false;
      next.handler.onBatchEnd?.();
      if (this.#isClosed) return;
    }
    this.flush();
  }

  #touch(endpoint: NativeEndpoint): void {
    if (endpoint.isTouched) return;
    endpoint.isTouched = true;
    this.#touched.push(endpoint);
  }

  #onMessage(at: number): void {
    const association = this.#word(at, EVENT.association) as AssociationId;
    const endpoint = this.#endpointOf.get(association);
    if (endpoint === undefined || this.#isMuted(association)) return;
    this.#touch(endpoint);
    endpoint.handler.onMessage(
      association,
      this.#word(at, EVENT.first),
      this.#word(at, EVENT.second),
      this.arenas.inbound.bytes,
      this.#word(at, EVENT.offset),
      this.#word(at, EVENT.length),
    );
  }

  #isMuted(association: AssociationId): boolean {
    return this.#aborted.size > 0 && this.#aborted.has(association);
  }

  /** Everything that is rare. */
  #onEvent(at: number): void {
    const association = this.#word(at, EVENT.association) as AssociationId;
    const kind = this.#word(at, EVENT.kind);
    const first = this.#word(at, EVENT.first);
    const endpoint = this.#endpointOf.get(association) ?? this.#endpoints.get(first >>> 16);
    const isMuted = this.#aborted.has(association);
    if (endpoint === undefined || (isMuted && kind !== KIND.down)) return;
    this.#touch(endpoint);
    const { handler } = endpoint;
    if (kind === KIND.up) {
      this.#endpointOf.set(association, endpoint);
      handler.onUp(association, this.#infoAt(at));
    } else if (kind === KIND.restart) {
      handler.onRestart(association, this.#infoAt(at));
    } else if (kind === KIND.down) {
      this.#endpointOf.delete(association);
      this.#aborted.delete(association);
      this.#tellDown(handler, association, first, this.#textAt(at));
    } else if (kind === KIND.path) {
      handler.onPath(association, this.#textAt(at), first === 1 ? 'up' : 'down');
    } else if (kind === KIND.addresses) {
      handler.onAddresses?.(association, this.#infoAt(at));
    } else if (kind === KIND.writable) {
      handler.onWritable(association);
    }
  }

  #tellDown(
    handler: SctpHandler,
    association: AssociationId,
    reason: number,
    detail: string,
  ): void {
    if (reason === EVICTED) handler.onEvicted?.(association, detail);
    const why = reason === EVICTED ? 'abort' : DOWN_REASONS[reason];
    handler.onDown(association, why ?? 'lost', detail);
  }

  #infoAt(at: number): AssociationInfo {
    const ports = this.#word(at, EVENT.first);
    const port = ports & 0xffff;
    const addresses = this.#textAt(at).split(' ');
    return {
      peerAddresses: addresses.map((address): SctpAddress => ({ address, port })),
      localPort: ports >>> 16,
      outboundStreams: this.#word(at, EVENT.second),
    };
  }

  #textAt(at: number): string {
    const { buffer, byteOffset } = this.arenas.inbound.bytes;
    const offset = byteOffset + this.#word(at, EVENT.offset);
    return Buffer.from(buffer, offset, this.#word(at, EVENT.length)).toString();
  }

  #word(at: number, index: number): number {
    return this.#events[at + index] as number;
  }
}

/** Not an arrow function in the constructor, because its scope would keep the stack. */
function waking(woken: Woken): () => void {
  return () => woken.read?.();
}

function openNative(
  backend: NativeBackend,
  options: SctpStackOptions,
  wake: () => void,
): { native: NativeSctpStack; functions: SctpFunctions } {
  const nativeOptions = nativeOptionsOf(backend, options);
  const spare = spares.take();
  if (spare === undefined) {
    const { NativeSctpStack } = addon();
    const native = withKeys(() => new NativeSctpStack(nativeOptions, wake));
    return { native, functions: native.bind() };
  }
  try {
    withKeys(() => spare.native.reopen(nativeOptions, wake));
  } catch (error) {
    spares.giveBack(spare);
    throw error;
  }
  return spare;
}

function nativeOptionsOf(backend: NativeBackend, options: SctpStackOptions): NativeStackOptions {
  const { initial, min, max } = options.rtoMs;
  // Field by field: V8 keeps what a rest pattern makes in a dictionary, which survives until a full collection.
  return {
    backend,
    localAddresses: [...options.localAddresses],
    mayChangeAddresses: options.mayChangeAddresses,
    udpPort: options.udpPort,
    remoteUdpPort: options.remoteUdpPort,
    heartbeatIntervalMs: options.heartbeatIntervalMs,
    rtoInitialMs: initial,
    rtoMinMs: min,
    rtoMaxMs: max,
    maxRetransmissions: options.maxRetransmissions,
    pathMaxRetransmissions: options.pathMaxRetransmissions,
    autocloseMs: options.autocloseMs,
    maxAssociations: options.maxAssociations,
    maxAssociationsPerHost: options.maxAssociationsPerHost,
    maxMessageBytes: options.maxMessageBytes,
    sendBufferBytes: options.sendBufferBytes,
    slowReaderTimeoutMs: options.slowReaderTimeoutMs,
  };
}
