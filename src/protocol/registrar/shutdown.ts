/**
 * Our own clean stop (decision 41): no more announces, every association ends gracefully, so that what was
 * answered arrives. That our associations end is no loss of our pool elements: nobody is told that they are
 * gone, and they turn to another registrar by themselves.
 */

import type { AssociationId, Milliseconds } from '../../types.ts';
import type { RegistrarContext } from './context.ts';
import type { RegistrarInput } from './events.ts';

export class Shutdown {
  readonly #context: RegistrarContext;
  /** When we stop to wait for peers that do not end their side; `undefined`: not stopping. */
  #deadline: Milliseconds | undefined;

  constructor(context: RegistrarContext) {
    this.#context = context;
  }

  get isUnderWay(): boolean {
    return this.#deadline !== undefined;
  }

  get nextDeadline(): Milliseconds {
    return this.#deadline ?? Number.POSITIVE_INFINITY;
  }

  start(now: Milliseconds): void {
    const { associations, outbox, options, log } = this.#context;
    log.info({ associationCount: associations.size }, 'stopping');
    this.#deadline = now + options.stopTimeoutMs;
    for (const association of associations.keys()) outbox.push({ type: 'shutdown', association });
    if (options.stopTimeoutMs === 0) this.#abortAll();
    this.#endWhenAlone();
  }

  /** Every input from `start` on. Messages are too late: nothing can be answered any more. */
  handle(now: Milliseconds, input: RegistrarInput): void {
    const { associations, outbox } = this.#context;
    if (input.type === 'associationUp') outbox.abort(input.association, 'stopping');
    else if (input.type === 'associationDown') this.#onDown(input.association);
    else if (input.type === 'timeout' && now >= this.nextDeadline && associations.size > 0) {
      this.#abortAll();
      this.#endWhenAlone();
    }
  }

  #onDown(association: AssociationId): void {
    if (this.#context.associations.delete(association)) this.#endWhenAlone();
  }

  #abortAll(): void {
    const { associations, outbox } = this.#context;
    for (const association of associations.keys()) outbox.abort(association, 'stopping');
    associations.clear();
  }

  #endWhenAlone(): void {
    if (this.#context.associations.size > 0) return;
    this.#deadline = Number.POSITIVE_INFINITY;
    this.#context.outbox.push({ type: 'stopped' });
  }
}
