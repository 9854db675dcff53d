/**
 * Two registrars of ours that have known and reached each other for three heartbeats and an audit agree on each other's pool
 * elements: what one says is its own the other has under its name, and has nothing else under it.
 */

import { Lasting } from './lasting.ts';
import type { SimRegistrar } from './participants.ts';
import { THREE_HEARTBEATS_MS } from './times.ts';
import type { World } from './world.ts';

/** Where packets are lost SCTP sends again, for so long. */
const LOSSY_MS = 15_000;

export class Replicas {
  readonly #world: World;
  readonly #differing = new Lasting<string>();
  #looks = 0;
  #answers = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** How many looks of all gave an answer. */
  get answered(): number {
    return this.#answers / Math.max(1, this.#looks);
  }

  step(): void {
    const { registrars, ways, network } = this.#world;
    const limitMs = this.#limitMs();
    const found = new Set<string>();
    const ours = [...registrars.values()].filter((one) => !one.isRsplib);
    for (const one of ours) {
      for (const other of ours) {
        if (one === other) continue;
        this.#looks += 1;
        const openMs = ways.openFor(one.process.address, other.process.address, 0);
        const awakeMs = Math.min(one.process.awakeFor(0), other.process.awakeFor(0));
        const isQuiet = Math.min(openMs, awakeMs) > limitMs && areConnected(one, other);
        if (!isQuiet || !this.#isInService(one) || !this.#isInService(other)) continue;
        this.#answers += 1;
        for (const difference of this.#differences(one, other)) found.add(difference);
      }
    }
    for (const difference of this.#differing.note(network.now(), found, limitMs)) {
      this.#world.complain(difference);
    }
  }

  *#differences(one: SimRegistrar, other: SimRegistrar): Iterable<string> {
    for (const [id, home] of one.homes) {
      if (home !== one.id || this.#isDisputed(id, one)) continue;
      if (other.homes.get(id) !== one.id)
        yield `${other.id} does not have element ${id} of ${one.id}`;
    }
    for (const [id, home] of other.homes) {
      if (home !== one.id || one.homes.get(id) === one.id) continue;
      yield `${other.id} has element ${id} of ${one.id}, which does not`;
    }
  }

  /** Who ends speaks with peers first, then only with its pool elements. */
  #isInService(one: SimRegistrar): boolean {
    return one.isInService && !this.#world.leaving.has(one);
  }

  /** Between two that do not reach each other; who hears both believes the one that spoke last. */
  #isDisputed(element: number, home: SimRegistrar): boolean {
    return [...this.#world.registrars.values()].some(
      (one) => one !== home && one.homes.get(element) === one.id,
    );
  }

  #limitMs(): number {
    const { history, auditMs } = this.#world;
    return THREE_HEARTBEATS_MS + auditMs + (history.loss > 0 ? LOSSY_MS : 0);
  }
}

/** Each has heard the other lately. */
export function areConnected(one: SimRegistrar, other: SimRegistrar): boolean {
  return one.peerIds.includes(other.id) && other.peerIds.includes(one.id);
}
