/**
 * What one SCTP endpoint lived through in a capture: associations that came up and ended, messages that came
 * and went, in the order of their times. Reading packets is `../support/`; judging is `replay.ts`.
 */

import type { Milliseconds, SctpAddress } from '../../src/types.ts';
import type { CapturedChunk, CapturedPacket } from '../support/sctp-messages.ts';

interface Happened {
  /** Number of the frame in the capture, as Wireshark counts. */
  readonly frame: number;
  /** Whole milliseconds, as machines count. */
  readonly atMs: Milliseconds;
  /** Counted from 1 in the order in which associations came up. */
  readonly association: number;
}

export interface MessageEvent extends Happened {
  readonly type: 'received' | 'sent';
  readonly payloadProtocol: number;
  readonly payload: Uint8Array;
}

export interface UpEvent extends Happened {
  readonly type: 'up';
  readonly peerAddresses: readonly SctpAddress[];
}

export interface DownEvent extends Happened {
  readonly type: 'down';
  readonly by: 'peer' | 'endpoint';
  readonly why: 'shutdown' | 'abort';
}

export type RecordedEvent = MessageEvent | UpEvent | DownEvent;

/** The life of the endpoint at SCTP port `port`, which accepts associations and opens none. */
export function conversationOf(packets: readonly CapturedPacket[], port: number): RecordedEvent[] {
  const listener = new Listener(port);
  for (const packet of packets.toSorted((a, b) => a.atMs - b.atMs)) listener.hear(packet);
  return listener.events;
}

interface Peer {
  readonly port: number;
  /** Where its packets come from: the source of its INIT, and the addresses named there. */
  readonly addresses: readonly string[];
}

class Listener {
  readonly events: RecordedEvent[] = [];
  readonly #port: number;
  /** INIT seen, COOKIE ECHO not yet; the latest call last. */
  readonly #calling: Peer[] = [];
  readonly #live = new Map<number, Peer>();
  #associations = 0;

  constructor(port: number) {
    this.#port = port;
  }

  hear(packet: CapturedPacket): void {
    const isFromPeer = packet.destination.port === this.#port;
    if (!isFromPeer && packet.source.port !== this.#port) return;
    for (const chunk of packet.chunks) {
      if (isFromPeer) this.#call(packet, chunk);
      this.#converse(packet, chunk, isFromPeer);
    }
  }

  /** RFC 9260 §5.1: an association is up for the one who is called when the COOKIE ECHO arrives. */
  #call(packet: CapturedPacket, chunk: CapturedChunk): void {
    const { source } = packet;
    if (chunk.type === 'INIT') {
      const addresses = [...new Set([source.address, ...chunk.addresses])];
      this.#calling.push({ port: source.port, addresses });
    } else if (chunk.type === 'COOKIE_ECHO' && this.#find(source) === undefined) {
      const peer = this.#calling.findLast((caller) => isAt(caller, source));
      if (peer === undefined) return;
      this.#associations += 1;
      this.#live.set(this.#associations, peer);
      const peerAddresses = peer.addresses.map((address) => ({ address, port: peer.port }));
      this.events.push({ ...happened(packet, this.#associations), type: 'up', peerAddresses });
    }
  }

  #converse(packet: CapturedPacket, chunk: CapturedChunk, isFromPeer: boolean): void {
    const association = this.#find(isFromPeer ? packet.source : packet.destination);
    if (association === undefined) return;
    const common = happened(packet, association);
    if (chunk.type === 'DATA') {
      const { payloadProtocol, payload } = chunk;
      const type = isFromPeer ? 'received' : 'sent';
      this.events.push({ ...common, type, payloadProtocol, payload });
    } else if (chunk.type === 'SHUTDOWN' || chunk.type === 'ABORT') {
      this.#live.delete(association);
      const why = chunk.type === 'ABORT' ? 'abort' : 'shutdown';
      this.events.push({ ...common, type: 'down', by: isFromPeer ? 'peer' : 'endpoint', why });
    }
  }

  #find(address: SctpAddress): number | undefined {
    return [...this.#live].find(([, peer]) => isAt(peer, address))?.[0];
  }
}

function happened({ frame, atMs }: CapturedPacket, association: number): Happened {
  return { frame, atMs: Math.round(atMs), association };
}

function isAt(peer: Peer, { address, port }: SctpAddress): boolean {
  return peer.port === port && peer.addresses.includes(address);
}
