/**
 * Associations that we open to processes of pool elements, at their ASAP transports: one to each, however many of
 * its elements are to be spoken to, not too many at one time, and none for long.
 */

import type { PoolElementState } from '../../handlespace/pool-element.ts';
import type { AssociationId, Milliseconds, SctpAddress } from '../../types.ts';
import { type AddressScope, isInScope } from '../address-scope.ts';
import type { ConnectAttempt } from '../machine.ts';
import type { RegistrarContext } from './context.ts';
import { PerAssociation } from './per-association.ts';
import { Waits } from './waits.ts';

/**
 * Calls at one time. Each takes one of the transport's associations, which others want as well (10 000 by default),
 * and so many dead places cost the living ones behind them no more than one time-out.
 */
const MOST_CALLS = 256;
/** That are known to be one process. Should it say that it is at more, the others are called when they are wanted. */
const MOST_PLACES = 64;

/** Where a process listens, by its ASAP transport. */
export interface Place {
  readonly name: string;
  /** Of its addresses those that may be called. */
  readonly peer: readonly SctpAddress[];
}

export interface CallsListener {
  onReached(place: Place, association: AssociationId): void;
  /** Nobody has answered there in time. */
  onUnreachable(place: Place): void;
}

export class ElementCalls {
  readonly #context: RegistrarContext;
  readonly #listener: CallsListener;
  readonly #underWay = new Map<ConnectAttempt, Place>();
  readonly #waits: Waits<ConnectAttempt>;
  /** Those that succeeded, by the name of the place. */
  readonly #reached = new PerAssociation<void>(MOST_PLACES);
  /** What is up by each address of its peer, from the first call that fails until none is under way. */
  #upAt: PerAssociation<void> | undefined;
  #nextAttempt = 1;

  constructor(context: RegistrarContext, listener: CallsListener) {
    this.#context = context;
    this.#listener = listener;
    this.#waits = new Waits(context.options.endpointKeepAliveTimeoutIntervalMs);
  }

  get nextDeadline(): Milliseconds {
    return this.#waits.nextDeadline;
  }

  /** For another call. */
  get hasRoom(): boolean {
    return this.#underWay.size < MOST_CALLS;
  }

  associationTo({ name }: Place): AssociationId | undefined {
    return this.#reached.get(name)?.association;
  }

  /** `onReached` or `onUnreachable` follows. */
  call(now: Milliseconds, place: Place): void {
    const attempt = this.#nextAttempt++;
    this.#underWay.set(attempt, place);
    this.#waits.begin(now, attempt);
    this.#context.outbox.push({ type: 'connect', attempt, peer: place.peer });
  }

  /** @param attempt undefined: the peer has called */
  onAssociationUp(association: AssociationId, attempt: ConnectAttempt | undefined): void {
    if (this.#upAt !== undefined) this.#noteUp(this.#upAt, association);
    if (attempt !== undefined) this.#end(attempt, () => association);
  }

  /**
   * There is no second association on the same ports: whoever cannot be called may have called us already. So does
   * a pool element of rsplib that lost its registrar, long before it registers anew (interop-rsplib A18).
   */
  onConnectFailed(attempt: ConnectAttempt): void {
    this.#end(attempt, ({ peer }) => {
      const upAt = this.#placesUp();
      const theirs = peer.map((one) => upAt.get(textOf(one)));
      return theirs.find((one) => one !== undefined)?.association;
    });
  }

  /** It is down, or nobody answers there. */
  onLost(association: AssociationId): void {
    this.#reached.end(association);
    if (!this.#context.associations.has(association)) this.#upAt?.end(association);
  }

  /** Gives up those that have had no answer for too long. */
  onTimeout(now: Milliseconds): void {
    for (const attempt of this.#waits.expire(now)) {
      this.#context.outbox.push({ type: 'cancelConnect', attempt });
      this.onConnectFailed(attempt);
    }
  }

  #end(attempt: ConnectAttempt, associationTo: (place: Place) => AssociationId | undefined): void {
    const place = this.#underWay.get(attempt);
    if (place === undefined) return; // it was given up
    const association = associationTo(place);
    this.#underWay.delete(attempt);
    this.#waits.end(attempt);
    if (this.#underWay.size === 0) this.#upAt = undefined;
    // It is gone when there are too many.
    if (association === undefined || !this.#context.associations.has(association)) {
      this.#listener.onUnreachable(place);
      return;
    }
    this.#reached.set(place.name, association);
    this.#listener.onReached(place, association);
  }

  #placesUp(): PerAssociation<void> {
    if (this.#upAt === undefined) {
      this.#upAt = new PerAssociation(Number.POSITIVE_INFINITY);
      for (const id of this.#context.associations.keys()) this.#noteUp(this.#upAt, id);
    }
    return this.#upAt;
  }

  #noteUp(upAt: PerAssociation<void>, id: AssociationId): void {
    const peerAddresses = this.#context.associations.get(id)?.peerAddresses ?? [];
    for (const one of peerAddresses) upAt.set(textOf(one), id);
  }
}

/** One without a peer: nobody can be called there. */
export function placeOf({ asapTransport }: PoolElementState, minAddressScope: AddressScope): Place {
  if (asapTransport === undefined || asapTransport.protocol === 'opaque') return NOWHERE;
  const { addresses, port } = asapTransport;
  const peer = addresses
    .filter((address) => isInScope(address, minAddressScope))
    .map((address) => ({ address, port }));
  return { name: peer.map(textOf).join(), peer };
}

const NOWHERE: Place = { name: '', peer: [] };

function textOf({ address, port }: SctpAddress): string {
  return `${address} ${port}`;
}
