/**
 * Pool elements that are to be asked whether they live, in line: first come, first served, but with the first of
 * a place go all others of that place, as one call does for them all.
 */

import type { PoolElementState } from '../../handlespace/pool-element.ts';
import { keyOf } from '../pool-element-key.ts';
import type { Place } from './element-calls.ts';

/** Its turn is to come. */
export interface Candidate {
  readonly poolElement: PoolElementState;
  /** Its home lives, and would have us take it. */
  readonly isSuggested: boolean;
  readonly place: Place;
}

export class Candidates {
  /** By the name of the place, then by handle and identifier. No place is empty. */
  readonly #places = new Map<string, Map<string, Candidate>>();
  /** The name of the place, by handle and identifier. */
  readonly #placeOf = new Map<string, string>();

  get size(): number {
    return this.#placeOf.size;
  }

  has({ poolHandle, id }: PoolElementState): boolean {
    return this.#placeOf.has(keyOf(poolHandle, id));
  }

  /** Who is in line already keeps its turn, unless it is at another place now. */
  add(candidate: Candidate): void {
    const { poolElement, place } = candidate;
    const key = keyOf(poolElement.poolHandle, poolElement.id);
    if (this.#placeOf.get(key) !== place.name) this.delete(poolElement);
    this.#placeOf.set(key, place.name);
    const others = this.#places.get(place.name);
    if (others === undefined) this.#places.set(place.name, new Map([[key, candidate]]));
    else others.set(key, candidate);
  }

  delete({ poolHandle, id }: PoolElementState): void {
    const key = keyOf(poolHandle, id);
    const name = this.#placeOf.get(key);
    if (name === undefined) return;
    this.#placeOf.delete(key);
    const candidates = this.#places.get(name);
    candidates?.delete(key);
    if (candidates?.size === 0) this.#places.delete(name);
  }

  /** In order. Whoever is shown may be deleted meanwhile. */
  *[Symbol.iterator](): Iterator<Candidate> {
    for (const candidates of this.#places.values()) yield* candidates.values();
  }
}
