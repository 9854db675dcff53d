/** What must be true of a scope all the time. */

import { Departures } from './departures.ts';
import { Lasting } from './lasting.ts';
import { Losses } from './losses.ts';
import type { SimRegistrar } from './participants.ts';
import { areConnected, Replicas } from './replicas.ts';
import { CLAIM_MS } from './times.ts';
import { Users } from './users.ts';
import type { World } from './world.ts';

/** Until a home that is no peer is taken over, also when who goes on with it dies over that, twice. */
const UNATTENDED_MS = 60_000;

/** Shares of the looks that gave an answer. */
export interface Coverage {
  readonly losses: number;
  readonly replicas: number;
}

/** Until who was cut off is called, and its next heartbeat has come. */
const HEARD_MS = 8_000;
/** Who is configured nowhere is found in lists (decision 40). */
const HEARD_OF_MS = 45_000;

export class Checks {
  readonly #world: World;
  readonly #losses: Losses;
  readonly #departures: Departures;
  readonly #users: Users;
  readonly #replicas: Replicas;
  readonly #claims = new Lasting<string>();
  readonly #unattended = new Lasting<string>();

  constructor(world: World) {
    this.#world = world;
    this.#losses = new Losses(world);
    this.#departures = new Departures(world);
    this.#users = new Users(world);
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
    this.#nobodyTakesOverTheLiving();
    this.#losses.step();
    this.#departures.step();
    this.#users.step();
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

  /** Who has reached the target all the time has heard it, and does not believe that it is gone. */
  #nobodyTakesOverTheLiving(): void {
    const { history, registrars, leaving, ways, network, roundTripMs } = this.#world;
    const heardMs = history.knowsAll ? HEARD_MS + roundTripMs : HEARD_OF_MS;
    for (const { teller, target } of this.#world.takeovers.splice(0)) {
      const one = [...registrars.values()].find(({ id }) => id === target);
      if (history.loss > 0 || one === undefined || leaving.has(one)) continue;
      const knownMs = Math.min(
        ways.openFor(one.process.address, teller.process.address, 0),
        Math.min(one.process.awakeFor(0), teller.process.awakeFor(0)),
        network.now() - Math.max(one.process.startedAt, teller.process.startedAt),
      );
      if (knownMs <= heardMs) continue;
      this.#world.complain(`${teller.id} says that ${target} is taken over, which lives`);
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
