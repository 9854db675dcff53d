/**
 * Pool elements that become ours without having registered here: those of a registrar that we take over from
 * (RFC 5353 §3.5.2), our own from before a restart (decision 35), and those that a peer suggests to us
 * (decision 41). Each is called at its ASAP transport and sent a keep-alive with the H bit: whoever acknowledges
 * is ours over that association from then on (`home-questions.ts`). Who was ours before and does not is removed
 * by the time-out that the handlespace runs for it from its turn on. All that at a measured pace (RFC 5355,
 * threat 9): until it can be asked, or it is known that it cannot, an element stays in line (`candidates.ts`).
 */

import type { PoolElementState } from '../../handlespace/pool-element.ts';
import type { AssociationId, Milliseconds } from '../../types.ts';
import type { ConnectAttempt } from '../machine.ts';
import { type Candidate, Candidates } from './candidates.ts';
import type { RegistrarContext } from './context.ts';
import { takeDeparted } from './departed.ts';
import { ElementCalls, placeOf } from './element-calls.ts';
import { HomeQuestions } from './home-questions.ts';

/** Decision 45: 10 000 keep-alives per second, and as many calls at most. */
const PERIOD_MS = 10;
const MOST_PER_PERIOD = 100;
/** In line, when a peer would add one: there is no end to what it may say, and the line may be held up for long. */
const MOST_WITH_THEIRS = 65_536;

export class Adoption {
  readonly #context: RegistrarContext;
  readonly #candidates = new Candidates();
  readonly #calls: ElementCalls;
  readonly #questions: HomeQuestions;
  #periodEndsAt: Milliseconds = 0;
  #callsLeft = 0;
  #turnsLeft = 0;

  constructor(context: RegistrarContext) {
    const candidates = this.#candidates;
    this.#context = context;
    this.#calls = new ElementCalls(context, {
      onReached: (place, association) => candidates.onReached(place, association),
      onUnreachable: (place) => candidates.onUnreachable(place),
    });
    this.#questions = new HomeQuestions(context, {
      onRoom: (association) => candidates.resume(association),
      // As when a keep-alive without the bit is unanswered, nothing else that runs there is believed alive.
      onSilent: (association) => this.#onLost(association),
    });
  }

  get nextDeadline(): Milliseconds {
    const isSomebodysTurn =
      this.#candidates.nextTurn !== undefined ||
      (this.#candidates.areToBeCalled && this.#calls.hasRoom);
    const nextTurnAt = isSomebodysTurn ? this.#periodEndsAt : Number.POSITIVE_INFINITY;
    return Math.min(nextTurnAt, this.#calls.nextDeadline, this.#questions.nextDeadline);
  }

  /** Whether it is in line: it has been asked nothing yet that it could have left unanswered. */
  isToBeAsked(poolElement: PoolElementState): boolean {
    if (this.#candidates.size === 0 || poolElement.association !== 0) return false;
    return this.#candidates.has(poolElement);
  }

  onAdopted(now: Milliseconds, poolElement: PoolElementState): void {
    this.#add(now, poolElement, 'adopted');
  }

  onSuggested(now: Milliseconds, poolElement: PoolElementState): void {
    if (this.#candidates.size < MOST_WITH_THEIRS) this.#add(now, poolElement, 'suggested');
  }

  /**
   * A peer has lost an element that had moved to it. Perhaps it never did: a registration that it gave up waiting
   * for may be read late, and undone at once (decision 52). Whoever is still connected to us is asked whether it is ours.
   */
  onAbandoned(now: Milliseconds, poolElement: PoolElementState): void {
    const association = takeDeparted(this.#context, poolElement);
    if (association === undefined || this.#candidates.size >= MOST_WITH_THEIRS) return;
    this.#add(now, poolElement, 'abandoned', association);
  }

  onTimeout(now: Milliseconds): void {
    this.#calls.onTimeout(now);
    this.#questions.onTimeout(now);
    this.#goOn(now);
  }

  /** @param attempt undefined: the peer has called */
  onAssociationUp(
    now: Milliseconds,
    association: AssociationId,
    attempt: ConnectAttempt | undefined,
  ): void {
    this.#calls.onAssociationUp(association, attempt);
    this.#goOn(now);
  }

  onConnectFailed(now: Milliseconds, attempt: ConnectAttempt): void {
    this.#calls.onConnectFailed(attempt);
    this.#goOn(now);
  }

  onAssociationDown(association: AssociationId): void {
    this.#questions.onAssociationDown(association);
    this.#onLost(association);
  }

  /** A keep-alive was acknowledged, perhaps one with the H bit. */
  onAcknowledged(
    now: Milliseconds,
    association: AssociationId,
    poolHandle: Uint8Array,
    poolElementId: number,
  ): void {
    this.#questions.onAcknowledged(now, association, poolHandle, poolElementId);
    if (this.#candidates.nextTurn !== undefined) this.#goOn(now);
  }

  #add(
    now: Milliseconds,
    poolElement: PoolElementState,
    why: Candidate['why'],
    association?: AssociationId,
  ): void {
    const place = placeOf(poolElement, this.#context.options.minAddressScope);
    const candidate = { poolElement, place, why };
    this.#candidates.add(candidate, association ?? this.#calls.associationTo(place));
    this.#goOn(now);
  }

  #onLost(association: AssociationId): void {
    this.#calls.onLost(association);
    this.#candidates.onLost(association);
  }

  /** Calls and asks as many as may be by now. */
  #goOn(now: Milliseconds): void {
    if (now >= this.#periodEndsAt) {
      this.#periodEndsAt = now + PERIOD_MS;
      this.#callsLeft = MOST_PER_PERIOD;
      this.#turnsLeft = MOST_PER_PERIOD;
    }
    this.#callOthers(now);
    this.#askOthers(now);
  }

  #callOthers(now: Milliseconds): void {
    const candidates = this.#candidates;
    while (this.#callsLeft > 0 && this.#calls.hasRoom) {
      const candidate = candidates.nextToBeCalled();
      if (candidate === undefined) return;
      this.#callsLeft -= 1;
      if (this.#isWanted(candidate)) {
        candidates.onCalled(candidate.place);
        this.#calls.call(now, candidate.place);
      } else {
        candidates.delete(candidate.poolElement);
      }
    }
  }

  #askOthers(now: Milliseconds): void {
    const candidates = this.#candidates;
    while (this.#turnsLeft > 0) {
      const queue = candidates.nextTurn;
      if (queue === undefined) return;
      const { association } = queue;
      if (association !== undefined && !this.#questions.hasRoomOver(association)) {
        candidates.pause(queue);
        continue;
      }
      const candidate = candidates.takeFrom(queue);
      if (candidate === undefined) continue; // they have all left the line
      this.#turnsLeft -= 1;
      if (this.#isWanted(candidate)) this.#onTurn(now, candidate, association);
    }
  }

  /** The time of who is ours runs from now on, whether it can be asked or not. */
  #onTurn(
    now: Milliseconds,
    { poolElement, why }: Candidate,
    association: AssociationId | undefined,
  ): void {
    const { poolHandle, id } = poolElement;
    if (why === 'adopted') this.#context.handlespace.probe(now, poolHandle, id);
    if (association !== undefined) this.#questions.ask(now, association, poolElement);
  }

  /** It may have gone, or found a home, since it was put in line. */
  #isWanted({ poolElement, why }: Candidate): boolean {
    const { id, handlespace } = this.#context;
    const known = handlespace.find(poolElement.poolHandle, poolElement.id);
    if (known === undefined) return why === 'abandoned';
    const isOurs = known.homeRegistrarId === id;
    return known.association === 0 && why === (isOurs ? 'adopted' : 'suggested');
  }
}
