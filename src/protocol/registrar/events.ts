/** What goes into the registrar machine and what comes out of it. */

import type { PoolElementState } from '../../handlespace/pool-element.ts';
import type { AssociationId } from '../../types.ts';
import type { AssociationInput, AssociationOutput, LocalAddressesChanged } from '../machine.ts';
import type { Refusal } from './refusal.ts';

export type RegistrarInput =
  | AssociationInput
  /** An element is ours now that has not registered here: it is to be asked whether it lives. */
  | { readonly type: 'adopted'; readonly poolElement: PoolElementState }
  /** A peer would have us be the home of this element of its (RFC 5353 §2.2.4, T bit; decision 41). */
  | { readonly type: 'takeoverSuggested'; readonly poolElement: PoolElementState }
  /** A peer says that this element, which is registered here, has moved to it. */
  | { readonly type: 'movedAway'; readonly poolElement: PoolElementState }
  /** Its home, a peer, does not know it any more. */
  | { readonly type: 'abandoned'; readonly poolElement: PoolElementState }
  /** The handlespace is complete: announces may begin (RFC 5353 §3.2). */
  | { readonly type: 'inService' }
  | LocalAddressesChanged
  /** End cleanly; `stopped` is the last output. */
  | { readonly type: 'stop' };

export type RegistrarOutput =
  | AssociationOutput
  /** To be sent to the ASAP multicast group (RFC 5352 §2.2.10). */
  | { readonly type: 'announce'; readonly payload: Uint8Array }
  /** Nothing is left to do: the endpoint may be closed. */
  | { readonly type: 'stopped' }
  | RegistrarEvent;

/** What an application may want to know. There is none for resolutions: `counters` counts them. */
export type RegistrarEvent =
  | {
      readonly type: 'poolElementAdded';
      readonly poolElement: PoolElementState;
      /** It has registered here, or said yes to a keep-alive with the H bit. */
      readonly reason: 'registered';
    }
  /**
   * It has registered again. Or it was a peer's and is ours now without that: it has said yes to a keep-alive with
   * the H bit, or it leaves here, and its removal follows at once (decision 36).
   */
  | { readonly type: 'poolElementReregistered'; readonly poolElement: PoolElementState }
  | {
      readonly type: 'poolElementRemoved';
      readonly poolElement: PoolElementState;
      readonly reason: RemovalReason;
    }
  /** A registration or deregistration was answered no, with this cause first (RFC 5354 §3.12). */
  | ({ readonly type: 'requestRefused' } & Refusal)
  /** We ended an association, or did not take it. */
  | {
      readonly type: 'associationAborted';
      readonly association: AssociationId;
      readonly reason: AbortReason;
    };

export type RemovalReason =
  /** It asked for it. */
  | 'deregistered'
  /** It left a keep-alive unanswered. */
  | 'keepAliveTimeout'
  /** It did not re-register in time. */
  | 'registrationLife'
  /** The association that it was registered over has ended. */
  | 'associationLost'
  /** Pool users could not reach it (MAX-BAD-PE-REPORT). */
  | 'reportedUnreachable';

export type AbortReason =
  | 'keepAliveTimeout'
  | 'malformedMessages'
  | 'tooManyAssociations'
  | 'wrongPayloadProtocol'
  | 'stopping';
