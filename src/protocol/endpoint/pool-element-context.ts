/** What the procedures of one pool element share. `pool-element.ts` makes it; the procedures act on it. */

import type { AssociationId, Milliseconds, RegistrarId } from '../../types.ts';
import type { Policy } from '../../wire/parameters.ts';
import type { Logger } from '../logger.ts';
import type { Outbox } from './outbox.ts';
import type { PoolElementEvent, PoolElementSettings } from './pool-element-events.ts';
import type { RegistrarAddresses } from './registrar-list.ts';
import type { ServerHunt } from './server-hunt.ts';

export interface PoolElementContext {
  readonly settings: PoolElementSettings;
  readonly outbox: Outbox<PoolElementEvent>;
  readonly hunt: ServerHunt;
  readonly log: Logger;
  /** Every association that is up, with the addresses of the registrar at its other end. */
  readonly registrars: Map<AssociationId, RegistrarAddresses>;
  phase: Phase;
  /** The policy that is wanted. */
  policy: Policy;
  /** The registration that the home has; `undefined`: it has none. */
  accepted: AcceptedRegistration | undefined;
  /** The home registrar, or the one that is to become it. */
  home: Home | undefined;
  /** Registrations in a row that have failed. */
  failures: number;
}

export interface Home {
  readonly association: AssociationId;
  /** 0: not known; a registration response does not say. */
  id: RegistrarId;
}

export interface AcceptedRegistration {
  readonly policy: Policy;
  t4Reregistration: Milliseconds;
}

/** What runs until an answer comes, and its timer: T2, T3 or T4 of RFC 5352 §7.1. */
export type Phase =
  /** Not started, or refused: nothing is wanted of any registrar. */
  | { readonly name: 'idle' }
  /** Looking for a registrar (RFC 5352 §3.6). */
  | { readonly name: 'hunting' }
  | {
      readonly name: 'registering';
      readonly t2Registration: Milliseconds;
      /** The policy that the registrar was told. */
      readonly policy: Policy;
    }
  | { readonly name: 'registered'; readonly t4Reregistration: Milliseconds }
  | { readonly name: 'deregistering'; readonly t3Deregistration: Milliseconds }
  | { readonly name: 'stopped' };

/** The timer of a phase; `Infinity`: it has none. */
export function deadlineOf(phase: Phase): Milliseconds {
  if (phase.name === 'registering') return phase.t2Registration;
  if (phase.name === 'registered') return phase.t4Reregistration;
  return phase.name === 'deregistering' ? phase.t3Deregistration : Number.POSITIVE_INFINITY;
}
