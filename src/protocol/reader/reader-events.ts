/** What goes into the machine that reads a registrar, and what comes out of it. */

import type { IpAddress, Milliseconds, RegistrarId, SctpAddress } from '../../types.ts';
import type { ServerInformation } from '../../wire/enrp-messages.ts';
import type { PoolElementParameter, Profile } from '../../wire/parameters.ts';
import type { AssociationInput, AssociationOutput } from '../machine.ts';

/** What a registrar can be asked for: its list of peers, its whole handle table. */
export type RegistrarPart = 'peers' | 'poolElements';

export interface ReaderSettings {
  /** The identifier under which we ask: random, for it is nobody's. */
  readonly id: RegistrarId;
  /** The registrar: where it takes ENRP. */
  readonly registrar: readonly SctpAddress[];
  readonly parts: readonly RegistrarPart[];
  /** Introduces itself as a peer when it is refused, and asks again: rsplib answers nobody else. */
  readonly asPeer: boolean;
  /** What such a presence says of us. */
  readonly localAddresses: readonly IpAddress[];
  readonly profile: Profile;
  /** How long each answer is waited for. */
  readonly timeoutMs: Milliseconds;
  /** And all of them together. */
  readonly maxDurationMs: Milliseconds;
  /** A table that is longer is read no further. */
  readonly maxPoolElements: number;
  readonly maxTableBytes: number;
}

export type ReaderInput =
  | AssociationInput
  /** Call the registrar. `port`: ours. */
  | { readonly type: 'start'; readonly port: number };

export type ReaderOutput = AssociationOutput | ReaderEvent;

export type ReaderEvent =
  /** The registrar has refused, and believes from now on that we are a peer of it. */
  { readonly type: 'introduced' } | ReaderOutcome;

/** One of the two comes, once, and last. */
export type ReaderOutcome =
  | {
      readonly type: 'read';
      readonly registrarId: RegistrarId;
      /** Empty where they were not asked for. */
      readonly peers: readonly ServerInformation[];
      readonly poolElements: readonly TablePoolElement[];
    }
  | {
      readonly type: 'readFailed';
      readonly why: ReadFailure;
      readonly causeCodes: readonly number[];
      /** The causes in words; `undefined`: it named none. */
      readonly reason: string | undefined;
    };

export interface TablePoolElement {
  readonly poolHandle: Uint8Array;
  readonly poolElement: PoolElementParameter;
}

export type ReadFailure =
  /** Nobody has taken the call: refused, or not answered. */
  | 'unreachable'
  /** The association ended before anything was answered. */
  | 'turnedAway'
  /** The association ended before all was read. */
  | 'lost'
  /** An answer did not come in time. */
  | 'silent'
  /** R bit, or an ENRP_ERROR. */
  | 'rejected'
  /** What it sent is no ENRP message. */
  | 'malformed'
  /** Its handle table goes on and on. */
  | 'endless';
