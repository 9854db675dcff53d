/**
 * What every protocol machine looks like from outside: values go in with the time, values come out. A
 * machine owns no socket, timer, clock or random source, so the driver runs it over SCTP and the simulator
 * over nothing at all.
 *
 * One input, then drain everything, then the next input. Same state, same `now`, same input: same outputs.
 */

import type { AssociationId, IpAddress, Milliseconds, SctpAddress } from '../types.ts';

export interface Machine<Input, Output> {
  handle(now: Milliseconds, input: Input): void;
  /** What the inputs since the last call gave rise to, in order; the machine forgets it. */
  drain(): readonly Output[];
  /** When `{ type: 'timeout' }` is wanted next; `Infinity`: never. Late or repeated ones are harmless. */
  nextDeadline(): Milliseconds;
}

/** Number that a machine gives to one of its `connect` outputs, to know it again. */
export type ConnectAttempt = number;

/** Why an association is no more. */
export type AssociationEnd = 'shutdown' | 'abort' | 'lost' | 'refused';

/** What the transport tells a machine. */
export type AssociationInput =
  | {
      readonly type: 'associationUp';
      readonly association: AssociationId;
      readonly peerAddresses: readonly SctpAddress[];
      /** Set when the association is the answer to a `connect` output. */
      readonly attempt?: ConnectAttempt | undefined;
    }
  /** The peer restarted (RFC 9260 §5.2): same association, all of the peer's state is gone. */
  | { readonly type: 'associationRestarted'; readonly association: AssociationId }
  /** The peer has these addresses from now on (RFC 5061). */
  | {
      readonly type: 'associationAddresses';
      readonly association: AssociationId;
      readonly peerAddresses: readonly SctpAddress[];
    }
  | {
      readonly type: 'associationDown';
      readonly association: AssociationId;
      readonly why: AssociationEnd;
    }
  | { readonly type: 'connectFailed'; readonly attempt: ConnectAttempt }
  | {
      readonly type: 'message';
      readonly association: AssociationId;
      /** Payload protocol identifier: 11 is ASAP, 12 is ENRP. */
      readonly payloadProtocol: number;
      /** Valid only during the call. */
      readonly payload: Uint8Array;
    }
  /** A deadline has come, or just some time has passed. */
  | { readonly type: 'timeout' };

/** The addresses at which others reach us are these from now on. */
export interface LocalAddressesChanged {
  readonly type: 'localAddressesChanged';
  readonly addresses: readonly IpAddress[];
}

/** What a machine wants of the transport. */
export type AssociationOutput =
  | {
      readonly type: 'send';
      readonly association: AssociationId;
      readonly payloadProtocol: number;
      readonly payload: Uint8Array;
    }
  /** Open an association to any of these addresses of one peer. */
  | {
      readonly type: 'connect';
      readonly attempt: ConnectAttempt;
      readonly peer: readonly SctpAddress[];
    }
  /** The outcome of this attempt is of no more interest: give up what is not up yet. */
  | { readonly type: 'cancelConnect'; readonly attempt: ConnectAttempt }
  /** End gracefully (RFC 9260 §9.2). */
  | { readonly type: 'shutdown'; readonly association: AssociationId }
  /** End at once (RFC 9260 §9.1). */
  | { readonly type: 'abort'; readonly association: AssociationId; readonly reason: string };
