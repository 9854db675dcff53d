/**
 * Pool elements that become ours without having registered here: those of a registrar that we take over from
 * (RFC 5353 §3.5.2), our own from before a restart (decision 35), and those that a peer suggests to us
 * (decision 41). Each is called at its ASAP transport and sent a keep-alive with the H bit (RFC 5352 §3.4):
 * whoever acknowledges is ours over that association from then on. Who was ours before and does not is removed
 * by the time-out that the handlespace runs for it. All that at a measured pace (RFC 5355, threat 9).
 */

import { HandlespaceError } from '../../errors.ts';
import type { PoolElementState } from '../../handlespace/pool-element.ts';
import type { AssociationId, Milliseconds, SctpAddress } from '../../types.ts';
import type { ConnectAttempt } from '../machine.ts';
import { keyOf } from '../pool-element-key.ts';
import type { RegistrarContext } from './context.ts';
import { expiryOf } from './registration.ts';

/** Decision 45: 10 000 keep-alives per second. */
const PERIOD_MS = 10;
const MOST_PER_PERIOD = 100;

/** Its turn is to come. */
interface Candidate {
  readonly poolElement: PoolElementState;
  /** Its home lives, and would have us take it. */
  readonly isSuggested: boolean;
}

/** One process of pool elements, by its ASAP transport. */
interface Call {
  readonly place: string;
  readonly peer: readonly SctpAddress[];
  association: AssociationId | undefined;
  /** Asked as soon as the association is up. */
  readonly waiting: PoolElementState[];
}

interface Asked {
  readonly association: AssociationId;
  readonly poolElement: PoolElementState;
}

export class Adoption {
  readonly #context: RegistrarContext;
  /** By handle and identifier, in order. */
  readonly #candidates = new Map<string, Candidate>();
  #periodEndsAt: Milliseconds = 0;
  #leftInPeriod = 0;
  readonly #calls = new Map<string, Call>();
  readonly #attempts = new Map<ConnectAttempt, Call>();
  /** Who has been asked, by handle and identifier, and over which association. */
  readonly #asked = new Map<string, Asked>();
  /** Who has gone to a peer, it is said, by handle and identifier, and over which association it was ours. */
  readonly #departed = new Map<string, AssociationId>();
  /** What is up by each address of its peer, from the first call that fails until none is under way. */
  #upAt: Map<string, AssociationId> | undefined;
  #nextAttempt = 1;

  constructor(context: RegistrarContext) {
    this.#context = context;
  }

  get nextDeadline(): Milliseconds {
    return this.#candidates.size === 0 ? Number.POSITIVE_INFINITY : this.#periodEndsAt;
  }

  onCandidate(now: Milliseconds, candidate: Candidate): void {
    const { poolHandle, id } = candidate.poolElement;
    this.#candidates.set(keyOf(poolHandle, id), candidate);
    this.onTimeout(now);
  }

  /** Asks as many as may be asked by now. */
  onTimeout(now: Milliseconds): void {
    if (now >= this.#periodEndsAt) {
      this.#periodEndsAt = now + PERIOD_MS;
      this.#leftInPeriod = MOST_PER_PERIOD;
    }
    for (const [key, candidate] of this.#candidates) {
      if (this.#leftInPeriod === 0) return;
      this.#leftInPeriod -= 1;
      this.#candidates.delete(key);
      this.#begin(now, candidate);
    }
  }

  /** It may have gone, or found a home, since it was put in line. */
  #begin(now: Milliseconds, { poolElement, isSuggested }: Candidate): void {
    const { id, handlespace } = this.#context;
    const { poolHandle, id: poolElementId } = poolElement;
    const known = handlespace.find(poolHandle, poolElementId);
    if (known === undefined) return;
    const isOurs = known.homeRegistrarId === id;
    if (isOurs === isSuggested || known.association !== 0) return;
    if (isOurs) handlespace.probe(now, poolHandle, poolElementId);
    this.#approach(poolElement);
  }

  #approach(poolElement: PoolElementState): void {
    const peer = placesOf(poolElement);
    if (peer.length === 0) return;
    const place = peer.map(textOf).join();
    const call = this.#calls.get(place) ?? this.#callAt(place, peer);
    if (call.association === undefined) call.waiting.push(poolElement);
    else this.#ask(call.association, poolElement);
  }

  /** @param attempt undefined: the peer has called */
  onAssociationUp(association: AssociationId, attempt: ConnectAttempt | undefined): void {
    if (this.#upAt !== undefined) this.#noteUp(this.#upAt, association);
    if (attempt === undefined) return;
    const call = this.#endAttempt(attempt);
    if (call === undefined) return;
    if (!this.#context.associations.has(association)) {
      this.#calls.delete(call.place); // refused: there are too many
      return;
    }
    this.#askOver(association, call);
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
    if (association !== undefined && this.#context.associations.has(association)) {
      this.#askOver(association, call);
    } else {
      this.#calls.delete(call.place);
    }
  }

  onAssociationDown(association: AssociationId): void {
    for (const [key, its] of this.#departed) if (its === association) this.#departed.delete(key);
    if (this.#calls.size === 0) return;
    for (const { place, association: its } of this.#calls.values()) {
      if (its === association) this.#calls.delete(place);
    }
    for (const [key, asked] of this.#asked) {
      if (asked.association === association) this.#asked.delete(key);
    }
  }

  onMovedAway({ poolHandle, id, association }: PoolElementState): void {
    const its = association as AssociationId;
    if (this.#context.associations.has(its)) this.#departed.set(keyOf(poolHandle, id), its);
  }

  /**
   * A peer has lost an element that had moved to it. Perhaps it never did: a registration that it gave up waiting
   * for may be read late, and undone at once (decision 52). Whoever is still connected to us is asked whether it is ours.
   */
  onAbandoned(poolElement: PoolElementState): void {
    if (this.#departed.size === 0) return;
    const key = keyOf(poolElement.poolHandle, poolElement.id);
    const association = this.#departed.get(key);
    if (association === undefined) return;
    this.#departed.delete(key);
    this.#ask(association, poolElement);
  }

  /**
   * A keep-alive was acknowledged. An element that was asked with the H bit has us for its home by that, and
   * belongs to this association: also when peers have told something else meanwhile, for its word counts.
   */
  onAcknowledged(
    now: Milliseconds,
    association: AssociationId,
    poolHandle: Uint8Array,
    poolElementId: number,
  ): void {
    if (this.#asked.size === 0) return;
    const key = keyOf(poolHandle, poolElementId);
    const asked = this.#asked.get(key);
    if (asked === undefined || asked.association !== association) return;
    this.#asked.delete(key);
    const { handlespace } = this.#context;
    const known = handlespace.find(poolHandle, poolElementId);
    if (known !== undefined && known.association !== 0) return; // it has registered here by itself
    this.#claim(now, association, known ?? asked.poolElement);
  }

  #claim(now: Milliseconds, association: AssociationId, poolElement: PoolElementState): void {
    const { id, handlespace, options, changes, log } = this.#context;
    const { poolHandle, lifeMs, policy, userTransport, asapTransport } = poolElement;
    try {
      const outcome = handlespace.register(now, {
        ...{ poolHandle, id: poolElement.id, homeRegistrarId: id, lifeMs, policy },
        ...{ userTransport, asapTransport, association, isWatched: true, mayDisagree: true },
        expiresInMs: expiryOf(lifeMs, options),
      });
      const stored = handlespace.find(poolHandle, poolElement.id) as PoolElementState;
      if (outcome === 'created') changes.onAdded(stored);
      else changes.onUpdated(stored);
    } catch (error) {
      if (!(error instanceof HandlespaceError)) throw error;
      log.warn({ poolElement, reason: error.message }, 'pool element not adopted');
    }
  }

  #askOver(association: AssociationId, call: Call): void {
    call.association = association;
    for (const poolElement of call.waiting.splice(0)) this.#ask(association, poolElement);
  }

  #endAttempt(attempt: ConnectAttempt): Call | undefined {
    const call = this.#attempts.get(attempt);
    this.#attempts.delete(attempt);
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

  #callAt(place: string, peer: readonly SctpAddress[]): Call {
    const call: Call = { place, peer, association: undefined, waiting: [] };
    const attempt = this.#nextAttempt++;
    this.#calls.set(place, call);
    this.#attempts.set(attempt, call);
    this.#context.outbox.push({ type: 'connect', attempt, peer });
    return call;
  }

  #ask(association: AssociationId, poolElement: PoolElementState): void {
    const { poolHandle, id: poolElementId } = poolElement;
    const { id, options, outbox, counters } = this.#context;
    this.#asked.set(keyOf(poolHandle, poolElementId), { association, poolElement });
    counters.endpointKeepAlives += 1;
    outbox.send(association, {
      type: 'ASAP_ENDPOINT_KEEP_ALIVE',
      wantsToBeHome: true,
      registrarId: id,
      poolHandle,
      ...(options.keepAliveNamesPoolElement ? { poolElementId } : {}),
    });
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
