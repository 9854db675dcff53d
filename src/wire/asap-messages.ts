/** The 14 messages of ASAP (RFC 5352 §2.2) as values, told apart by `type`. The bytes are `asap.ts`. */

import type { PoolElementId, RegistrarId } from '../types.ts';
import type { ErrorCause, Policy, PoolElementParameter, TransportParameter } from './parameters.ts';

/** Any message that names a pool element: handle and identifier. */
interface NamesPoolElement {
  readonly poolHandle: Uint8Array;
  readonly poolElementId: PoolElementId;
}

/** RFC 5352 §2.2.1 */
export interface AsapRegistration {
  readonly type: 'ASAP_REGISTRATION';
  readonly poolHandle: Uint8Array;
  readonly poolElement: PoolElementParameter;
}

/** RFC 5352 §2.2.2 */
export interface AsapDeregistration extends NamesPoolElement {
  readonly type: 'ASAP_DEREGISTRATION';
}

/** RFC 5352 §2.2.3. `errors` without `isRejected`: accepted with a warning. */
export interface AsapRegistrationResponse extends NamesPoolElement {
  readonly type: 'ASAP_REGISTRATION_RESPONSE';
  readonly isRejected: boolean;
  readonly errors: readonly ErrorCause[];
}

/** RFC 5352 §2.2.4. Rejected when `errors` is not empty: the message has no flag for it. */
export interface AsapDeregistrationResponse extends NamesPoolElement {
  readonly type: 'ASAP_DEREGISTRATION_RESPONSE';
  readonly errors: readonly ErrorCause[];
}

/** RFC 5352 §2.2.5 and the 0x803f items parameter. */
export interface AsapHandleResolution {
  readonly type: 'ASAP_HANDLE_RESOLUTION';
  /** S bit */
  readonly wantsUpdates: boolean;
  readonly poolHandle: Uint8Array;
  /** How many pool elements are wanted; 0xffffffff: all; `undefined`: not said. */
  readonly items?: number | undefined;
}

/** RFC 5352 §2.2.6. Positive: `policy` (may be absent: round robin) and elements; negative: `errors`. */
export interface AsapHandleResolutionResponse {
  readonly type: 'ASAP_HANDLE_RESOLUTION_RESPONSE';
  /** A bit */
  readonly acceptsUpdates: boolean;
  readonly poolHandle: Uint8Array;
  readonly policy?: Policy | undefined;
  /** In the order of selection. */
  readonly poolElements: readonly PoolElementParameter[];
  readonly errors: readonly ErrorCause[];
}

/** RFC 5352 §2.2.7, with rsplib's trailing PE Identifier (decision 16). */
export interface AsapEndpointKeepAlive {
  readonly type: 'ASAP_ENDPOINT_KEEP_ALIVE';
  /** H bit: the sender wants to be the home registrar. */
  readonly wantsToBeHome: boolean;
  readonly registrarId: RegistrarId;
  readonly poolHandle: Uint8Array;
  readonly poolElementId?: PoolElementId | undefined;
}

/** RFC 5352 §2.2.8 */
export interface AsapEndpointKeepAliveAck extends NamesPoolElement {
  readonly type: 'ASAP_ENDPOINT_KEEP_ALIVE_ACK';
}

/** RFC 5352 §2.2.9 */
export interface AsapEndpointUnreachable extends NamesPoolElement {
  readonly type: 'ASAP_ENDPOINT_UNREACHABLE';
}

/** RFC 5352 §2.2.10 */
export interface AsapServerAnnounce {
  readonly type: 'ASAP_SERVER_ANNOUNCE';
  readonly registrarId: RegistrarId;
  /** Where the registrar can be reached; empty: at the datagram's source (decision 2). */
  readonly transports: readonly TransportParameter[];
}

/** RFC 5352 §2.2.11 */
export interface AsapCookie {
  readonly type: 'ASAP_COOKIE';
  readonly cookie: Uint8Array;
}

/** RFC 5352 §2.2.12 */
export interface AsapCookieEcho {
  readonly type: 'ASAP_COOKIE_ECHO';
  readonly cookie: Uint8Array;
}

/** RFC 5352 §2.2.13 */
export interface AsapBusinessCard {
  readonly type: 'ASAP_BUSINESS_CARD';
  readonly poolHandle: Uint8Array;
  readonly poolElements: readonly PoolElementParameter[];
}

/** RFC 5352 §2.2.14 */
export interface AsapError {
  readonly type: 'ASAP_ERROR';
  readonly errors: readonly ErrorCause[];
}

export type AsapMessage =
  | AsapRegistration
  | AsapDeregistration
  | AsapRegistrationResponse
  | AsapDeregistrationResponse
  | AsapHandleResolution
  | AsapHandleResolutionResponse
  | AsapEndpointKeepAlive
  | AsapEndpointKeepAliveAck
  | AsapEndpointUnreachable
  | AsapServerAnnounce
  | AsapCookie
  | AsapCookieEcho
  | AsapBusinessCard
  | AsapError;

export type AsapMessageType = AsapMessage['type'];
