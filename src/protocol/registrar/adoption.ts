/**
 * Pool elements that become ours without having registered here: those of a registrar that we take over from
 * (RFC 5353 §3.5.2), our own from before a restart (decision 35), and those that a peer suggests to us
 * (decision 41). Each is called at its ASAP transport and sent a keep-alive with the H bit (RFC 5352 §3.4):
 * whoever acknowledges is ours over that association from then on. Who was ours before and does not is removed
 * by the time-out that the handlespace runs for it from its turn on. All that at a measured pace (RFC 5355,
 * threat 9): while as many are being called as may be, the others stay in line.
 */

import type { PoolElementState } from '../../handlespace/pool-element.ts';
import type { AssociationId, Milliseconds } from '../../types.ts';
import type { ConnectAttempt } from '../machine.ts';
import { keyOf } from '../pool-element-key.ts';
import { type Candidate, Candidates } from './candidates.ts';
import { claim } from './claim.ts';
import type { RegistrarContext } from './context.ts';
import { takeDeparted } from './departed.ts';
import { ElementCalls, placeOf } from './element-calls.ts';
import { PerAssociation } from './per-association.ts';

/** Decision 45: 10 000 keep-alives per second. */
const PERIOD_MS = 10;
const MOST_PER_PERIOD = 100;
/** In line, when a peer suggests one more: it has a home, and the line may be held up for long. */
const MOST_WITH_SUGGESTED = 65_536;

export class Adoption {
  readonly #context: RegistrarContext;
  readonly #candidates = new Candidates();
  /** The first in line must be called, and there is no room for a call. */
  #isHeldUp = false;
  #periodEndsAt: Milliseconds = 0;
  #leftInPeriod = 0;
  readonly #calls: ElementCalls;
  /** Who has been asked, by handle and identifier, and over which association. */
  readonly #asked: PerAssociation<PoolElementState>;

  constructor(context: RegistrarContext) {
    this.#context = context;
    this.#asked = new PerAssociation(context.options.limits.maxPoolElementsPerAssociation);
    this.#calls = new ElementCalls(context, (now, association, poolElement) =>
      this.#onReached(now, association, poolElement),
    );
  }

  get nextDeadline(): Milliseconds {
    const isNobodysTurn = this.#candidates.size === 0 || this.#isHeldUp;
    const nextTurnAt = isNobodysTurn ? Number.POSITIVE_INFINITY : this.#periodEndsAt;
    return Math.min(nextTurnAt, this.#calls.nextDeadline);
  }

  /** @param isSuggested its home lives, and would have us take it */
  onCandidate(now: Milliseconds, poolElement: PoolElementState, isSuggested: boolean): void {
    if (isSuggested && this.#candidates.size >= MOST_WITH_SUGGESTED) return;
    const place = placeOf(poolElement, this.#context.options.minAddressScope);
    this.#candidates.add({ poolElement, isSuggested, place });
    if (!this.#isHeldUp) this.#goOn(now);
  }

  /** Whether it is in line: it has been asked nothing yet that it could have left unanswered. */
  isToBeAsked(poolElement: PoolElementState): boolean {
    if (this.#candidates.size === 0 || poolElement.association !== 0) return false;
    return this.#candidates.has(poolElement);
  }

  onTimeout(now: Milliseconds): void {
    this.#calls.onTimeout(now);
    this.#goOn(now);
  }

  /** Asks as many as may be asked by now. */
  #goOn(now: Milliseconds): void {
    if (now >= this.#periodEndsAt) {
      this.#periodEndsAt = now + PERIOD_MS;
      this.#leftInPeriod = MOST_PER_PERIOD;
    }
    this.#isHeldUp = false;
    for (const candidate of this.#candidates) {
      if (this.#leftInPeriod === 0) return;
      this.#isHeldUp = !this.#calls.hasRoomFor(candidate.place);
      if (this.#isHeldUp) return;
      this.#leftInPeriod -= 1;
      this.#candidates.delete(candidate.poolElement);
      this.#begin(now, candidate);
    }
  }

  /** It may have gone, or found a home, since it was put in line. */
  #begin(now: Milliseconds, { poolElement, isSuggested, place }: Candidate): void {
    const { id, handlespace } = this.#context;
    const { poolHandle, id: poolElementId } = poolElement;
    const known = handlespace.find(poolHandle, poolElementId);
    if (known === undefined) return;
    const isOurs = known.homeRegistrarId === id;
    if (isOurs === isSuggested || known.association !== 0) return;
    if (isOurs) handlespace.probe(now, poolHandle, poolElementId);
    this.#calls.reach(now, poolElement, place);
  }

  /** Who is ours has all the time for its answer, however long it took to reach it. */
  #onReached(now: Milliseconds, association: AssociationId, poolElement: PoolElementState): void {
    const { id, handlespace } = this.#context;
    const { poolHandle, id: poolElementId } = poolElement;
    const known = handlespace.find(poolHandle, poolElementId);
    if (known?.homeRegistrarId === id && known.association === 0) {
      handlespace.probe(now, poolHandle, poolElementId);
    }
    this.#ask(association, poolElement);
  }

  /** @param attempt undefined: the peer has called */
  onAssociationUp(
    now: Milliseconds,
    association: AssociationId,
    attempt: ConnectAttempt | undefined,
  ): void {
    this.#calls.onAssociationUp(now, association, attempt);
    if (this.#isHeldUp) this.#goOn(now);
  }

  onConnectFailed(now: Milliseconds, attempt: ConnectAttempt): void {
    this.#calls.onConnectFailed(now, attempt);
    if (this.#isHeldUp) this.#goOn(now);
  }

  onAssociationDown(association: AssociationId): void {
    this.#calls.onAssociationDown(association);
    this.#asked.end(association);
  }

  /**
   * A peer has lost an element that had moved to it. Perhaps it never did: a registration that it gave up waiting
   * for may be read late, and undone at once (decision 52). Whoever is still connected to us is asked whether it is ours.
   */
  onAbandoned(poolElement: PoolElementState): void {
    const association = takeDeparted(this.#context, poolElement);
    if (association !== undefined) this.#ask(association, poolElement);
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
    claim(this.#context, now, association, known ?? asked.value);
  }

  #ask(association: AssociationId, poolElement: PoolElementState): void {
    const { poolHandle, id: poolElementId } = poolElement;
    const { id, options, outbox, counters } = this.#context;
    // More could not be registered over it either.
    if (!this.#asked.set(keyOf(poolHandle, poolElementId), association, poolElement)) return;
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
