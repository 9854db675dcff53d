/** What happens to a scope: each kind of happening, done to the world. Of one that is impossible nothing comes. */

import type { Happening } from './history.ts';
import {
  elementAddress,
  registrarAddress,
  type SimElement,
  type SimRegistrar,
} from './participants.ts';
import type { SimProcess } from './process.ts';
import { LINK_DELAY_MS, type World } from './world.ts';

/** Handing over and ending associations takes less. */
const STOP_MS = 9_000;
/** Nothing of what was before is still under way. */
const QUIET_MS = 5_000;
/** Of elements: to deregister. */
const ELEMENT_STOP_MS = 4_000;

type Kind<Type extends Happening['type']> = Extract<Happening, { readonly type: Type }>;

export class Happenings {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  happen(happening: Happening): void {
    const { type, ...details } = happening;
    this.#world.note(`${type} ${Object.values(details).join(' ')}`);
    switch (happening.type) {
      case 'crash':
        this.#world.crashRegistrar(happening.place);
        break;
      case 'stop':
        this.#stopRegistrar(happening.place);
        break;
      case 'restart':
        this.#restart(happening);
        break;
      case 'partition':
        this.#partition(happening);
        break;
      case 'oneWay':
        this.#world.ways.cut(registrarAddress(happening.from), registrarAddress(happening.to));
        break;
      case 'isolate':
        this.#world.ways.isolate(registrarAddress(happening.place));
        break;
      case 'cutElement':
        this.#cutElement(happening);
        break;
      case 'heal':
        this.#world.ways.heal();
        break;
      case 'freeze':
        this.#freeze(this.#world.registrars.get(happening.place)?.process, happening.ms);
        break;
      case 'slow':
        this.#slow(happening.place, happening.delayMs);
        break;
      case 'startElement':
        this.#world.startElement();
        break;
      case 'crashElement':
        this.#endElement(this.#element(happening.which), 'crash');
        break;
      case 'stopElement':
        this.#endElement(this.#element(happening.which), 'stop');
        break;
      case 'reweighElement':
        this.#element(happening.which)?.reweigh(happening.weight);
        break;
      case 'freezeElement':
        this.#freeze(this.#element(happening.which)?.process, happening.ms);
    }
  }

  /** Nobody is frozen, and no way is slow. */
  calm(): void {
    const { registrars, elements, places } = this.#world;
    for (const { process } of [...registrars.values(), ...elements.values()]) {
      if (process.isFrozen) process.thaw();
    }
    for (const place of places) this.#slow(place, LINK_DELAY_MS);
  }

  #restart({ place, isAnew, downMs }: Kind<'restart'>): void {
    const [old] = [...this.#world.identifiers].findLast(([, where]) => where === place) ?? [];
    this.#world.crashRegistrar(place);
    const start = () => {
      if (this.#world.registrars.has(place)) return;
      const returning = this.#elementsOf(place, old);
      const registrar = this.#world.startRegistrar(place, isAnew ? undefined : old);
      if (!isAnew) registrar.returning = returning;
    };
    if (downMs === 0) start();
    else this.#later(downMs, start);
  }

  /** Those that whoever starts there gets back by its old identifier (decision 35): all others know them, and live. */
  #elementsOf(place: number, id: number | undefined): ReadonlySet<number> {
    const { registrars, elements, ways, history } = this.#world;
    const address = registrarAddress(place);
    const others = [...registrars.values()];
    const settled = this.#world.settled(QUIET_MS);
    const isOpen = (one: SimRegistrar) => ways.openFor(one.process.address, address, 0) > QUIET_MS;
    const canTell =
      others.length > 0 && others.every((one) => settled.includes(one) && isOpen(one));
    if (!canTell || !history.knowsAll || history.loss > 0) return new Set();
    const own = [...elements.keys()].filter((element) =>
      others.every(({ homes }) => homes.get(element) === id),
    );
    return new Set(own);
  }

  #partition({ place, turn }: Kind<'partition'>): void {
    const { places, ways, elements } = this.#world;
    const left = places.filter((one) => one <= place).map(registrarAddress);
    const right = places.filter((one) => one > place).map(registrarAddress);
    ways.partition(left, right);
    for (const id of elements.keys()) {
      const side = [left, right, []][(id + turn) % 3] ?? [];
      ways.partition([elementAddress(id)], side);
    }
  }

  #cutElement({ which, place, way }: Kind<'cutElement'>): void {
    const element = this.#element(which)?.process.address;
    if (element === undefined) return;
    const registrar = registrarAddress(place);
    if (way !== 'from') this.#world.ways.cut(element, registrar);
    if (way !== 'to') this.#world.ways.cut(registrar, element);
  }

  #stopRegistrar(place: number): void {
    const { registrars, leaving, network } = this.#world;
    const registrar = registrars.get(place);
    if (registrar === undefined || registrar.process.isFrozen || leaving.has(registrar)) return;
    leaving.set(registrar, network.now());
    void registrar.halves.stop();
    this.#later(STOP_MS, () => {
      if (registrars.get(place) === registrar) this.#world.crashRegistrar(place);
    });
  }

  #element(which: number): SimElement | undefined {
    const { elements } = this.#world;
    return [...elements.values()][which % Math.max(1, elements.size)];
  }

  #endElement(element: SimElement | undefined, how: 'crash' | 'stop'): void {
    const { elements, leaving, ended, network } = this.#world;
    if (element === undefined || leaving.has(element)) return;
    const end = () => {
      elements.delete(element.id);
      ended.set(element.id, network.now());
      element.crash();
    };
    if (how === 'crash') end();
    else {
      leaving.set(element, network.now());
      element.stop();
      this.#later(ELEMENT_STOP_MS, end);
    }
  }

  #freeze(process: SimProcess | undefined, ms: number): void {
    if (process === undefined || process.isFrozen) return;
    process.freeze(this.#world.history.freezeKind);
    this.#later(ms, () => {
      if (process.isFrozen) process.thaw();
    });
  }

  #slow(place: number, delayMs: number): void {
    const { delays, places, elements, network } = this.#world;
    delays.set(place, delayMs);
    const others = [
      ...places.filter((other) => other !== place).map(registrarAddress),
      ...[...elements.keys()].map(elementAddress),
    ];
    for (const other of others) network.setLink(registrarAddress(place), other, { delayMs });
  }

  #later(ms: number, what: () => void): void {
    const { network } = this.#world;
    network.wakeAt(network.now() + ms, what);
  }
}
