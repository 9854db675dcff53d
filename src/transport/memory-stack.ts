/**
 * A stack of the `memory` backend: its endpoints, and which association a packet belongs to, with the rules
 * for packets that belong to none (RFC 9260 §8.4) and the limits. Associations themselves are
 * `memory-association.ts`, how they are found `memory-table.ts`; the way between stacks is `memory.ts`.
 */

import { ClosedError, ConfigError } from '../errors.ts';
import type { Arena } from '../native.ts';
import type { AssociationId, IpAddress, SctpAddress } from '../types.ts';
import { type AssociationHost, MemoryAssociation } from './memory-association.ts';
import { MemoryEndpoint } from './memory-endpoint.ts';
import type { TimedEvent } from './memory-events.ts';
import type { Chunk, Cookie, Data, Packet } from './memory-packet.ts';
import { AssociationTable, type Way } from './memory-table.ts';
import type {
  AssociationDownReason,
  SctpEndpoint,
  SctpHandler,
  SctpStack,
  SctpStackOptions,
  SctpStats,
} from './transport.ts';

/** What a stack needs of the network it is connected to. */
export interface MemoryWire {
  transmit(from: MemoryStack, to: IpAddress, packet: Packet): void;
  schedule(delayMs: number, run: () => void, isBackground: boolean): TimedEvent;
  cancel(event: TimedEvent | undefined): void;
  /** The next number that no stack of this network has used: tags and association identifiers. */
  nextNumber(): number;
  /** `endBatch` is called once when nothing more happens at this instant. */
  touch(endpoint: MemoryEndpoint): void;
  remove(stack: MemoryStack): void;
}

export interface MemoryArenas {
  readonly inbound: Arena;
  readonly outbound: Arena;
}

export class MemoryStack implements SctpStack, AssociationHost {
  readonly backend = 'memory';
  readonly udpPort = 0;
  readonly localAddresses: readonly IpAddress[];
  readonly #endpoints = new Map<number, MemoryEndpoint>();
  readonly #associations = new AssociationTable();
  readonly #counters = { received: 0, sent: 0, messagesReceived: 0, messagesSent: 0 };
  readonly #refused: Record<string, number> = {};
  #isClosed = false;

  constructor(
    readonly wire: MemoryWire,
    readonly options: SctpStackOptions,
    readonly arenas: MemoryArenas | undefined,
  ) {
    this.localAddresses = options.localAddresses;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The name of the host in the network: its first address. */
  get address(): IpAddress {
    return this.localAddresses[0] as IpAddress;
  }

  open(options: { port: number; accepts: boolean }, handler: SctpHandler): SctpEndpoint {
    if (this.#isClosed) throw new ClosedError('The SCTP stack is closed.');
    const port = options.port === 0 ? this.#freePort() : options.port;
    if (this.#endpoints.has(port)) {
      throw new ConfigError(
        'port',
        `SCTP port ${port} is in use: choose another one, or 0 for any.`,
      );
    }
    const endpoint = new MemoryEndpoint(this, port, options.accepts, handler);
    this.#endpoints.set(port, endpoint);
    return endpoint;
  }

  stats(): SctpStats {
    const { received, sent, messagesReceived, messagesSent } = this.#counters;
    return {
      associations: this.#associations.size,
      packetsReceived: received,
      packetsSent: sent,
      messagesReceived,
      messagesSent,
      refused: { ...this.#refused },
    };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    for (const endpoint of [...this.#endpoints.values()]) endpoint.close();
    this.vanish();
    this.wire.remove(this);
  }

  /** Everything is forgotten at once and nobody is told: the end of a crashed process. */
  vanish(): void {
    this.#isClosed = true;
    this.#endpoints.clear();
    for (const association of this.#associations.all()) association.end('lost', 'crash');
  }

  /** Takes a packet from the network. */
  receive(from: readonly IpAddress[], packet: Packet): void {
    this.#counters.received++;
    const { chunk, tag } = packet;
    if (chunk.type === 'INIT') this.#onInit(from, packet, chunk.initiateTag);
    else if (chunk.type === 'COOKIE_ECHO') this.#onCookieEcho(from, packet, chunk.cookie);
    else {
      const association = packet.isReflected
        ? this.#associations.between(wayOf(from, packet), (one) => one.peerTag === tag)
        : this.#associations.withTag(tag);
      if (association === undefined) this.#onOutOfTheBlue(from, packet);
      else association.receive(chunk, from);
    }
  }

  /** For the endpoint: `undefined` when there is none, or it is another endpoint's. */
  association(id: AssociationId, port: number): MemoryAssociation | undefined {
    const association = this.#associations.get(id);
    return association?.localPort === port ? association : undefined;
  }

  connect(port: number, peer: SctpAddress): AssociationId {
    if (!this.#associations.hasRoomFor([peer.address], this.options)) {
      throw new ConfigError('maxAssociations', 'There is no room for another association.');
    }
    const way = { localPort: port, peer: [peer.address], peerPort: peer.port };
    const isSecond = this.#associations.between(way) !== undefined;
    const association = this.#create(way, this.wire.nextNumber());
    if (isSecond) association.end('refused', 'There is an association on these ports already.');
    else association.connect();
    return association.id;
  }

  countMessageSent(): void {
    this.#counters.messagesSent++;
  }

  endAll(port: number, reason: string): void {
    for (const association of this.#associations.all()) {
      if (association.localPort === port) association.abort(reason);
    }
  }

  release(port: number): void {
    this.#endpoints.delete(port);
  }

  transmit(association: MemoryAssociation, chunk: Chunk): void {
    const { localPort, peerPort, peerTag, peerAddresses } = association;
    const tag = chunk.type === 'INIT' ? 0 : peerTag;
    const packet = { sourcePort: localPort, destinationPort: peerPort, tag, chunk };
    this.#transmit(peerAddresses[0] as IpAddress, packet);
  }

  schedule(delayMs: number, run: () => void, isBackground: boolean): TimedEvent {
    return this.wire.schedule(delayMs, run, isBackground);
  }

  cancel(event: TimedEvent | undefined): void {
    this.wire.cancel(event);
  }

  onUp(association: MemoryAssociation): void {
    this.#handlerOf(association)?.onUp(association.id, association.info);
  }

  onRestart(association: MemoryAssociation): void {
    this.#associations.retag(association);
    this.#handlerOf(association)?.onRestart(association.id, association.info);
  }

  onMessage(association: MemoryAssociation, data: Data): void {
    const handler = this.#handlerOf(association);
    if (handler === undefined) return;
    this.#counters.messagesReceived++;
    const { payload, payloadProtocol } = data;
    const { bytes, offset } = this.#lay(payload);
    handler.onMessage(association.id, payloadProtocol, 0, bytes, offset, payload.length);
    // What a real backend does with the next message: a view that was kept shows at once.
    bytes.fill(0xdd, offset, offset + payload.length);
  }

  onWritable(association: MemoryAssociation): void {
    this.#handlerOf(association)?.onWritable(association.id);
  }

  onEnd(association: MemoryAssociation, why: AssociationDownReason, detail: string): void {
    this.#associations.remove(association);
    const endpoint = this.#endpoints.get(association.localPort);
    if (endpoint === undefined) return;
    // Later, for whoever called `abort` is in the middle of something.
    this.wire.schedule(0, () => endpoint.down(association.id, why, detail), false);
  }

  #handlerOf(association: MemoryAssociation): SctpHandler | undefined {
    const endpoint = this.#endpoints.get(association.localPort);
    if (endpoint !== undefined) this.wire.touch(endpoint);
    return endpoint?.handler;
  }

  /** A place for a received message: never at the start of its memory, so that the offset matters. */
  #lay(payload: Uint8Array): { bytes: Uint8Array; offset: number } {
    const offset = 4;
    const bytes = this.arenas?.inbound.bytes ?? new Uint8Array(offset + payload.length);
    bytes.set(payload, offset);
    return { bytes, offset };
  }

  #onInit(from: readonly IpAddress[], packet: Packet, peerTag: number): void {
    const existing = this.#associations.between(wayOf(from, packet));
    const why = existing === undefined ? this.#whyNot(from, packet.destinationPort) : undefined;
    if (why !== undefined) {
      this.#refuse(from, packet, peerTag, why);
      return;
    }
    // Both called at once: the tag we have sent stands (RFC 9260 §5.2.1). Restart: a new one (§5.2.2).
    const localTag = existing?.isOpening ? existing.localTag : this.wire.nextNumber();
    const cookie: Cookie = { localTag, peerTag };
    this.#answer(from, packet, peerTag, { type: 'INIT_ACK', initiateTag: localTag, cookie });
  }

  #onCookieEcho(from: readonly IpAddress[], packet: Packet, cookie: Cookie): void {
    const existing = this.#associations.between(wayOf(from, packet));
    const why = existing === undefined ? this.#whyNot(from, packet.destinationPort) : undefined;
    if (existing !== undefined) existing.onCookieEcho(cookie);
    else if (why !== undefined) this.#refuse(from, packet, cookie.peerTag, why);
    else this.#create(wayOf(from, packet), cookie.localTag).accept(cookie);
  }

  /** Why a new association is refused; `undefined`: it is not. */
  #whyNot(from: readonly IpAddress[], port: number): string | undefined {
    const isAccepted = this.#endpoints.get(port)?.accepts === true;
    if (!isAccepted) return 'no endpoint accepts associations at this port';
    return this.#associations.hasRoomFor(from, this.options)
      ? undefined
      : 'no room for another association';
  }

  /** RFC 9260 §8.4: a packet of an association that is not known here (any more). */
  #onOutOfTheBlue(from: readonly IpAddress[], packet: Packet): void {
    const { type } = packet.chunk;
    this.#count('outOfTheBlue');
    if (type === 'ABORT' || type === 'SHUTDOWN_COMPLETE' || type === 'COOKIE_ACK') return;
    const chunk: Chunk =
      type === 'SHUTDOWN_ACK'
        ? { type: 'SHUTDOWN_COMPLETE' }
        : { type: 'ABORT', reason: 'no such association' };
    this.#answer(from, packet, packet.tag, chunk, true);
  }

  #refuse(from: readonly IpAddress[], packet: Packet, tag: number, reason: string): void {
    this.#count('refusedInit');
    this.#answer(from, packet, tag, { type: 'ABORT', reason });
  }

  #answer(
    from: readonly IpAddress[],
    packet: Packet,
    tag: number,
    chunk: Chunk,
    isReflected = false,
  ): void {
    const { sourcePort: destinationPort, destinationPort: sourcePort } = packet;
    const answer = { sourcePort, destinationPort, tag, chunk, isReflected };
    this.#transmit(from[0] as IpAddress, answer);
  }

  #transmit(to: IpAddress, packet: Packet): void {
    this.#counters.sent++;
    this.wire.transmit(this, to, packet);
  }

  #create({ localPort, peer, peerPort }: Way, localTag: number): MemoryAssociation {
    const id = this.wire.nextNumber() as AssociationId;
    const association = new MemoryAssociation(this, id, localPort, peer, peerPort, localTag);
    this.#associations.add(association);
    return association;
  }

  #freePort(): number {
    for (;;) {
      const port = 49_152 + (this.wire.nextNumber() % 16_384);
      if (!this.#endpoints.has(port)) return port;
    }
  }

  #count(reason: string): void {
    this.#refused[reason] = (this.#refused[reason] ?? 0) + 1;
  }
}

function wayOf(from: readonly IpAddress[], { destinationPort, sourcePort }: Packet): Way {
  return { localPort: destinationPort, peer: from, peerPort: sourcePort };
}
