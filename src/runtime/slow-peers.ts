/**
 * What waits for peers that do not read as fast as they ask: messages for them that the transport did not
 * take, and behind those their own further ones, unread. Bounded for each and for all, so that no peer costs
 * the others anything; what is done when there is no more room is the driver's business.
 */

import type { AssociationId } from '../types.ts';

/** Thousands of requests: whoever has more of them on the way is not reading. */
const MAX_BYTES_PER_PEER = 1 << 20;
const MAX_BYTES = 16 * MAX_BYTES_PER_PEER;
/** So that many short ones do not take much more memory than they are long. */
const BYTES_PER_MESSAGE = 64;

export interface WaitingMessage {
  readonly payloadProtocol: number;
  /** A copy. */
  readonly payload: Uint8Array;
}

interface SlowPeer {
  /** To be sent first. */
  readonly outbound: WaitingMessage[];
  /** To be read after that. */
  readonly inbound: WaitingMessage[];
  bytes: number;
}

export class SlowPeers {
  readonly #peers = new Map<AssociationId, SlowPeer>();
  #bytes = 0;

  has(association: AssociationId): boolean {
    return this.#peers.size > 0 && this.#peers.has(association);
  }

  /** Keeps a copy of a message; false: there is no room. */
  hold(
    association: AssociationId,
    direction: 'outbound' | 'inbound',
    payloadProtocol: number,
    payload: Uint8Array,
  ): boolean {
    const bytes = payload.length + BYTES_PER_MESSAGE;
    const peer = this.#peers.get(association) ?? { outbound: [], inbound: [], bytes: 0 };
    if (peer.bytes + bytes > MAX_BYTES_PER_PEER || this.#bytes + bytes > MAX_BYTES) return false;
    peer[direction].push({ payloadProtocol, payload: payload.slice() });
    peer.bytes += bytes;
    this.#bytes += bytes;
    this.#peers.set(association, peer);
    return true;
  }

  /** Lets go of a peer and gives what waited for it, in order. */
  release(association: AssociationId): Pick<SlowPeer, 'outbound' | 'inbound'> {
    const peer = this.#peers.get(association);
    if (peer === undefined) return { outbound: [], inbound: [] };
    this.#peers.delete(association);
    this.#bytes -= peer.bytes;
    return peer;
  }
}
