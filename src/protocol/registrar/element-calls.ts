/**
 * Associations that we open to processes of pool elements, at their ASAP transports: one to each, however many of
 * its elements are to be spoken to.
 */

import type { PoolElementState } from '../../handlespace/pool-element.ts';
import type { AssociationId, SctpAddress } from '../../types.ts';
import type { ConnectAttempt } from '../machine.ts';
import type { RegistrarContext } from './context.ts';
import { PerAssociation } from './per-association.ts';

/** To one process, by its ASAP transport, until the association is up. */
interface Call {
  readonly place: string;
  readonly peer: readonly SctpAddress[];
  readonly waiting: PoolElementState[];
}

/** Somebody can be spoken to. */
type OnReached = (association: AssociationId, poolElement: PoolElementState) => void;

export class ElementCalls {
  readonly #context: RegistrarContext;
  readonly #onReached: OnReached;
  /** Under way, by place. */
  readonly #calls = new Map<string, Call>();
  /** Those that succeeded, by place. */
  readonly #reached = new PerAssociation<void>();
  readonly #attempts = new Map<ConnectAttempt, Call>();
  /** What is up by each address of its peer, from the first call that fails until none is under way. */
  #upAt: Map<string, AssociationId> | undefined;
  #nextAttempt = 1;

  constructor(context: RegistrarContext, onReached: OnReached) {
    this.#context = context;
    this.#onReached = onReached;
  }

  /** `onReached` follows, at once or later, unless nobody answers there. */
  reach(poolElement: PoolElementState): void {
    const peer = placesOf(poolElement);
    if (peer.length === 0) return;
    const place = peer.map(textOf).join();
    const reached = this.#reached.get(place);
    if (reached !== undefined) this.#onReached(reached.association, poolElement);
    else (this.#calls.get(place) ?? this.#callAt(place, peer)).waiting.push(poolElement);
  }

  /** @param attempt undefined: the peer has called */
  onAssociationUp(association: AssociationId, attempt: ConnectAttempt | undefined): void {
    if (this.#upAt !== undefined) this.#noteUp(this.#upAt, association);
    if (attempt === undefined) return;
    const call = this.#endAttempt(attempt);
    if (call !== undefined) this.#goOn(association, call);
  }

  /**
   * There is no second association on the same ports: whoever cannot be called may have called us already. So does
   * a pool element of rsplib that lost its registrar, long before it registers anew (interop-rsplib A18).
   */
  onConnectFailed(attempt: ConnectAttempt): void {
    const upAt = this.#placesUp();
    const call = this.#endAttempt(attempt);
    if (call === undefined) return;
    const association = call.peer
      .map((one) => upAt.get(textOf(one)))
      .find((id) => id !== undefined);
    if (association !== undefined) this.#goOn(association, call);
  }

  onAssociationDown(association: AssociationId): void {
    this.#reached.end(association);
  }

  #goOn(association: AssociationId, { place, waiting }: Call): void {
    // It is gone when there are too many.
    if (!this.#context.associations.has(association)) return;
    this.#reached.set(place, association);
    for (const poolElement of waiting) this.#onReached(association, poolElement);
  }

  #callAt(place: string, peer: readonly SctpAddress[]): Call {
    const call: Call = { place, peer, waiting: [] };
    const attempt = this.#nextAttempt++;
    this.#calls.set(place, call);
    this.#attempts.set(attempt, call);
    this.#context.outbox.push({ type: 'connect', attempt, peer });
    return call;
  }

  #endAttempt(attempt: ConnectAttempt): Call | undefined {
    const call = this.#attempts.get(attempt);
    this.#attempts.delete(attempt);
    if (call !== undefined) this.#calls.delete(call.place);
    if (this.#attempts.size === 0) this.#upAt = undefined;
    return call;
  }

  #placesUp(): ReadonlyMap<string, AssociationId> {
    if (this.#upAt === undefined) {
      this.#upAt = new Map();
      for (const id of this.#context.associations.keys()) this.#noteUp(this.#upAt, id);
    }
    return this.#upAt;
  }

  #noteUp(upAt: Map<string, AssociationId>, id: AssociationId): void {
    const peerAddresses = this.#context.associations.get(id)?.peerAddresses ?? [];
    for (const one of peerAddresses) upAt.set(textOf(one), id);
  }
}

function textOf({ address, port }: SctpAddress): string {
  return `${address} ${port}`;
}

function placesOf({ asapTransport }: PoolElementState): readonly SctpAddress[] {
  if (asapTransport === undefined || asapTransport.protocol === 'opaque') return [];
  const { addresses, port } = asapTransport;
  return addresses.map((address) => ({ address, port }));
}
