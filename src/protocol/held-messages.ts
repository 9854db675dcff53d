/**
 * Messages that wait, in order, for each association: those for a peer that does not read as fast as it asks, and its
 * own ones that it is too early to answer. Bounded for each and for all, so that no peer costs the others anything;
 * what is done when there is no more room is the holder's business.
 */

import type { AssociationId } from '../types.ts';

/** So that many short ones do not take much more memory than they are long. */
const BYTES_PER_MESSAGE = 64;

export interface HeldMessage {
  readonly payloadProtocol: number;
  /** A copy. */
  readonly payload: Uint8Array;
}

interface Held {
  /** To be sent first. */
  readonly outbound: HeldMessage[];
  /** To be read after that. */
  readonly inbound: HeldMessage[];
  bytes: number;
}

export class HeldMessages {
  readonly #maxBytesPerPeer: number;
  readonly #maxBytes: number;
  readonly #peers = new Map<AssociationId, Held>();
  #bytes = 0;

  constructor(maxBytesPerPeer: number, maxBytes: number) {
    this.#maxBytesPerPeer = maxBytesPerPeer;
    this.#maxBytes = maxBytes;
  }

  has(association: AssociationId): boolean {
    return this.#peers.size > 0 && this.#peers.has(association);
  }

  /** Those for whom anything is held, who waits longest first. */
  associations(): AssociationId[] {
    return [...this.#peers.keys()];
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
    const isTooMuch = peer.bytes + bytes > this.#maxBytesPerPeer;
    if (isTooMuch || this.#bytes + bytes > this.#maxBytes) return false;
    peer[direction].push({ payloadProtocol, payload: payload.slice() });
    peer.bytes += bytes;
    this.#bytes += bytes;
    this.#peers.set(association, peer);
    return true;
  }

  /** Lets go of a peer and gives what waited for it, in order. */
  release(association: AssociationId): Pick<Held, 'outbound' | 'inbound'> {
    const peer = this.#peers.get(association);
    if (peer === undefined) return { outbound: [], inbound: [] };
    this.#peers.delete(association);
    this.#bytes -= peer.bytes;
    return peer;
  }
}
