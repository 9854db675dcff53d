/** What happens to a scope, as a seed wants it; then peace, and what must be true by then. */

import { REREGISTRATION_MS, registrarAddress, type SimRegistrar, World } from './world.ts';

const SECOND = 1_000;
const REGISTRARS = [3, 5] as const;
const ELEMENTS = 12;
const EVENTS = 25;
/** Until everything that was cut off, killed or forgotten has been found again (decision 40). */
const PEACE_MS = 60_000;

type Random = (below: number) => number;

/** Runs the history of a seed; what was wrong in the end, nothing if all was well. */
export function play(seed: number): { faults: string[]; transcript: readonly string[] } {
  const random = randomOf(seed);
  const world = new World(seed, REGISTRARS[0] + random(1 + REGISTRARS[1] - REGISTRARS[0]));
  let nextId = 100;
  for (const place of world.places) world.startRegistrar(place, nextId++);
  world.network.advance(10 * SECOND);
  for (let id = 1; id <= ELEMENTS; id++) world.startElement(id);
  world.network.advance(5 * SECOND);
  let nextElement = ELEMENTS + 1;
  for (let event = 0; event < EVENTS; event++) {
    nextElement = happen(world, random, () => nextId++, nextElement);
    world.network.advance(100 + random(8_000));
    world.verify();
  }
  makePeace(world, () => nextId++);
  world.verify();
  const faults = differencesOf(world);
  // What no registrar knows of it hears with the next registration at the latest.
  world.network.advance(1.1 * REREGISTRATION_MS);
  world.verify();
  faults.push(...differencesOf(world), ...lossesOf(world));
  return { faults, transcript: world.transcript };
}

function happen(world: World, random: Random, newId: () => number, nextElement: number): number {
  const place = 1 + random(world.places.length);
  const someElement = [...world.elements.keys()][random(world.elements.size)];
  switch (random(10)) {
    case 0:
    case 1:
      world.crashRegistrar(place);
      break;
    case 2:
    case 3:
      restart(world, place, random(2) === 0 ? undefined : newId());
      break;
    case 4: {
      const isLeft = (one: number) => one <= place;
      const left = world.places.filter(isLeft).map(registrarAddress);
      const right = world.places.filter((one) => !isLeft(one)).map(registrarAddress);
      world.note(`partition of ${left} and ${right}`);
      world.network.partition(left, right);
      break;
    }
    case 5:
      world.note(`nothing from ${place} reaches 1`);
      if (place !== 1) world.network.cutOneWay(registrarAddress(place), registrarAddress(1));
      break;
    case 6:
      world.note('the network is whole');
      world.network.heal();
      break;
    case 7:
      if (someElement !== undefined) world.crashElement(someElement);
      break;
    case 8:
      world.startElement(nextElement);
      return nextElement + 1;
    default:
      world.note(`${place} is cut off`);
      world.network.isolate(registrarAddress(place));
  }
  return nextElement;
}

/** In its place: under its old identifier or another one. */
function restart(world: World, place: number, id: number | undefined): void {
  const old = world.registrars.get(place)?.id;
  world.crashRegistrar(place);
  const wanted = id ?? old;
  if (wanted !== undefined) world.startRegistrar(place, wanted);
}

function makePeace(world: World, newId: () => number): void {
  world.note('peace');
  world.network.heal();
  for (const place of world.places) {
    if (!world.registrars.has(place)) world.startRegistrar(place, newId());
  }
  world.network.advance(PEACE_MS);
}

/** Registrars that do not know all others, or know other pool elements than they. */
function differencesOf(world: World): string[] {
  const registrars = [...world.registrars.values()];
  const peersOf = ({ halves }: SimRegistrar) => halves.enrp?.peers ?? [];
  const faults = registrars
    .filter((one) => peersOf(one).length !== world.places.length - 1)
    .map((one) => `${one.id} knows ${peersOf(one).map(({ id }) => id)}`);
  const [first, ...others] = registrars;
  for (const other of others) {
    if (first === undefined || other.view().join() === first.view().join()) continue;
    faults.push(`${first.id} has ${first.view()}, ${other.id} has ${other.view()}`);
  }
  return faults;
}

/** Pool elements that live and are not known, or the other way round. */
function lossesOf(world: World): string[] {
  const [first] = world.registrars.values();
  const living = [...world.elements.keys()].map(String).sort();
  const known = (first?.view() ?? []).map((one) => one.split('@')[0]).sort();
  return known.join() === living.join() ? [] : [`${living} live, ${known} are known`];
}

/** Mulberry32 */
function randomOf(seed: number): Random {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
