/**
 * The pool user's cache (RFC 5352 §3.3, C1-C4): what registrars have answered, by pool handle, until it is
 * stale, and from which pools nothing is kept because their policies are adaptive (decision 57).
 */

import { Handlespace } from '../../handlespace/handlespace.ts';
import type { Milliseconds, PoolElementId } from '../../types.ts';
import type { AsapHandleResolutionResponse } from '../../wire/asap-messages.ts';
import type { PoolElementParameter } from '../../wire/parameters.ts';
import { CachedPool } from './cached-pool.ts';
import type { PoolUserOptions } from './options.ts';
import { isAdaptive } from './selection.ts';

export type CacheOptions = Pick<PoolUserOptions, 'staleCacheMs' | 'staleAdaptiveCacheMs'>;

/** Pools of which something is remembered beside their elements; beyond it the oldest is forgotten. */
const MAX_REMEMBERED = 1_024;

export class Cache {
  readonly #options: CacheOptions;
  readonly #seed: bigint;
  /** The one that is stale first comes first. */
  readonly #pools = new Map<string, CachedPool>();
  readonly #uncached = new Map<string, true>();
  /** How many elements the registrar gives by itself. */
  readonly #numbers = new Map<string, { readonly items: number; readonly staleAt: Milliseconds }>();
  /** Selects among the elements of all pools; made when the first answer is kept. */
  #handlespace: Handlespace | undefined;
  #lastName = 0;

  constructor(options: CacheOptions, seed: bigint) {
    this.#options = options;
    this.#seed = seed;
  }

  /** Whether an answer about this pool would be kept, as far as is known. */
  keeps(poolHandle: string): boolean {
    const { staleCacheMs, staleAdaptiveCacheMs } = this.#options;
    return Math.max(staleCacheMs, staleAdaptiveCacheMs) > 0 && !this.#uncached.has(poolHandle);
  }

  /** Keeps an answer to a request for `asked` elements, in place of an older one, if it may be kept. */
  put(
    now: Milliseconds,
    poolHandle: string,
    answer: AsapHandleResolutionResponse,
    asked: number,
  ): void {
    const staleAfterMs = this.#staleAfterMs(answer);
    this.#noteUncached(poolHandle, staleAfterMs === 0);
    if (staleAfterMs === 0) {
      this.remove(poolHandle);
      return;
    }
    const pool = this.#pools.get(poolHandle) ?? this.#newPool();
    this.#pools.delete(poolHandle); // the order of the map is that of the answers
    this.#pools.set(poolHandle, pool);
    pool.update(answer, asked);
    pool.staleAt = now + staleAfterMs;
    pool.isPart = false;
    this.#dropOld(now);
  }

  /**
   * Takes note of an answer that may name a part of the pool only, which answers nothing while a registrar can
   * be asked. What was known before is older: it no longer answers, but still knows whose turn it is.
   */
  putPart(now: Milliseconds, poolHandle: string, answer: AsapHandleResolutionResponse): void {
    const known = this.#pools.get(poolHandle);
    if (known === undefined || known.isPart) {
      this.put(now, poolHandle, answer, answer.poolElements.length);
      const pool = this.#pools.get(poolHandle);
      if (pool !== undefined) pool.isPart = true;
      return;
    }
    this.#noteUncached(poolHandle, this.#staleAfterMs(answer) === 0);
    known.staleAt = Math.min(known.staleAt, now);
  }

  /** Takes note of how many elements the registrar gives if the number is left to it. */
  putNumber(now: Milliseconds, poolHandle: string, answer: AsapHandleResolutionResponse): void {
    const staleAfterMs = this.#staleAfterMs(answer);
    this.#noteUncached(poolHandle, staleAfterMs === 0);
    const number = { items: answer.poolElements.length, staleAt: now + staleAfterMs };
    remember(this.#numbers, poolHandle, number);
  }

  /** How many elements the registrar has given by itself, if that is known and not stale. */
  numberOf(now: Milliseconds, poolHandle: string): number | undefined {
    const number = this.#numbers.get(poolHandle);
    return number !== undefined && number.staleAt > now ? number.items : undefined;
  }

  /**
   * Selects up to `items` elements, from a part of the pool if `evenPart`; `undefined`: too little is known, or
   * it is stale.
   */
  select(
    now: Milliseconds,
    poolHandle: string,
    items: number,
    { evenPart }: { readonly evenPart: boolean },
  ): readonly PoolElementParameter[] | undefined {
    const pool = this.#pools.get(poolHandle);
    if (pool === undefined || pool.staleAt <= now || !pool.suffices(items)) return undefined;
    return pool.isPart && !evenPart ? undefined : pool.select(items);
  }

  /** Forgets an element that could not be reached. */
  removeElement(poolHandle: string, id: PoolElementId): void {
    this.#pools.get(poolHandle)?.remove(id);
  }

  remove(poolHandle: string): void {
    this.#pools.get(poolHandle)?.clear();
    this.#pools.delete(poolHandle);
  }

  /** Gives the memory back. */
  close(): void {
    this.#pools.clear();
    this.#numbers.clear();
    this.#handlespace?.close();
    this.#handlespace = undefined;
  }

  #staleAfterMs(answer: AsapHandleResolutionResponse): Milliseconds {
    const { staleCacheMs, staleAdaptiveCacheMs } = this.#options;
    return isAdaptive(answer) ? staleAdaptiveCacheMs : staleCacheMs;
  }

  #noteUncached(poolHandle: string, isUncached: boolean): void {
    if (isUncached) remember(this.#uncached, poolHandle, true);
    else this.#uncached.delete(poolHandle);
  }

  #newPool(): CachedPool {
    this.#handlespace ??= new Handlespace({ seed: this.#seed });
    this.#lastName += 1;
    return new CachedPool(this.#handlespace, String(this.#lastName));
  }

  /**
   * A pool that is stale still knows whose turn it is. It is dropped when it has been stale for as long as it
   * could answer.
   */
  #dropOld(now: Milliseconds): void {
    const { staleCacheMs, staleAdaptiveCacheMs } = this.#options;
    const keptMs = Math.max(staleCacheMs, staleAdaptiveCacheMs);
    for (const [poolHandle, { staleAt }] of this.#pools) {
      if (staleAt + keptMs > now) break;
      this.remove(poolHandle);
    }
  }
}

function remember<Value>(map: Map<string, Value>, poolHandle: string, value: Value): void {
  map.delete(poolHandle);
  map.set(poolHandle, value);
  const [oldest] = map.keys();
  if (map.size > MAX_REMEMBERED && oldest !== undefined) map.delete(oldest);
}
