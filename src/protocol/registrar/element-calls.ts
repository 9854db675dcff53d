/**
 * Associations that we open to processes of pool elements, at their ASAP transports: one to each, however many of
 * its elements are to be spoken to, not too many at one time, and none for long.
 */

import type { PoolElementState } from '../../handlespace/pool-element.ts';
import type { AssociationId, Milliseconds, SctpAddress } from '../../types.ts';
import type { ConnectAttempt } from '../machine.ts';
import { type AddressScope, isInScope } from './address-scope.ts';
import type { RegistrarContext } from './context.ts';
import { PerAssociation } from './per-association.ts';

/**
 * Calls at one time. Each takes one of the transport's associations, which others want as well (10 000 by default),
 * and so many dead places cost the living ones behind them no more than one time-out.
 */
const MOST_CALLS = 256;
/** That are known to be one process. Should it say that it is at more, the others are called when they are wanted. */
const MOST_PLACES = 64;
/** Fraction of the time-out by which a wake-up is late only when the process was paused. */
const LATE = 0.1;

/** Where a process listens, by its ASAP transport. */
export interface Place {
  readonly name: string;
  /** Of its addresses those that may be called. */
  readonly peer: readonly SctpAddress[];
}

/** Under way until the association is up. */
interface Call {
  readonly place: Place;
  readonly begunAt: Milliseconds;
  readonly waiting: PoolElementState[];
}

/** Somebody can be spoken to. */
type OnReached = (
  now: Milliseconds,
  association: AssociationId,
  poolElement: PoolElementState,
) => void;

export class ElementCalls {
  readonly #context: RegistrarContext;
  readonly #onReached: OnReached;
  /** Under way, by place. */
  readonly #calls = new Map<string, Call>();
  /** Those that succeeded, by place. */
  readonly #reached = new PerAssociation<void>(MOST_PLACES);
  /** The same calls, the oldest first. */
  readonly #attempts = new Map<ConnectAttempt, Call>();
  /** What is up by each address of its peer, from the first call that fails until none is under way. */
  #upAt: PerAssociation<void> | undefined;
  /** When the process was last paused. */
  #resumedAt: Milliseconds = 0;
  #nextAttempt = 1;

  constructor(context: RegistrarContext, onReached: OnReached) {
    this.#context = context;
    this.#onReached = onReached;
  }

  get nextDeadline(): Milliseconds {
    const [oldest] = this.#attempts.values();
    return oldest === undefined ? Number.POSITIVE_INFINITY : this.#deadlineOf(oldest);
  }

  /** Whether `reach` may be called: it takes no further call, or there is room for one. */
  hasRoomFor({ name, peer }: Place): boolean {
    const isCallNeeded =
      peer.length > 0 && this.#reached.get(name) === undefined && !this.#calls.has(name);
    return !isCallNeeded || this.#attempts.size < MOST_CALLS;
  }

  /** `onReached` follows, at once or later, unless nobody answers there. */
  reach(now: Milliseconds, poolElement: PoolElementState, place: Place): void {
    if (place.peer.length === 0) return;
    const reached = this.#reached.get(place.name);
    if (reached !== undefined) this.#onReached(now, reached.association, poolElement);
    else (this.#calls.get(place.name) ?? this.#callAt(now, place)).waiting.push(poolElement);
  }

  /** @param attempt undefined: the peer has called */
  onAssociationUp(
    now: Milliseconds,
    association: AssociationId,
    attempt: ConnectAttempt | undefined,
  ): void {
    if (this.#upAt !== undefined) this.#noteUp(this.#upAt, association);
    if (attempt === undefined) return;
    const call = this.#attempts.get(attempt);
    if (call === undefined) return; // it was given up
    this.#end(attempt, call);
    this.#goOn(now, association, call);
  }

  /**
   * There is no second association on the same ports: whoever cannot be called may have called us already. So does
   * a pool element of rsplib that lost its registrar, long before it registers anew (interop-rsplib A18).
   */
  onConnectFailed(now: Milliseconds, attempt: ConnectAttempt): void {
    const call = this.#attempts.get(attempt);
    if (call === undefined) return; // it was given up
    const upAt = this.#placesUp();
    const theirs = call.place.peer.map((one) => upAt.get(textOf(one)));
    const there = theirs.find((one) => one !== undefined);
    this.#end(attempt, call);
    if (there !== undefined) this.#goOn(now, there.association, call);
  }

  onAssociationDown(association: AssociationId): void {
    this.#reached.end(association);
    this.#upAt?.end(association);
  }

  /** Gives up those that have had no answer for too long. */
  onTimeout(now: Milliseconds): void {
    const { options, outbox } = this.#context;
    // Decision 46: nobody has let us wait while the process was paused.
    const patienceMs = LATE * options.endpointKeepAliveTimeoutIntervalMs;
    if (now > this.nextDeadline + patienceMs) this.#resumedAt = now;
    for (const [attempt, call] of this.#attempts) {
      if (now < this.#deadlineOf(call)) return;
      outbox.push({ type: 'cancelConnect', attempt });
      this.onConnectFailed(now, attempt);
    }
  }

  #deadlineOf({ begunAt }: Call): Milliseconds {
    const { endpointKeepAliveTimeoutIntervalMs } = this.#context.options;
    return Math.max(begunAt, this.#resumedAt) + endpointKeepAliveTimeoutIntervalMs;
  }

  #goOn(now: Milliseconds, association: AssociationId, { place, waiting }: Call): void {
    // It is gone when there are too many.
    if (!this.#context.associations.has(association)) return;
    this.#reached.set(place.name, association);
    for (const poolElement of waiting) this.#onReached(now, association, poolElement);
  }

  #callAt(now: Milliseconds, place: Place): Call {
    const call: Call = { place, begunAt: now, waiting: [] };
    const attempt = this.#nextAttempt++;
    this.#calls.set(place.name, call);
    this.#attempts.set(attempt, call);
    this.#context.outbox.push({ type: 'connect', attempt, peer: place.peer });
    return call;
  }

  #end(attempt: ConnectAttempt, { place }: Call): void {
    this.#attempts.delete(attempt);
    this.#calls.delete(place.name);
    if (this.#attempts.size === 0) this.#upAt = undefined;
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
