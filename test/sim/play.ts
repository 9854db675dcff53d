/** Plays a history, checks every step, and then whether peace brings everybody to the same view of what lives. */

import { Checks, REPAIR_MS } from './checks.ts';
import type { History } from './history.ts';
import { World } from './world.ts';

const SECOND = 1_000;
const STEP_MS = 500;
/** Two heartbeats and the audit after them, of registrars that live and know each other. */
const HEALED_MS = 7 * SECOND;
/** Who has died lately is noticed and taken over. */
const PEACE_MS = 20 * SECOND;
/** Who is configured nowhere is found in lists, which are asked for every tenth heartbeat (decision 40). */
const SLOW_PEACE_MS = 40 * SECOND;
/** Longer than a silent peer has. */
const LAST_PARTITION_MS = 40 * SECOND;

export interface Outcome {
  /** What was wrong; nothing if all was well. */
  readonly faults: readonly string[];
  readonly transcript: readonly string[];
}

/** Whatever is thrown, by an invariant that does not hold or by a machine, is a fault, and the end of it. */
export function play(history: History): Outcome {
  const world = new World(history);
  try {
    playIn(world);
  } catch (error) {
    world.complain(String(error));
  }
  return world;
}

function playIn(world: World): void {
  const { history } = world;
  const checks = new Checks(world);
  const advance = (ms: number) => {
    for (let left = ms; left > 0; left -= STEP_MS) {
      world.network.advance(Math.min(left, STEP_MS));
      checks.step();
    }
  };
  world.begin();
  advance(5 * SECOND);
  for (const { afterMs, happening } of history.events) {
    advance(afterMs);
    world.happen(happening);
    world.verify();
  }
  advance(2 * SECOND);
  makePeace(world, advance);
  world.verify();
  // What only rsplib's ways have lost comes back with its next registration.
  if (!history.hasRsplib) checks.isOneScope();
  advance(REPAIR_MS);
  world.verify();
  checks.isOneScope();
  checks.isWhatLives();
  checks.agreesOnAttributes();
}

function makePeace(world: World, advance: (ms: number) => void): void {
  const { ending, knowsAll, seed } = world.history;
  world.note('peace');
  world.calm();
  world.heal();
  for (const place of world.places) {
    const old = world.registrars.get(place);
    if (old !== undefined && !world.leaving.has(old)) continue;
    if (old !== undefined) world.happen({ type: 'crash', place });
    world.startRegistrar(place);
  }
  if (ending === 'partition') {
    advance(PEACE_MS);
    world.note('the last partition');
    world.partition(1 + (seed % (world.places.length - 1)));
    advance(LAST_PARTITION_MS);
    world.heal();
  }
  world.clear();
  if (!knowsAll) advance(SLOW_PEACE_MS);
  else advance(ending === 'partition' ? HEALED_MS : PEACE_MS);
}
