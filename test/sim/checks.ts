/** What must be true of a scope all the time. */

import { Lasting } from './lasting.ts';
import { Losses } from './losses.ts';
import type { SimRegistrar } from './participants.ts';
import { areConnected, Replicas } from './replicas.ts';
import { CLAIM_MS } from './times.ts';
import type { World } from './world.ts';

/** Until a home that is no peer is taken over, also when who goes on with it dies over that, twice. */
const UNATTENDED_MS = 60_000;

/** Shares of the looks that gave an answer. */
export interface Coverage {
  readonly losses: number;
  readonly replicas: number;
}

export class Checks {
  readonly #world: World;
  readonly #losses: Losses;
  readonly #replicas: Replicas;
  readonly #claims = new Lasting<string>();
  readonly #unattended = new Lasting<string>();

  constructor(world: World) {
    this.#world = world;
    this.#losses = new Losses(world);
    this.#replicas = new Replicas(world);
  }

  get coverage(): Coverage {
    return { losses: this.#losses.answered, replicas: this.#replicas.answered };
  }

  /** After every step. */
  step(): void {
    this.#world.verify();
    this.#nobodyClaimsAnothers();
    this.#replicas.step();
    this.#everyHomeIsSomebody();
    this.#losses.step();
  }

  /** No two registrars of ours that know each other are the home of one element for long. */
  #nobodyClaimsAnothers(): void {
    const found = new Set<string>();
    const { registrars, leaving } = this.#world;
    // Who ends has said good-bye to its peers, and hears of nothing any more.
    const all = [...registrars.values()].filter(
      (one) => !one.isRsplib && !one.process.isFrozen && !leaving.has(one),
    );
    for (const one of all) {
      for (const other of all) {
        if (other.id <= one.id || !areConnected(one, other)) continue;
        for (const element of claimedByBoth(one, other)) {
          found.add(`${one.id} and ${other.id} both claim element ${element}`);
        }
      }
    }
    for (const claim of this.#claims.note(this.#world.network.now(), found, CLAIM_MS)) {
      this.#world.complain(claim);
    }
  }

  /** Elements of a home that is dead do not stay so: there is nobody to look after them. */
  #everyHomeIsSomebody(): void {
    const found = new Set<string>();
    for (const { id, process, peerIds, homes } of this.#world.registrars.values()) {
      if (process.isFrozen) continue;
      for (const home of new Set(homes.values())) {
        if (home !== id && !peerIds.includes(home)) {
          found.add(`${id} has elements of ${home}, whom it does not know`);
        }
      }
    }
    for (const fault of this.#unattended.note(this.#world.network.now(), found, UNATTENDED_MS)) {
      this.#world.complain(fault);
    }
  }
}

function claimedByBoth(one: SimRegistrar, other: SimRegistrar): number[] {
  const others = other.homes;
  return [...one.homes]
    .filter(([id, home]) => home === one.id && others.get(id) === other.id)
    .map(([id]) => id);
}
