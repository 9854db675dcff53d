/**
 * A stack of the `memory` backend: its endpoints, and which association a packet belongs to, with the rules
 * for packets that belong to none (RFC 9260 §8.4) and the limits. Associations themselves are
 * `memory-association.ts`, how they are found `memory-table.ts`; the way between stacks is `memory.ts`.
 */

import { ClosedError, ConfigError } from '../errors.ts';
import type { AssociationId, IpAddress, SctpAddress } from '../types.ts';
import { type AssociationHost, MemoryAssociation } from './memory-association.ts';
import { MemoryEndpoint } from './memory-endpoint.ts';
import { MemoryInbox, type Unread } from './memory-inbox.ts';
import type { MemoryArenas, MemoryStackSettings } from './memory-options.ts';
import {
  type Chunk,
  type Cookie,
  type Data,
  type Initiation,
  type Packet,
  packetBytes,
} from './memory-packet.ts';
import { MemoryStandstill } from './memory-standstill.ts';
import { AssociationTable, type Way } from './memory-table.ts';
import type { MemoryWire } from './memory-wire.ts';
import type {
  AssociationDownReason,
  EndpointOptions,
  SctpEndpoint,
  SctpHandler,
  SctpStack,
  SctpStats,
} from './transport.ts';

export class MemoryStack implements SctpStack, AssociationHost {
  readonly backend = 'memory';
  readonly udpPort = 0;
  readonly localAddresses: readonly IpAddress[];
  readonly #endpoints = new Map<number, MemoryEndpoint>();
  readonly #associations = new AssociationTable();
  readonly #counters = { received: 0, sent: 0, messagesReceived: 0, messagesSent: 0 };
  readonly #refused: Record<string, number> = {};
  readonly #standstill: MemoryStandstill;
  /** What its process is told goes through here. */
  readonly inbox: MemoryInbox;
  #isClosed = false;

  constructor(
    readonly wire: MemoryWire,
    readonly options: MemoryStackSettings,
    readonly arenas: MemoryArenas | undefined,
  ) {
    this.localAddresses = options.localAddresses;
    this.#standstill = new MemoryStandstill(wire, options.socketBufferBytes);
    this.inbox = new MemoryInbox({
      announceLimitBytes: options.socketBufferBytes,
      soon: (run) => this.schedule(0, run, false),
      onRead: (ids) => {
        for (const id of ids) this.#associations.get(id)?.tellWindow();
      },
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The name of the host in the network: its first address. */
  get address(): IpAddress {
    return this.localAddresses[0] as IpAddress;
  }

  useAddresses(): never {
    throw new TypeError('A host of the memory network keeps its addresses.');
  }

  open(options: EndpointOptions, handler: SctpHandler): SctpEndpoint {
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

  /**
   * The process does not read any more, as if it were busy: its handlers hear nothing, while SCTP, as that of a
   * kernel, goes on answering as long as there is room for what comes (`receiveBufferBytes`).
   */
  pauseReading(): void {
    this.inbox.pause();
  }

  /** It reads what waits for it, in order, as the next thing that happens on the network. */
  resumeReading(): void {
    this.inbox.resume();
  }

  /**
   * The host stands still, its SCTP included, as a stopped process with SCTP in user space does: nothing is
   * sent, acknowledged or noticed, and of what arrives only `socketBufferBytes` wait.
   */
  freeze(): void {
    this.#standstill.freeze();
  }

  /** It goes on, as the next thing that happens on the network: reads what waits, then its timers run out. */
  thaw(): void {
    this.#standstill.thaw();
  }

  /** Everything is forgotten at once and nobody is told: the end of a crashed process. */
  vanish(): void {
    this.#isClosed = true;
    this.#endpoints.clear();
    this.inbox.clear();
    this.#standstill.clear();
    for (const association of this.#associations.all()) association.end('lost', 'crash');
  }

  /** Takes a packet from the network. */
  receive(from: readonly IpAddress[], packet: Packet): void {
    this.#standstill.arrive(packetBytes(packet), () => this.#receive(from, packet));
  }

  /** Takes an announce from the network. */
  receiveAnnounce(payload: Uint8Array, tell: () => void): void {
    const announceBytes = payload.length;
    const unread: Unread = { announceBytes, tell: () => this.#isClosed || tell() };
    this.#standstill.arrive(announceBytes, () => this.inbox.take(unread));
  }

  #receive(from: readonly IpAddress[], packet: Packet): void {
    if (this.#isClosed) return;
    this.#counters.received++;
    const { chunk, tag } = packet;
    if (chunk.type === 'INIT') this.#onInit(from, packet, chunk);
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

  /** What has come over it and is not read yet is not wanted either. */
  abort(id: AssociationId, port: number, reason: string): void {
    this.inbox.forget(id);
    this.association(id, port)?.abort(reason);
  }

  count(counter: 'messagesReceived' | 'messagesSent'): void {
    this.#counters[counter]++;
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

  schedule(delayMs: number, run: () => void, isBackground: boolean): () => void {
    return this.#standstill.schedule(delayMs, run, isBackground);
  }

  onUp(association: MemoryAssociation): void {
    const { id, info } = association;
    this.#endpointOf(association)?.tell((handler) => handler.onUp(id, info));
  }

  onRestart(association: MemoryAssociation): void {
    const { id, info } = association;
    this.#associations.retag(association);
    this.inbox.forget(id); // "messages from before are gone", says the interface
    this.#endpointOf(association)?.tell((handler) => handler.onRestart(id, info));
  }

  onMessage(association: MemoryAssociation, data: Data): void {
    this.#endpointOf(association)?.tellMessage(association, data);
  }

  onWritable(association: MemoryAssociation): void {
    this.#endpointOf(association)?.tell((handler) => handler.onWritable(association.id));
  }

  onEnd(association: MemoryAssociation, why: AssociationDownReason, detail: string): void {
    this.#associations.remove(association);
    const endpoint = this.#endpointOf(association);
    if (endpoint === undefined) return;
    const tell = () => endpoint.tell((handler) => handler.onDown(association.id, why, detail));
    // Later, for whoever called `abort` is in the middle of something.
    this.schedule(0, tell, false);
  }

  #endpointOf({ localPort }: MemoryAssociation): MemoryEndpoint | undefined {
    return this.#endpoints.get(localPort);
  }

  #onInit(from: readonly IpAddress[], packet: Packet, peer: Initiation): void {
    const { initiateTag: peerTag, window: peerWindow } = peer;
    const existing = this.#associations.between(wayOf(from, packet));
    const why = existing === undefined ? this.#whyNot(from, packet.destinationPort) : undefined;
    if (why !== undefined) {
      this.#refuse(from, packet, peerTag, why);
      return;
    }
    // Both called at once: the tag we have sent stands (RFC 9260 §5.2.1). Restart: a new one (§5.2.2).
    const localTag = existing?.isOpening ? existing.localTag : this.wire.nextNumber();
    const cookie: Cookie = { localTag, peerTag, localTieTag: existing?.localTag ?? 0, peerWindow };
    const window = this.options.receiveBufferBytes;
    const chunk: Chunk = { type: 'INIT_ACK', initiateTag: localTag, window, cookie };
    this.#answer(from, packet, peerTag, chunk);
  }

  #onCookieEcho(from: readonly IpAddress[], packet: Packet, cookie: Cookie): void {
    const existing = this.#associations.between(wayOf(from, packet));
    const why = existing === undefined ? this.#whyNot(from, packet.destinationPort) : undefined;
    if (existing !== undefined) existing.onCookieEcho(cookie);
    else if (why !== undefined) this.#refuse(from, packet, cookie.peerTag, why);
    else if (this.#associations.isUsed(cookie.localTag)) {
      this.#refuse(from, packet, cookie.peerTag, 'the association has ended');
    } else this.#create(wayOf(from, packet), cookie.localTag).accept(cookie);
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
    this.#countRefused('outOfTheBlue');
    if (type === 'ABORT' || type === 'SHUTDOWN_COMPLETE' || type === 'COOKIE_ACK') return;
    const chunk: Chunk =
      type === 'SHUTDOWN_ACK'
        ? { type: 'SHUTDOWN_COMPLETE' }
        : { type: 'ABORT', reason: 'no such association' };
    this.#answer(from, packet, packet.tag, chunk, true);
  }

  #refuse(from: readonly IpAddress[], packet: Packet, tag: number, reason: string): void {
    this.#countRefused('refusedInit');
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
    this.#standstill.leave(() => {
      this.#counters.sent++;
      this.wire.transmit(this, to, packet);
    });
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

  #countRefused(reason: string): void {
    this.#refused[reason] = (this.#refused[reason] ?? 0) + 1;
  }
}

function wayOf(from: readonly IpAddress[], { destinationPort, sourcePort }: Packet): Way {
  return { localPort: destinationPort, peer: from, peerPort: sourcePort };
}
