/**
 * An answered registration is never lost without a cause that the protocol knows: the home has ended, its pool
 * element was frozen, or the two were cut apart, for long enough that a keep-alive went unanswered. Also then it
 * comes back, as soon as the pool element can notice.
 */

import type { RegistrarId } from '../../src/types.ts';
import { Lasting } from './lasting.ts';
import type { SimElement, SimRegistrar } from './participants.ts';
import { CLAIM_MS, repairMs } from './times.ts';
import type { World } from './world.ts';

/** Until an answer has arrived, and who lost an element has heard of it. */
const LOSS_MS = 2_000;
/** Where packets are lost two heartbeats of SCTP may be, and the ABORT before them. */
const LOSSY_MS = 20_000;
/** A break as long as this may keep a keep-alive from being answered: SCTP sends it again only so often. */
const BREAK_MS = 1_000;
/** By then a keep-alive has failed that fails by a break. */
const CAUSE_MS = 10_000;
/** By the next heartbeat of SCTP the element learns that its association is gone, and registers anew. */
const BACK_MS = 15_000;
/** Somebody who can be relied upon can be found. */
const REACHABLE_MS = 20_000;
/** Until a pool element has found somebody. */
const HOMELESS_MS = 20_000;
/** Until a dead home is taken over: detection, and at worst two attempts to agree on it, by two registrars. */
const ORPHANED_MS = 45_000;

export class Losses {
  readonly #world: World;
  readonly #missing = new Lasting<number>();
  readonly #moved = new Lasting<number>();
  readonly #homeless = new Lasting<number>();
  readonly #orphaned = new Lasting<number>();
  /** Missing elements for which there was a cause when they were lost. */
  readonly #excused = new Set<number>();
  /** The process that each element was registered with last. */
  readonly #homes = new Map<number, SimRegistrar>();
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
    const missing = new Set<number>();
    const moved = new Set<number>();
    const homeless = new Set<number>();
    const orphaned = new Set<number>();
    for (const element of this.#world.elements.values()) {
      this.#looks += 1;
      if (this.#world.leaving.has(element) || element.process.isFrozen) continue;
      const home = this.#homeOf(element);
      if (element.registered === undefined) {
        if (this.#canRegister(element)) homeless.add(element.id);
      } else if (home === undefined) {
        if (this.#isKnownSomewhere(element)) orphaned.add(element.id);
      } else if (this.#isCutOff(home, home.homes.get(element.id))) orphaned.add(element.id);
      else this.#look(element, home, missing, moved);
    }
    this.#complain(missing, moved);
    this.#complainOfHomeless(homeless, orphaned);
  }

  /**
   * `other` has just told that it has the element, and is dead now, or cut off before it could hear the contrary: until it
   * is taken over nobody can know better.
   */
  #isCutOff(home: SimRegistrar, other: RegistrarId | undefined): boolean {
    if (other === undefined || other === home.id) return false;
    const { registrars, ways } = this.#world;
    const one = [...registrars.values()].find(({ id }) => id === other);
    return (
      one === undefined || ways.openFor(home.process.address, one.process.address, 0) < CLAIM_MS
    );
  }

  #look(element: SimElement, home: SimRegistrar, missing: Set<number>, moved: Set<number>): void {
    const { id } = element;
    this.#noteHome(id, home);
    const isApart =
      this.#world.ways.openFor(element.process.address, home.process.address, 0) === 0;
    const known = home.homes.get(id);
    if (known === home.id) {
      this.#answers += 1;
      this.#endExcuse(id);
      // What rsplib's ways have lost a registration has repaired; they may lose it again.
      if (this.#world.history.hasRsplib) this.#forget(id);
      return;
    }
    if (this.#mustBeBack(element, home)) this.#endExcuse(id);
    else if (this.#isExcused(element, home)) this.#excused.add(id);
    if (!this.#excused.has(id)) this.#answers += 1;
    // It could notice by a heartbeat, which does not arrive now: then by the next one.
    else if (isApart) this.#forget(id);
    if (!isApart) (known === undefined ? missing : moved).add(id);
  }

  /** Whose home has started anew has as long to notice that as if it had not been lost before. */
  #noteHome(id: number, home: SimRegistrar): void {
    const before = this.#homes.get(id);
    this.#homes.set(id, home);
    if (before !== home && before?.process.address === home.process.address) this.#forget(id);
  }

  /** What there was a cause for does not count any more. */
  #endExcuse(id: number): void {
    if (this.#excused.delete(id)) this.#forget(id);
  }

  #forget(id: number): void {
    this.#missing.forget(id);
    this.#moved.forget(id);
  }

  /** Its home has started anew under its old identifier, and has been told of it by a mentor (decision 35). */
  #mustBeBack({ id, process }: SimElement, home: SimRegistrar): boolean {
    const { network, ways } = this.#world;
    const sinceMs = network.now() - home.process.startedAt + CAUSE_MS;
    const isOpen = ways.openFor(process.address, home.process.address, 0) > sinceMs;
    const isBack = home.returning.has(id) && network.now() - home.inServiceAt > LOSS_MS;
    return isBack && isOpen && process.awakeFor(0) > sinceMs;
  }

  #isExcused({ process, registered }: SimElement, home: SimRegistrar): boolean {
    const { address, startedAt } = home.process;
    // In the same instant: the answer comes from the process before.
    const isAnew = startedAt >= (registered?.since ?? 0);
    const wasApart = this.#world.ways.openFor(process.address, address, BREAK_MS) < CAUSE_MS;
    return isAnew || wasApart || process.awakeFor(BREAK_MS) < CAUSE_MS;
  }

  /** The one that runs where the element is registered, if it can be asked. */
  #homeOf({ registered }: SimElement): SimRegistrar | undefined {
    const { registrars, leaving } = this.#world;
    const all = [...registrars.values()];
    const home = all.find(({ process }) => process.address === registered?.address);
    return home === undefined || home.process.isFrozen || leaving.has(home) ? undefined : home;
  }

  #complain(missing: ReadonlySet<number>, moved: ReadonlySet<number>): void {
    const { network, history, auditMs } = this.#world;
    const now = network.now();
    const limitMs = this.#limitMs();
    const backMs = history.loss > 0 ? BACK_MS + LOSSY_MS : BACK_MS;
    const limitOf = (leastMs: number) => (id: number) =>
      this.#excused.has(id) ? Math.max(backMs, limitMs) : Math.max(leastMs, limitMs);
    for (const id of this.#missing.note(now, missing, limitOf(LOSS_MS))) {
      this.#world.complain(`element ${id} is lost at its registrar`);
    }
    for (const id of this.#moved.note(now, moved, limitOf(CLAIM_MS + auditMs))) {
      this.#world.complain(`element ${id} has another home than it believes`);
    }
  }

  #limitMs(): number {
    const { history } = this.#world;
    const { hasRsplib, loss } = history;
    if (hasRsplib) return repairMs(history);
    return loss > 0 ? LOSSY_MS : LOSS_MS;
  }

  #complainOfHomeless(homeless: ReadonlySet<number>, orphaned: ReadonlySet<number>): void {
    const now = this.#world.network.now();
    for (const id of this.#homeless.note(now, homeless, HOMELESS_MS)) {
      this.#world.complain(`element ${id} finds no registrar`);
    }
    for (const id of this.#orphaned.note(now, orphaned, ORPHANED_MS)) {
      this.#world.complain(`element ${id} keeps a dead home`);
    }
  }

  #canRegister({ process }: SimElement): boolean {
    const { ways } = this.#world;
    return this.#world
      .settled(REACHABLE_MS)
      .some((one) => ways.openFor(process.address, one.process.address, 0) > REACHABLE_MS);
  }

  /** By somebody who should take it over from a registrar that is no more. */
  #isKnownSomewhere({ id, registered, process }: SimElement): boolean {
    const { ways, registrars } = this.#world;
    const all = [...registrars.values()];
    if (all.some((one) => one.process.address === registered?.address)) return false;
    return this.#world.settled(REACHABLE_MS).some((one) => {
      const { address } = one.process;
      return one.homes.has(id) && ways.openFor(process.address, address, 0) > REACHABLE_MS;
    });
  }
}
