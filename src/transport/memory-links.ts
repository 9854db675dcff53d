/**
 * The ways between the hosts of a `memory` network: how long a packet takes, and whether it arrives at all.
 * All chance is here, and comes from the seed. What travels, and to whom, is `memory.ts`.
 */

import type { IpAddress, Milliseconds } from '../types.ts';

/** How packets fare on the way from one host to another. */
export interface LinkOptions {
  readonly delayMs: number;
  /** At most this much more delay, equally distributed. */
  readonly jitterMs: number;
  /** Probability of a packet to be lost, 0 to 1: what it carries comes when SCTP sends it again. */
  readonly loss: number;
  /** Probability of a packet to come twice. */
  readonly duplication: number;
  /** Probability of a packet to take up to four times as long, so that others overtake it; else none does. */
  readonly reordering: number;
}

const DEFAULT_LINK: LinkOptions = {
  delayMs: 1,
  jitterMs: 0,
  loss: 0,
  duplication: 0,
  reordering: 0,
};

export class MemoryLinks {
  readonly #random: () => number;
  #link: LinkOptions;
  readonly #links = new Map<string, LinkOptions>();
  readonly #cuts = new Set<string>();
  readonly #isolated = new Set<IpAddress>();
  /** When the last packet of a direction arrives. */
  readonly #lastArrivals = new Map<string, Milliseconds>();

  constructor(seed: number, link: Partial<LinkOptions>) {
    this.#random = randomSource(seed);
    this.#link = { ...DEFAULT_LINK, ...link };
  }

  set(a: IpAddress, b: IpAddress, link: Partial<LinkOptions>): void {
    for (const key of [wayFrom(a, b), wayFrom(b, a)]) {
      this.#links.set(key, { ...(this.#links.get(key) ?? this.#link), ...link });
    }
  }

  setAll(link: Partial<LinkOptions>): void {
    this.#link = { ...this.#link, ...link };
    for (const [key, one] of this.#links) this.#links.set(key, { ...one, ...link });
  }

  cut(from: IpAddress, to: IpAddress): void {
    this.#cuts.add(wayFrom(from, to));
  }

  isolate(host: IpAddress): void {
    this.#isolated.add(host);
  }

  rejoin(host: IpAddress): void {
    this.#isolated.delete(host);
  }

  heal(): void {
    this.#cuts.clear();
    this.#isolated.clear();
  }

  isCut(from: IpAddress, to: IpAddress): boolean {
    const isCutOff = this.#isolated.has(from) || this.#isolated.has(to);
    return isCutOff || this.#cuts.has(wayFrom(from, to));
  }

  /** Whether the packet sent next from here to there is lost. */
  isLost(from: IpAddress, to: IpAddress): boolean {
    const { loss } = this.#linkOf(wayFrom(from, to));
    return this.isCut(from, to) || this.#chance(loss);
  }

  isDoubled(from: IpAddress, to: IpAddress): boolean {
    return this.#chance(this.#linkOf(wayFrom(from, to)).duplication);
  }

  /** When a packet arrives that is sent now. */
  arrivalAt(now: Milliseconds, from: IpAddress, to: IpAddress): Milliseconds {
    const way = wayFrom(from, to);
    const { delayMs, jitterMs, reordering } = this.#linkOf(way);
    const jitter = jitterMs > 0 ? Math.floor(this.#random() * (jitterMs + 1)) : 0;
    if (this.#chance(reordering)) {
      return now + Math.ceil((delayMs + jitter) * (1 + 3 * this.#random()));
    }
    const at = Math.max(now + delayMs + jitter, this.#lastArrivals.get(way) ?? 0);
    this.#lastArrivals.set(way, at);
    return at;
  }

  /** Asks for no random number where the answer is known, so that links can be added to a run. */
  #chance(probability: number): boolean {
    return probability > 0 && this.#random() < probability;
  }

  #linkOf(way: string): LinkOptions {
    return this.#links.get(way) ?? this.#link;
  }
}

function wayFrom(from: IpAddress, to: IpAddress): string {
  return `${from} ${to}`;
}

/** mulberry32: small, good enough for loss and jitter, the same everywhere. Numbers in [0, 1). */
function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}
