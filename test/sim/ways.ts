/** Which ways between hosts are cut, since when, and when each last was: the network only does as it is told. */

import type { MemoryNetwork } from '../../src/transport/memory.ts';
import type { IpAddress, Milliseconds } from '../../src/types.ts';

/** Of a way while it is cut, and after. */
interface Cut {
  readonly since: Milliseconds;
  until: Milliseconds;
}

export class Ways {
  readonly #network: MemoryNetwork;
  /** By the two addresses; of each way the last cut. */
  readonly #cuts = new Map<string, Cut>();
  readonly #isolations = new Map<IpAddress, Cut>();

  constructor(network: MemoryNetwork) {
    this.#network = network;
  }

  cut(from: IpAddress, to: IpAddress): void {
    this.#network.cutOneWay(from, to);
    this.#note(this.#cuts, `${from} ${to}`);
  }

  cutBoth(one: IpAddress, other: IpAddress): void {
    this.cut(one, other);
    this.cut(other, one);
  }

  partition(left: readonly IpAddress[], right: readonly IpAddress[]): void {
    for (const one of left) for (const other of right) this.cutBoth(one, other);
  }

  isolate(address: IpAddress): void {
    this.#network.isolate(address);
    this.#note(this.#isolations, address);
  }

  heal(): void {
    this.#network.heal();
    const now = this.#network.now();
    for (const cut of [...this.#cuts.values(), ...this.#isolations.values()]) {
      cut.until = Math.min(cut.until, now);
    }
  }

  /** For how long the two have reached each other without a break of at least `breakMs`; 0: they do not. */
  openFor(one: IpAddress, other: IpAddress, breakMs: Milliseconds): Milliseconds {
    const now = this.#network.now();
    let openMs = now;
    for (const { since, until } of this.#cutsBetween(one, other)) {
      if (until > now) return 0;
      if (until - since >= breakMs) openMs = Math.min(openMs, now - until);
    }
    return openMs;
  }

  *#cutsBetween(one: IpAddress, other: IpAddress): Iterable<Cut> {
    for (const key of [`${one} ${other}`, `${other} ${one}`]) {
      const cut = this.#cuts.get(key);
      if (cut !== undefined) yield cut;
    }
    for (const address of [one, other]) {
      const cut = this.#isolations.get(address);
      if (cut !== undefined) yield cut;
    }
  }

  /** One that is cut again at once, or cut already, has been cut all the time. */
  #note<Key>(cuts: Map<Key, Cut>, key: Key): void {
    const now = this.#network.now();
    const last = cuts.get(key);
    if (last !== undefined && last.until >= now) last.until = Number.POSITIVE_INFINITY;
    else cuts.set(key, { since: now, until: Number.POSITIVE_INFINITY });
  }
}
