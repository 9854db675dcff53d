/**
 * A pool as a registrar has last described it, and selection among its elements. It lasts from one answer to
 * the next: elements that stay keep their place in the order, so that a new answer does not begin it again.
 */

import type { Handlespace } from '../../handlespace/handlespace.ts';
import type { Milliseconds, PoolElementId } from '../../types.ts';
import type { AsapHandleResolutionResponse } from '../../wire/asap-messages.ts';
import type { Policy, PoolElementParameter, TransportParameter } from '../../wire/parameters.ts';
import { type Candidate, candidatesOf, spread } from './selection.ts';

/** Selection needs no transport; the handlespace wants one, and the same for all elements of a pool. */
const ANY_TRANSPORT: TransportParameter = {
  protocol: 'tcp',
  port: 1,
  transportUse: 0,
  addresses: ['127.0.0.1'],
};

export class CachedPool {
  readonly #handlespace: Handlespace;
  /** The pool's handle in there: handles of peers may be longer than a handlespace allows. */
  readonly #name: string;
  #policy: Policy['type'] | undefined;
  #elements = new Map<number, PoolElementParameter>();
  /** Elements that are not selected by the policy of the pool, as backups. */
  #others: readonly PoolElementParameter[] = [];
  #asked = 0;
  staleAt: Milliseconds = 0;
  /** Whether the pool may have more elements than the answer has named. */
  isPart = false;

  constructor(handlespace: Handlespace, name: string) {
    this.#handlespace = handlespace;
    this.#name = name;
  }

  /** Takes in an answer to a request for `asked` elements, in place of the one before. */
  update(answer: AsapHandleResolutionResponse, asked: number): void {
    const candidates = candidatesOf(answer);
    const policy = candidates[0]?.policy.type;
    if (policy !== this.#policy || this.isPart) this.clear();
    const elements = new Map(candidates.map(({ element }) => [Number(element.id), element]));
    for (const id of this.#elements.keys()) {
      if (!elements.has(id)) this.#handlespace.deregister(this.#name, id);
    }
    for (const candidate of this.#elements.size === 0 ? spread(candidates) : candidates) {
      this.#register(candidate);
    }
    this.#policy = policy;
    this.#elements = elements;
    this.#others = answer.poolElements.filter(({ id }) => !elements.has(id));
    this.#asked = asked;
  }

  /** Whether it will do for a request of so many: not if more are wanted than a registrar was asked for. */
  suffices(items: number): boolean {
    const count = this.#elements.size + this.#others.length;
    return count > 0 && (items <= this.#asked || items <= count);
  }

  /** Selects up to `items` elements, in the order in which to use them. */
  select(items: number): readonly PoolElementParameter[] {
    const selected = this.#handlespace.resolve(this.#name, { items }) ?? [];
    const elements = selected.map(({ id }) => this.#elements.get(id) as PoolElementParameter);
    return [...elements, ...this.#others].slice(0, items);
  }

  /** A pool element that could not be reached is not handed out again. */
  remove(id: PoolElementId): void {
    if (this.#elements.delete(id)) this.#handlespace.deregister(this.#name, id);
    this.#others = this.#others.filter((element) => element.id !== id);
  }

  clear(): void {
    for (const id of this.#elements.keys()) this.#handlespace.deregister(this.#name, id);
    this.#elements.clear();
    this.#others = [];
  }

  #register({ element, policy }: Candidate): void {
    this.#handlespace.register(0, {
      poolHandle: this.#name,
      id: element.id,
      homeRegistrarId: 0,
      lifeMs: Number.POSITIVE_INFINITY,
      policy,
      userTransport: ANY_TRANSPORT,
    });
  }
}
