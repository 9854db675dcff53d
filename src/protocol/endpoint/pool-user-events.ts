/** What goes into a pool user machine and what comes out of it. */

import type { PoolElementId } from '../../types.ts';
import type { PoolElementParameter } from '../../wire/parameters.ts';
import type { Logger } from '../logger.ts';
import type { AssociationInput, AssociationOutput } from '../machine.ts';
import type { PoolUserOptions } from './options.ts';
import type { AnnounceHeard, RegistrarAddresses } from './registrar-list.ts';

export interface PoolUserSettings {
  /** Registrars that are known beforehand; others are found by their announces. */
  readonly registrars: readonly RegistrarAddresses[];
  readonly options: PoolUserOptions;
  readonly seed: bigint;
  /** Default: silence. */
  readonly log?: Logger | undefined;
}

export type PoolUserInput =
  | AssociationInput
  | AnnounceHeard
  /** Answered by exactly one `resolved` or `resolutionFailed` with the same `request`, unless cancelled. */
  | {
      readonly type: 'resolve';
      readonly request: number;
      readonly poolHandle: Uint8Array;
      /** How many pool elements are wanted; absent: as many as a registrar gives when it is not told. */
      readonly items?: number | undefined;
      /** Asks a registrar, for this request alone, even if the cache could answer. */
      readonly isFresh?: boolean | undefined;
    }
  /** The answer is not wanted any more. */
  | { readonly type: 'cancel'; readonly request: number }
  /** A pool element could not be reached (RFC 5352 §3.5). */
  | {
      readonly type: 'reportUnreachable';
      readonly poolHandle: Uint8Array;
      readonly poolElementId: PoolElementId;
    }
  /** End; `stopped` is the last event. */
  | { readonly type: 'stop' };

export type PoolUserOutput = AssociationOutput | PoolUserEvent;

export type PoolUserEvent =
  | {
      readonly type: 'resolved';
      readonly request: number;
      /** In the order in which to use them; `undefined`: there is no such pool. */
      readonly poolElements: readonly PoolElementParameter[] | undefined;
    }
  | {
      readonly type: 'resolutionFailed';
      readonly request: number;
      /** `rejected`: a registrar said no; `unreachable`: none answered; `stopped`: we ended. */
      readonly why: 'rejected' | 'unreachable' | 'stopped';
      readonly causeCodes: readonly number[];
      /** The causes in words; absent unless `why` is `rejected`. */
      readonly reason?: string | undefined;
    }
  | { readonly type: 'stopped' };
