/**
 * The parameters of RFC 5354 as values: what messages are made of. Bytes are `tlv.ts` and its neighbours.
 */

import type { IpAddress, Milliseconds, PoolElementId, RegistrarId } from '../types.ts';

/**
 * How the two worlds read the same bytes. `rsplib` (default): what the installed rsplib 3.x sends and
 * understands. `rfc`: the letter of RFC 5352-5356. ARCHITECTURE.md lists where they differ.
 */
export type Profile = 'rsplib' | 'rfc';

export interface WireOptions {
  /** Default `rsplib`. */
  readonly profile?: Profile | undefined;
}

/** Parameter types (RFC 5354 §3, table 1). */
export const PARAMETER = {
  IPV4_ADDRESS: 0x0001,
  IPV6_ADDRESS: 0x0002,
  DCCP_TRANSPORT: 0x0003,
  SCTP_TRANSPORT: 0x0004,
  TCP_TRANSPORT: 0x0005,
  UDP_TRANSPORT: 0x0006,
  UDP_LITE_TRANSPORT: 0x0007,
  POLICY: 0x0008,
  POOL_HANDLE: 0x0009,
  POOL_ELEMENT: 0x000a,
  SERVER_INFORMATION: 0x000b,
  OPERATION_ERROR: 0x000c,
  COOKIE: 0x000d,
  PE_IDENTIFIER: 0x000e,
  PE_CHECKSUM: 0x000f,
  OPAQUE_TRANSPORT: 0x0010,
  /** draft-dreibholz-rserpool-asap-hropt: how many pool elements are wanted. */
  HANDLE_RESOLUTION_OPTION: 0x803f,
} as const;

/** Transport Use: what a pool element's user transport carries (RFC 5354 §3.4). */
export const TRANSPORT_USE = { DATA_ONLY: 0, DATA_PLUS_CONTROL: 1 } as const;

/**
 * A transport parameter (RFC 5354 §3.3-3.7, §3.16). `transportUse` is the 16 bits after the port: Transport
 * Use for SCTP, reserved for the others (rsplib uses it for TCP as well), kept as received.
 * SCTP has one or more addresses, the others exactly one.
 */
export type TransportParameter =
  | {
      readonly protocol: 'sctp' | 'tcp' | 'udp' | 'udp-lite';
      readonly port: number;
      readonly transportUse: number;
      readonly addresses: readonly IpAddress[];
    }
  | {
      readonly protocol: 'dccp';
      readonly port: number;
      readonly transportUse: number;
      readonly serviceCode: number;
      readonly addresses: readonly IpAddress[];
    }
  | { readonly protocol: 'opaque'; readonly bytes: Uint8Array };

export type TransportProtocol = TransportParameter['protocol'];

/**
 * A member selection policy with its values (RFC 5356). `load`, `loadDegradation` and the DPFs are
 * 0..0xffffffff for 0..100 %; `weight` and `priority` are u32; `distanceMs` is milliseconds.
 */
export type Policy =
  | { readonly type: 'roundRobin' }
  | { readonly type: 'weightedRoundRobin'; readonly weight: number }
  | { readonly type: 'random' }
  | { readonly type: 'weightedRandom'; readonly weight: number }
  | { readonly type: 'priority'; readonly priority: number }
  | { readonly type: 'leastUsed'; readonly load: number }
  | {
      readonly type: 'leastUsedDegradation';
      readonly load: number;
      readonly loadDegradation: number;
    }
  | { readonly type: 'priorityLeastUsed'; readonly load: number; readonly loadDegradation: number }
  | { readonly type: 'randomizedLeastUsed'; readonly load: number }
  | PrivatePolicy
  /** A policy type that this implementation does not know: stored and relayed as it came. */
  | { readonly type: 'unknown'; readonly policyType: number; readonly bytes: Uint8Array };

/** rsplib's private policies (0xb0000000 and up): decoded and encoded, not selected by yet. */
export type PrivatePolicy =
  | {
      readonly type:
        | 'randomizedPriorityLeastUsed'
        | 'randomizedLeastUsedDegradation'
        | 'priorityLeastUsedDegradation'
        | 'randomizedPriorityLeastUsedDegradation';
      readonly load: number;
      readonly loadDegradation: number;
    }
  | {
      readonly type: 'weightedRandomDpf';
      readonly weight: number;
      readonly weightDpf: number;
      readonly distanceMs: number;
    }
  | {
      readonly type: 'leastUsedDpf';
      readonly load: number;
      readonly loadDpf: number;
      readonly distanceMs: number;
    }
  | {
      readonly type: 'leastUsedDegradationDpf';
      readonly load: number;
      readonly loadDegradation: number;
      readonly loadDpf: number;
      readonly distanceMs: number;
    };

/** A Pool Element Parameter (RFC 5354 §3.10). */
export interface PoolElementParameter {
  readonly id: PoolElementId;
  /** 0: undetermined. */
  readonly homeRegistrarId: RegistrarId;
  /**
   * Registration Life in milliseconds; `Infinity` for 0xffffffff. On the wire: milliseconds in profile
   * `rsplib`, seconds in profile `rfc` (decision 1).
   */
  readonly lifeMs: Milliseconds;
  readonly userTransport: TransportParameter;
  readonly policy: Policy;
  /** SCTP, Transport Use 0. Left out by pool elements, added by their home (RFC 5352 §3.1). */
  readonly asapTransport?: TransportParameter | undefined;
  /**
   * All of it as it is written, where that is at hand: a Pool Element parameter with the length that it has without its
   * ASAP transport, and that one behind it, each padded to a multiple of 4. Decoding gives none.
   */
  readonly encoded?: Uint8Array | undefined;
}

/** One cause of an Operation Error (RFC 5354 §3.12). `info` is empty when the cause has none. */
export interface ErrorCause {
  readonly code: number;
  readonly info: Uint8Array;
}

/** Cause codes of RFC 5354 §3.12, and the two private ones that rsplib's pool elements act upon. */
export const CAUSE = {
  UNSPECIFIED: 0x0000,
  UNRECOGNIZED_PARAMETER: 0x0001,
  UNRECOGNIZED_MESSAGE: 0x0002,
  INVALID_VALUES: 0x0003,
  NON_UNIQUE_PE_IDENTIFIER: 0x0004,
  INCONSISTENT_POOLING_POLICY: 0x0005,
  LACK_OF_RESOURCES: 0x0006,
  INCONSISTENT_TRANSPORT_TYPE: 0x0007,
  INCONSISTENT_DATA_CONTROL: 0x0008,
  UNKNOWN_POOL_HANDLE: 0x0009,
  REJECTED_FOR_SECURITY: 0x000a,
  RSPLIB_NO_USABLE_ASAP_ADDRESSES: 0xf007,
  RSPLIB_NO_USABLE_USER_ADDRESSES: 0xf008,
} as const;

/** Further causes that rsplib sends: its internal error codes, as they are (rserpoolerror.h). */
export const RSPLIB_CAUSE = {
  INVALID_MESSAGE: 0x0010,
  INVALID_VALUE: 0x0011,
  UNRECOGNIZED_PARAMETER_SILENT: 0x1009,
  WRONG_PROTOCOL: 0x100a,
  UNSUPPORTED_POLICY: 0x100b,
  INVALID_ID: 0xf000,
  OWN_ID: 0xf001,
  DUPLICATE_ID: 0xf002,
  INVALID_POLICY: 0xf003,
  INVALID_POOL_HANDLE: 0xf004,
  INVALID_ADDRESSES: 0xf005,
  INVALID_REGISTRAR: 0xf006,
} as const;
