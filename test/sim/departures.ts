/**
 * A registrar that ends cleanly hands its pool elements over (decision 41): with peers that can be relied upon, and
 * are in reach of it and of its element, none loses its registration by that.
 */

import type { RegistrarId } from '../../src/types.ts';
import { type SimElement, SimRegistrar } from './participants.ts';
import type { World } from './world.ts';

/**
 * All has been well for so long before, and peers that are dead are known to be: what is offered to one that nobody
 * misses yet may be offered to nobody else in time.
 */
const BEFORE_MS = 12_000;
/** An element is called and asked in two round trips and a half; who ends asks another peer after a second. */
const MOST_ROUND_TRIP_MS = 300;

export class Departures {
  readonly #world: World;
  #lookedAt = 0;
  /** Of those that do not end yet: their peers. */
  readonly #peersOf = new Map<SimRegistrar, readonly RegistrarId[]>();

  constructor(world: World) {
    this.#world = world;
  }

  step(): void {
    const { history, registrars, elements, leaving, network, roundTripMs } = this.#world;
    const since = this.#lookedAt;
    this.#lookedAt = network.now();
    for (const one of registrars.values()) {
      if (!leaving.has(one)) this.#peersOf.set(one, one.peerIds);
    }
    if (history.loss > 0 || history.hasRsplib || roundTripMs > MOST_ROUND_TRIP_MS) return;
    for (const element of elements.values()) {
      const { lost } = element;
      if (lost === undefined || lost.at <= since || leaving.has(element)) continue;
      for (const [one, leftAt] of leaving) {
        if (!(one instanceof SimRegistrar) || one.process.address !== lost.address) continue;
        if (lost.at < leftAt || lost.since < one.process.startedAt) continue;
        if (!this.#wasWell(element, one, network.now() - leftAt + BEFORE_MS)) continue;
        this.#world.complain(`element ${element.id} is not handed over by ${one.id}`);
      }
    }
  }

  #wasWell(element: SimElement, old: SimRegistrar, forMs: number): boolean {
    const { registrars, ways } = this.#world;
    const settled = this.#world.settled(forMs);
    if (this.#world.network.now() - this.#world.registrarEndedAt < forMs) return false;
    const others = [...registrars.values()].filter((one) => one !== old);
    const awakeMs = Math.min(element.process.awakeFor(0), old.process.awakeFor(0));
    const reaches = (one: SimRegistrar, other: SimRegistrar | SimElement) =>
      ways.openFor(one.process.address, other.process.address, 0) > forMs;
    const isPeer = ({ id }: SimRegistrar) => this.#peersOf.get(old)?.includes(id) === true;
    const isWell = others.every(
      (one) => settled.includes(one) && isPeer(one) && reaches(one, old) && reaches(one, element),
    );
    return awakeMs > forMs && others.length > 0 && isWell && reaches(old, element);
  }
}
