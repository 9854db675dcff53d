/** The 10 messages of ENRP (RFC 5353 §2) as values, told apart by `type`. The bytes are `enrp.ts`. */

import type { RegistrarId } from '../types.ts';
import type { ErrorCause, PoolElementParameter, TransportParameter } from './parameters.ts';

/** What every message begins with: who sends it and for whom it is. */
interface BetweenRegistrars {
  /** Sending Server's ID. */
  readonly senderId: RegistrarId;
  /** Receiving Server's ID; 0: whoever gets it (RFC 5353 §2.1). */
  readonly receiverId: RegistrarId;
}

/** The Server Information parameter (RFC 5354 §3.11). */
export interface ServerInformation {
  /** 0 in lists only: a configured peer that nobody has heard yet. */
  readonly id: RegistrarId;
  /** SCTP, Transport Use 0: where the registrar takes ENRP. */
  readonly transport: TransportParameter;
}

/** RFC 5353 §2.1. rsplib reads only presences that have both parameters (decision 7). */
export interface EnrpPresence extends BetweenRegistrars {
  readonly type: 'ENRP_PRESENCE';
  /** A presence is wanted in return. The bit is rsplib's (decision 6). */
  readonly wantsReply: boolean;
  /** PE Checksum of the sender's own pool elements, 16 bits (RFC 5354 §3.15). */
  readonly checksum?: number | undefined;
  readonly serverInformation?: ServerInformation | undefined;
}

/** RFC 5353 §2.2 */
export interface EnrpHandleTableRequest extends BetweenRegistrars {
  readonly type: 'ENRP_HANDLE_TABLE_REQUEST';
  /** W bit: only the pool elements whose home is the one asked. */
  readonly ownOnly: boolean;
}

/** Elements of one pool. A pool may come several times in one table. */
export interface HandleTableEntry {
  readonly poolHandle: Uint8Array;
  /** At least one. */
  readonly poolElements: readonly PoolElementParameter[];
}

/** RFC 5353 §2.3 */
export interface EnrpHandleTableResponse extends BetweenRegistrars {
  readonly type: 'ENRP_HANDLE_TABLE_RESPONSE';
  /** R bit; then there are no entries. */
  readonly isRejected: boolean;
  /** M bit: there is more, to be had by asking again. */
  readonly hasMore: boolean;
  readonly entries: readonly HandleTableEntry[];
}

/** Update Action (RFC 5353 §2.4, §5.2); others are reserved. */
export const UPDATE_ACTION = { ADD_PE: 0, DEL_PE: 1 } as const;

/** RFC 5353 §2.4. The pool element is whole for DEL_PE, too. */
export interface EnrpHandleUpdate extends BetweenRegistrars {
  readonly type: 'ENRP_HANDLE_UPDATE';
  /** T bit: the receiver is asked to take the element over (draft-dreibholz-rserpool-enrp-takeover). */
  readonly suggestsTakeover: boolean;
  /** One of `UPDATE_ACTION`, or unknown. */
  readonly action: number;
  readonly poolHandle: Uint8Array;
  readonly poolElement: PoolElementParameter;
}

/** RFC 5353 §2.5 */
export interface EnrpListRequest extends BetweenRegistrars {
  readonly type: 'ENRP_LIST_REQUEST';
}

/** RFC 5353 §2.6 */
export interface EnrpListResponse extends BetweenRegistrars {
  readonly type: 'ENRP_LIST_RESPONSE';
  /** R bit */
  readonly isRejected: boolean;
  readonly servers: readonly ServerInformation[];
}

interface AboutTakeover extends BetweenRegistrars {
  /** The registrar that is taken over. */
  readonly targetId: RegistrarId;
}

/** RFC 5353 §2.7 */
export interface EnrpInitTakeover extends AboutTakeover {
  readonly type: 'ENRP_INIT_TAKEOVER';
}

/** RFC 5353 §2.8 */
export interface EnrpInitTakeoverAck extends AboutTakeover {
  readonly type: 'ENRP_INIT_TAKEOVER_ACK';
}

/** RFC 5353 §2.9 */
export interface EnrpTakeoverServer extends AboutTakeover {
  readonly type: 'ENRP_TAKEOVER_SERVER';
}

/** RFC 5353 §2.10. rsplib repeats the identifiers of the message that it complains about. */
export interface EnrpError extends BetweenRegistrars {
  readonly type: 'ENRP_ERROR';
  readonly errors: readonly ErrorCause[];
}

export type EnrpMessage =
  | EnrpPresence
  | EnrpHandleTableRequest
  | EnrpHandleTableResponse
  | EnrpHandleUpdate
  | EnrpListRequest
  | EnrpListResponse
  | EnrpInitTakeover
  | EnrpInitTakeoverAck
  | EnrpTakeoverServer
  | EnrpError;

export type EnrpMessageType = EnrpMessage['type'];
