/**
 * Keep-alives with the H bit (RFC 5352 §3.4): who has been asked, and over which association; whoever acknowledges is
 * ours by that. Not too many are unanswered over one association, so that a process which reads slowly is not buried
 * by them: beyond what the transport and the runtime hold for it, its association would be aborted.
 */

import type { PoolElementState } from '../../handlespace/pool-element.ts';
import type { AssociationId, Milliseconds } from '../../types.ts';
import { keyOf } from '../pool-element-key.ts';
import { claim } from './claim.ts';
import type { RegistrarContext } from './context.ts';
import { PerAssociation } from './per-association.ts';
import { Waits } from './waits.ts';

/** Over one association: less than what is held for it (`runtime/driver.ts`), with the longest handles also. */
const MOST_UNANSWERED = 256;

interface Conversation {
  unanswered: number;
  hasAnswered: boolean;
}

export interface QuestionsListener {
  /** There is room for another question. */
  onRoom(association: AssociationId): void;
  /** As many have been asked as may be, and none of them has answered in time. */
  onSilent(association: AssociationId): void;
}

export class HomeQuestions {
  readonly #context: RegistrarContext;
  readonly #listener: QuestionsListener;
  /** By handle and identifier. Late answers count as well, so they stay when their time is over. */
  readonly #asked: PerAssociation<PoolElementState>;
  readonly #conversations = new Map<AssociationId, Conversation>();
  /** For an answer of anybody, where there is no room. */
  readonly #waits: Waits<AssociationId>;

  constructor(context: RegistrarContext, listener: QuestionsListener) {
    const { limits, endpointKeepAliveTimeoutIntervalMs } = context.options;
    this.#context = context;
    this.#listener = listener;
    this.#asked = new PerAssociation(limits.maxPoolElementsPerAssociation);
    this.#waits = new Waits(endpointKeepAliveTimeoutIntervalMs);
  }

  get nextDeadline(): Milliseconds {
    return this.#waits.nextDeadline;
  }

  hasRoomOver(association: AssociationId): boolean {
    const conversation = this.#conversations.get(association);
    return conversation === undefined || conversation.unanswered < MOST_UNANSWERED;
  }

  ask(now: Milliseconds, association: AssociationId, poolElement: PoolElementState): void {
    const { poolHandle, id: poolElementId } = poolElement;
    const { id, associations, options, outbox, counters } = this.#context;
    if (!associations.has(association)) return; // it has just ended
    // More could not be registered over it either.
    if (!this.#asked.set(keyOf(poolHandle, poolElementId), association, poolElement)) return;
    this.#noteAsked(now, association);
    counters.endpointKeepAlives += 1;
    outbox.send(association, {
      type: 'ASAP_ENDPOINT_KEEP_ALIVE',
      wantsToBeHome: true,
      registrarId: id,
      poolHandle,
      ...(options.keepAliveNamesPoolElement ? { poolElementId } : {}),
    });
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
    this.#noteAnswered(association);
    const known = this.#context.handlespace.find(poolHandle, poolElementId);
    if (known !== undefined && known.association !== 0) return; // it has registered here by itself
    claim(this.#context, now, association, known ?? asked.value);
  }

  /** What has not been answered by now is not waited for any more. */
  onTimeout(now: Milliseconds): void {
    for (const association of this.#waits.expire(now)) {
      const hasAnswered = this.#conversations.get(association)?.hasAnswered;
      this.#conversations.delete(association);
      if (hasAnswered) this.#listener.onRoom(association);
      else this.#listener.onSilent(association);
    }
  }

  onAssociationDown(association: AssociationId): void {
    this.#asked.end(association);
    this.#conversations.delete(association);
    this.#waits.end(association);
  }

  #noteAsked(now: Milliseconds, association: AssociationId): void {
    const conversation = this.#conversations.get(association);
    if (conversation === undefined) {
      this.#conversations.set(association, { unanswered: 1, hasAnswered: false });
      return;
    }
    conversation.unanswered += 1;
    if (conversation.unanswered === MOST_UNANSWERED) this.#waits.begin(now, association);
  }

  #noteAnswered(association: AssociationId): void {
    const conversation = this.#conversations.get(association);
    if (conversation === undefined) return; // later than it was waited for
    conversation.unanswered = Math.max(0, conversation.unanswered - 1);
    conversation.hasAnswered = true;
    this.#waits.end(association);
    this.#listener.onRoom(association);
  }
}
