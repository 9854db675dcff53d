/**
 * A registrar's answer to a handle resolution, which may be used several times: by everybody who has asked
 * the same meanwhile, and from the cache. Each use gets its own order (`selection.ts`), so that they do not
 * all turn to the same pool element.
 */

import type { PoolElementId } from '../../types.ts';
import type { AsapHandleResolutionResponse } from '../../wire/asap-messages.ts';
import type { Policy, PoolElementParameter } from '../../wire/parameters.ts';
import { select } from './selection.ts';

export class Answer {
  /** How many pool elements were asked for; `undefined`: that was left to the registrar. */
  readonly #items: number | undefined;
  readonly #policy: Policy['type'];
  readonly #random: () => number;
  #elements: readonly PoolElementParameter[];
  #uses = 0;

  constructor(
    response: AsapHandleResolutionResponse,
    items: number | undefined,
    random: () => number,
  ) {
    this.#items = items;
    this.#policy = response.policy?.type ?? 'roundRobin'; // absent: RFC 5352 §2.2.6
    this.#random = random;
    this.#elements = response.poolElements;
  }

  /** Whether it will do for somebody who wants so many; not when elements are wanted that it does not name. */
  suffices(items: number | undefined): boolean {
    if (this.#elements.length === 0) return false;
    return items === this.#items || (items !== undefined && items <= this.#elements.length);
  }

  /** Up to `items` elements in the order in which to use them. The first use keeps the registrar's own. */
  use(items: number = Number.POSITIVE_INFINITY): readonly PoolElementParameter[] {
    const uses = this.#uses++;
    const order =
      uses === 0 ? this.#elements : select(this.#policy, this.#elements, uses, this.#random);
    return order.slice(0, items);
  }

  /** A pool element that could not be reached is not handed out again. */
  remove(id: PoolElementId): void {
    this.#elements = this.#elements.filter((element) => element.id !== id);
  }
}
