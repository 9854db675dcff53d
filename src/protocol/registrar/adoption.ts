/**
 * Pool elements that become ours without having registered here: those of a registrar that we take over from
 * (RFC 5353 §3.5.2), our own from before a restart (decision 35), and those that a peer suggests to us
 * (decision 41). Each is called at its ASAP transport and sent a keep-alive with the H bit (RFC 5352 §3.4):
 * whoever acknowledges is ours over that association from then on. Who was ours before and does not is removed
 * by the time-out that the handlespace runs for it. All that at a measured pace (RFC 5355, threat 9).
 */

import { HandlespaceError } from '../../errors.ts';
import type { PoolElementState } from '../../handlespace/pool-element.ts';
import type { AssociationId, Milliseconds } from '../../types.ts';
import type { ConnectAttempt } from '../machine.ts';
import { keyOf } from '../pool-element-key.ts';
import type { RegistrarContext } from './context.ts';
import { ElementCalls } from './element-calls.ts';
import { PerAssociation } from './per-association.ts';
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

export class Adoption {
  readonly #context: RegistrarContext;
  /** By handle and identifier, in order. */
  readonly #candidates = new Map<string, Candidate>();
  #periodEndsAt: Milliseconds = 0;
  #leftInPeriod = 0;
  readonly #calls: ElementCalls;
  /** Who has been asked, by handle and identifier, and over which association. */
  readonly #asked = new PerAssociation<PoolElementState>();
  /** Who has gone to a peer, it is said, by handle and identifier, and over which association it was ours. */
  readonly #departed = new PerAssociation<PoolElementState>();

  constructor(context: RegistrarContext) {
    this.#context = context;
    this.#calls = new ElementCalls(context, (association, poolElement) =>
      this.#ask(association, poolElement),
    );
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
    this.#calls.reach(poolElement);
  }

  /** @param attempt undefined: the peer has called */
  onAssociationUp(association: AssociationId, attempt: ConnectAttempt | undefined): void {
    this.#calls.onAssociationUp(association, attempt);
  }

  onConnectFailed(attempt: ConnectAttempt): void {
    this.#calls.onConnectFailed(attempt);
  }

  onAssociationDown(association: AssociationId): void {
    this.#departed.end(association);
    this.#calls.onAssociationDown(association);
    this.#asked.end(association);
  }

  onMovedAway(poolElement: PoolElementState): void {
    const { poolHandle, id } = poolElement;
    const association = poolElement.association as AssociationId;
    if (!this.#context.associations.has(association)) return;
    this.#departed.set(keyOf(poolHandle, id), association, poolElement);
  }

  /**
   * A peer has lost an element that had moved to it. Perhaps it never did: a registration that it gave up waiting
   * for may be read late, and undone at once (decision 52). Whoever is still connected to us is asked whether it is ours.
   */
  onAbandoned(poolElement: PoolElementState): void {
    if (this.#departed.size === 0) return;
    const key = keyOf(poolElement.poolHandle, poolElement.id);
    const departed = this.#departed.get(key);
    if (departed === undefined) return;
    this.#departed.delete(key);
    this.#ask(departed.association, poolElement);
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
    this.#claim(now, association, known ?? asked.value);
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

  #ask(association: AssociationId, poolElement: PoolElementState): void {
    const { poolHandle, id: poolElementId } = poolElement;
    const { id, options, outbox, counters } = this.#context;
    this.#asked.set(keyOf(poolHandle, poolElementId), association, poolElement);
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
