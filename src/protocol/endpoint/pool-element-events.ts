/** What goes into a pool element machine and what comes out of it. */

import type { AssociationId, PoolElementId, RegistrarId, SctpAddress } from '../../types.ts';
import type { Policy, TransportParameter } from '../../wire/parameters.ts';
import type { Logger } from '../logger.ts';
import type { AssociationInput, AssociationOutput } from '../machine.ts';
import type { PoolElementOptions } from './options.ts';
import type { AnnounceHeard, RegistrarAddresses } from './registrar-list.ts';

/** One pool element. */
export interface PoolElementSettings {
  readonly id: PoolElementId;
  readonly poolHandle: Uint8Array;
  readonly policy: Policy;
  readonly userTransport: TransportParameter;
  /** Registrars that are known beforehand; others are found by their announces. */
  readonly registrars: readonly RegistrarAddresses[];
  readonly options: PoolElementOptions;
  readonly seed: bigint;
  /** Default: silence. */
  readonly log?: Logger | undefined;
}

export type PoolElementInput =
  | AssociationInput
  | AnnounceHeard
  /** Find a registrar and register, from now on. */
  | { readonly type: 'start' }
  /** Register with these values from now on, and at once; `registered` follows. */
  | { readonly type: 'updatePolicy'; readonly policy: Policy }
  /** Deregister and end; `stopped` is the last event. */
  | { readonly type: 'stop' };

export type PoolElementOutput = AssociationOutput | PoolElementEvent;

export type PoolElementEvent =
  /** A registrar has accepted the registration, for the first time or anew. */
  | {
      readonly type: 'registered';
      readonly association: AssociationId;
      readonly registrar: readonly SctpAddress[];
      /** The policy that it has now. */
      readonly policy: Policy;
      /** Accepted, but with values changed: the causes named for it (RFC 5352 §2.2.3). Usually empty. */
      readonly warningCauseCodes: readonly number[];
    }
  /**
   * A registrar said no to a registration with this policy. The same is not tried again until `updatePolicy`
   * or `start`; a registration that it had accepted before stands, with the policy of then.
   */
  | {
      readonly type: 'registrationRejected';
      readonly policy: Policy;
      readonly causeCodes: readonly number[];
      /** The causes in words: a clause such as "the pool uses leastUsed, not roundRobin (cause 5)". */
      readonly reason: string;
    }
  /** The registration is gone, usually with its home registrar; a new one is on its way. */
  | { readonly type: 'registrationLost' }
  /** A round of the server hunt or MAX-REG-ATTEMPT registrations went unanswered; it goes on. */
  | { readonly type: 'registrarUnreachable' }
  /** Another registrar has taken this pool element over (H bit, RFC 5352 §3.4). */
  | { readonly type: 'homeChanged'; readonly registrarId: RegistrarId }
  /** Deregistered where that was possible; nothing is left to do. */
  | { readonly type: 'stopped' };
