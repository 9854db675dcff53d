/**
 * Before the handlespace is complete (RFC 5353 §3.2) a registrar answers what it can. That it does not know a pool it
 * says no sooner than it must: the mentor's table, which is on its way, may have it (decision 56). Whoever resolves one
 * waits, for less time than pool users do, and so does what it asks meanwhile: rsplib's programs take answers for those
 * to their requests in the order in which they sent them.
 */

import { type AssociationId, type Milliseconds, PAYLOAD_PROTOCOL } from '../../types.ts';
import type { AsapMessage } from '../../wire/asap-messages.ts';
import { SLICE } from '../backlog.ts';
import { HeldMessages } from '../held-messages.ts';
import type { Association } from './associations.ts';
import type { RegistrarContext } from './context.ts';
import { Waits } from './waits.ts';

/** A pool user that asks for 3 s, as rsplib's do and ours, gets its answer in time. */
const MAX_WAIT_MS = 2_000;
/** Hundreds of requests: as many as are answered at once. */
const MAX_BYTES_PER_ASSOCIATION = 1 << 16;
const MAX_BYTES = 1 << 24;

type Answer = (now: Milliseconds, association: Association, payload: Uint8Array) => void;

export class EarlyRequests {
  readonly #context: RegistrarContext;
  readonly #answer: Answer;
  readonly #requests = new HeldMessages(MAX_BYTES_PER_ASSOCIATION, MAX_BYTES);
  readonly #waits = new Waits<AssociationId>(MAX_WAIT_MS);
  #isInService: boolean;
  /** Whose requests have waited long enough. */
  #answering: AssociationId | undefined;

  /** @param answer does what a message asks for; `keeps` lets it */
  constructor(context: RegistrarContext, waitsForService: boolean, answer: Answer) {
    this.#context = context;
    this.#isInService = !waitsForService;
    this.#answer = answer;
  }

  get nextDeadline(): Milliseconds {
    return this.#waits.nextDeadline;
  }

  /** Whether anything that was asked over this association is still to be answered. */
  waits(association: AssociationId): boolean {
    return this.#requests.has(association);
  }

  /** Whether this message has to wait; then it is handed to `answer` later. */
  keeps(
    now: Milliseconds,
    { id }: Association,
    payload: Uint8Array,
    message: AsapMessage,
  ): boolean {
    if (id === this.#answering) return false;
    const isFirst = !this.#requests.has(id);
    if (isFirst ? !this.#isTooEarly(message) : !isRequest(message)) return false;
    if (!this.#requests.hold(id, 'inbound', PAYLOAD_PROTOCOL.ASAP, payload)) {
      this.#answerAll(now, id);
      return false;
    }
    if (isFirst) this.#waits.begin(now, id);
    return true;
  }

  onInService(now: Milliseconds): void {
    this.#isInService = true;
    this.#answerInSlices(now, this.#requests.associations());
  }

  onTimeout(now: Milliseconds): void {
    if (now >= this.nextDeadline) this.#answerInSlices(now, this.#waits.expire(now));
  }

  /** The association has ended, or its peer does not know of its requests any more. */
  drop(association: AssociationId): void {
    this.#requests.release(association);
    this.#waits.end(association);
  }

  #isTooEarly(message: AsapMessage): boolean {
    if (this.#isInService || message.type !== 'ASAP_HANDLE_RESOLUTION') return false;
    return this.#context.handlespace.peek(message.poolHandle) === undefined;
  }

  #answerInSlices(now: Milliseconds, associations: readonly AssociationId[]): void {
    let next = 0;
    this.#context.backlog.start(now, (at) => {
      for (let count = 0; count < SLICE && next < associations.length; next += 1) {
        count += 1 + this.#answerAll(at, associations[next] as AssociationId);
      }
      return next < associations.length;
    });
  }

  /** @returns how many */
  #answerAll(now: Milliseconds, id: AssociationId): number {
    const { inbound } = this.#requests.release(id);
    this.#waits.end(id);
    this.#answering = id;
    for (const { payload } of inbound) {
      // An answer may have ended it.
      const association = this.#context.associations.get(id);
      if (association !== undefined) this.#answer(now, association, payload);
    }
    this.#answering = undefined;
    return inbound.length;
  }
}

/** What is owed an answer (RFC 5352 §2.2). */
function isRequest({ type }: AsapMessage): boolean {
  return (
    type === 'ASAP_HANDLE_RESOLUTION' ||
    type === 'ASAP_REGISTRATION' ||
    type === 'ASAP_DEREGISTRATION'
  );
}
