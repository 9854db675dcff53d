/** What must be true of a scope, all the time and in the end. */

import {
  KEEP_ALIVE_MS,
  REREGISTRATION_MS,
  registrarAddress,
  type SimRegistrar,
} from './participants.ts';
import type { World } from './world.ts';

/** Two heartbeats, and the time in which an old home notices that an element has left it. */
const CLAIM_MS = 2 * 1.125 * 2_444 + 2 * KEEP_ALIVE_MS;
/** What rsplib's ways have lost is back with the next registration, also by a slow clock. */
export const REPAIR_MS = 1.1 * REREGISTRATION_MS;
/** Until a home that is no peer is taken over, also when who goes on with it dies over that, twice. */
const UNATTENDED_MS = 60_000;
/** Until an answer has arrived, and who lost an element has heard of it. */
const LOSS_MS = 2_000;

export class Checks {
  readonly #world: World;
  /** Since when two registrars have claimed an element. */
  readonly #claims = new Map<string, number>();
  /** Since when a registrar has had elements of a home that is nobody it knows. */
  readonly #unattended = new Map<string, number>();
  /** Since when a registered element has been missing at its registrar. */
  readonly #missing = new Map<number, number>();

  constructor(world: World) {
    this.#world = world;
  }

  /** After every step. */
  step(): void {
    const { hasRsplib, loss } = this.#world.history;
    if (!hasRsplib) this.#nobodyClaimsAnothers();
    this.#everyHomeIsSomebody();
    // Where packets are lost a keep-alive may be too late, and that is a cause.
    if (loss === 0) this.#nothingIsLost(hasRsplib ? REPAIR_MS : LOSS_MS);
  }

  /** No two registrars that know each other are the home of one element for long. */
  #nobodyClaimsAnothers(): void {
    const found = new Set<string>();
    const all = [...this.#world.registrars.values()].filter(({ process }) => !process.isFrozen);
    for (const one of all) {
      for (const other of all) {
        if (other.id <= one.id || !areConnected(one, other)) continue;
        for (const element of claimedByBoth(one, other)) {
          found.add(`${one.id} and ${other.id} both claim element ${element}`);
        }
      }
    }
    this.#noteLasting(this.#claims, found, CLAIM_MS, (claim) => claim);
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
    this.#noteLasting(this.#unattended, found, UNATTENDED_MS, (fault) => fault);
  }

  /** Whose registration was answered is known where it was, unless something came in between. */
  #nothingIsLost(limitMs: number): void {
    const { registrars, elements, disturbedAt } = this.#world;
    const found = new Set<number>();
    const byAddress = new Map(
      [...registrars].map(([place, one]) => [registrarAddress(place), { place, one }]),
    );
    for (const { id, registeredAt, registeredSince, process } of elements.values()) {
      const home = registeredAt === undefined ? undefined : byAddress.get(registeredAt);
      if (home === undefined || process.isFrozen || home.one.process.isFrozen) continue;
      if (registeredSince <= (disturbedAt.get(home.place) ?? 0)) continue;
      if (!home.one.homes.has(id)) found.add(id);
    }
    this.#noteLasting(
      this.#missing,
      found,
      limitMs,
      (id) => `element ${id} is lost at its registrar`,
    );
  }

  #noteLasting<Key>(
    since: Map<Key, number>,
    found: ReadonlySet<Key>,
    limitMs: number,
    sentence: (key: Key) => string,
  ): void {
    const now = this.#world.network.now();
    for (const key of since.keys()) if (!found.has(key)) since.delete(key);
    for (const key of found) {
      const first = since.get(key) ?? now;
      since.set(key, first);
      if (now - first <= limitMs) continue;
      this.#world.complain(sentence(key));
      since.set(key, Number.POSITIVE_INFINITY); // once is enough
    }
  }

  /** All registrars know each other, and the same pool elements with the same homes. */
  isOneScope(): void {
    const { registrars, places } = this.#world;
    const [first, ...others] = registrars.values();
    for (const one of registrars.values()) {
      if (one.peerIds.length === places.length - 1) continue;
      this.#world.complain(`${one.id} knows ${one.peerIds}`);
    }
    for (const other of others) {
      const [ours, theirs] = [viewOf(first), viewOf(other)];
      if (ours !== theirs)
        this.#world.complain(`${first?.id} has ${ours}, ${other.id} has ${theirs}`);
    }
  }

  /** All say the same of each pool element, and what it says of itself: once it has registered anew. */
  agreesOnAttributes(): void {
    const { registrars, elements, leaving } = this.#world;
    const [first, ...others] = registrars.values();
    const ours = first?.attributes ?? new Map<number, string>();
    for (const other of others) {
      for (const [id, theirs] of other.attributes) {
        const attributes = ours.get(id);
        if (theirs !== attributes)
          this.#world.complain(`${attributes} is ${theirs} at ${other.id}`);
      }
    }
    const weights = first?.weights;
    for (const element of elements.values()) {
      const weight = weights?.get(element.id);
      if (weight === element.weight || leaving.has(element)) continue;
      this.#world.complain(`element ${element.id} weighs ${element.weight}, not ${weight}`);
    }
  }

  /** Every element that lives is known, no other one is, and users are told of those alone. */
  isWhatLives(): void {
    const { registrars, elements, leaving, users } = this.#world;
    const living = [...elements.values()].filter((one) => !leaving.has(one)).map(({ id }) => id);
    const [first] = registrars.values();
    const known = [...(first?.homes.keys() ?? [])];
    if (inOrder(known) !== inOrder(living)) {
      this.#world.complain(`${inOrder(living)} live, ${inOrder(known)} are known`);
    }
    for (const [index, { answer = [] }] of users.entries()) {
      const isRight = (living.length === 0) === (answer.length === 0);
      if (isRight && answer.every((id) => living.includes(id))) continue;
      this.#world.complain(`user ${index + 1} is told of ${answer}, of ${inOrder(living)}`);
    }
  }
}

/** Each has heard the other lately. */
function areConnected(one: SimRegistrar, other: SimRegistrar): boolean {
  return one.peerIds.includes(other.id) && other.peerIds.includes(one.id);
}

function claimedByBoth(one: SimRegistrar, other: SimRegistrar): number[] {
  const others = other.homes;
  return [...one.homes]
    .filter(([id, home]) => home === one.id && others.get(id) === other.id)
    .map(([id]) => id);
}

function viewOf(registrar: SimRegistrar | undefined): string {
  return [...(registrar?.homes ?? [])]
    .map(([id, home]) => `${id}@${home}`)
    .sort()
    .join();
}

function inOrder(numbers: readonly number[]): string {
  return numbers.toSorted((a, b) => a - b).join();
}
