/**
 * What travels between two stacks of the `memory` backend: SCTP's chunks (RFC 9260 §3.3) as objects, one
 * to a packet. Verification tags do here what they do there: tell associations and their restarts apart.
 */

/** What an INIT ACK gives and the COOKIE ECHO returns: all that the answering side needs to remember. */
export interface Cookie {
  readonly localTag: number;
  readonly peerTag: number;
  /** Our tag of the association that there was when it was given (RFC 9260 §5.2.2); 0: none. */
  readonly localTieTag: number;
  /** Octets that the calling side takes at first. */
  readonly peerWindow: number;
}

export type Chunk =
  | ({ readonly type: 'INIT' } & Initiation)
  | ({ readonly type: 'INIT_ACK'; readonly cookie: Cookie } & Initiation)
  | { readonly type: 'COOKIE_ECHO'; readonly cookie: Cookie }
  | { readonly type: 'COOKIE_ACK' }
  | Data
  | { readonly type: 'SACK'; readonly sequence: number; readonly window: number }
  | { readonly type: 'HEARTBEAT' }
  | { readonly type: 'HEARTBEAT_ACK' }
  | { readonly type: 'SHUTDOWN' }
  | { readonly type: 'SHUTDOWN_ACK' }
  | { readonly type: 'SHUTDOWN_COMPLETE' }
  | { readonly type: 'ABORT'; readonly reason: string };

/** What each side tells of itself at the beginning. */
export interface Initiation {
  readonly initiateTag: number;
  /** Octets that may be on the way to it before it has acknowledged any (a_rwnd). */
  readonly window: number;
}

/** One user message, whole: this network has no packet size. */
export interface Data {
  readonly type: 'DATA';
  readonly sequence: number;
  readonly payloadProtocol: number;
  readonly payload: Uint8Array;
}

export interface Packet {
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Verification tag: the receiver's tag of the association; 0 with INIT (RFC 9260 §8.5.1). */
  readonly tag: number;
  /** Out of the blue: the tag is the one that the other side had sent (the T bit of RFC 9260 §8.4). */
  readonly isReflected?: boolean;
  readonly chunk: Chunk;
}

/** What a packet without a message takes of a socket's buffer: its headers and what belongs to them. */
const HEADER_BYTES = 64;

export function packetBytes({ chunk }: Packet): number {
  return HEADER_BYTES + (chunk.type === 'DATA' ? chunk.payload.length : 0);
}
