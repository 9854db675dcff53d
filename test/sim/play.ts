/** Plays a history, checks every step, and then whether peace brings everybody to the same view of what lives. */

import type { PacketReport } from '../../src/transport/memory.ts';
import { Checks, type Coverage } from './checks.ts';
import { agreesOnAttributes, agreesOnHomes, isOneScope, isWhatLives } from './ending.ts';
import { Happenings } from './happenings.ts';
import type { History } from './history.ts';
import { repairMs } from './times.ts';
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
  /** How often the checks of losses and of replicas could tell whether all was well. */
  readonly coverage: Coverage;
  /** How many exceptions listeners and loggers have thrown. */
  readonly exceptions: number;
}

export interface PlayOptions {
  /** Is shown all packets. */
  readonly onPacket?: (report: PacketReport) => void;
  /** Whether listeners and loggers throw at random. Default: yes. */
  readonly hasMischief?: boolean;
}

/** Whatever is thrown, by an invariant that does not hold or by a machine, is a fault, and the end of it. */
export function play(
  history: History,
  { onPacket, hasMischief = true }: PlayOptions = {},
): Outcome {
  const world = new World(history, hasMischief);
  if (onPacket !== undefined) world.network.observe(onPacket);
  const checks = new Checks(world);
  try {
    playIn(world, checks);
  } catch (error) {
    world.complain(String(error));
  }
  const { mischief, faults, transcript } = world;
  if (!mischief.isAllHandedOver) world.complain('an exception of a listener or logger is lost');
  return { faults, transcript, coverage: checks.coverage, exceptions: mischief.thrown };
}

function playIn(world: World, checks: Checks): void {
  const { history } = world;
  const happenings = new Happenings(world);
  const advance = (ms: number) => {
    for (let left = ms; left > 0; left -= STEP_MS) {
      world.network.advance(Math.min(left, STEP_MS));
      checks.step();
    }
  };
  world.begin(advance);
  advance(5 * SECOND);
  for (const { afterMs, happening } of history.events) {
    advance(afterMs);
    happenings.happen(happening);
  }
  advance(2 * SECOND);
  makePeace(world, happenings, advance);
  // What only rsplib's ways have lost comes back with its next registration.
  if (!history.hasRsplib) isOneScope(world);
  advance(Math.max(repairMs(history), SLOW_PEACE_MS));
  isOneScope(world);
  isWhatLives(world);
  agreesOnHomes(world);
  agreesOnAttributes(world);
}

function makePeace(world: World, happenings: Happenings, advance: (ms: number) => void): void {
  const { ending, knowsAll, seed, registrars } = world.history;
  world.note('peace');
  happenings.calm();
  world.ways.heal();
  for (const place of world.places) {
    const old = world.registrars.get(place);
    if (old !== undefined && !world.leaving.has(old)) continue;
    if (old !== undefined) happenings.happen({ type: 'crash', place });
    // Where not all are configured the first one is what the others find each other by.
    if (ending !== 'deaths' || place === 1) world.startRegistrar(place);
  }
  if (ending === 'deaths')
    happenings.happen({ type: 'crash', place: 2 + (seed % (registrars - 1)) });
  if (ending === 'partition') {
    advance(PEACE_MS);
    happenings.happen({
      type: 'partition',
      place: 1 + (seed % (registrars - 1)),
      turn: seed % 3,
    });
    advance(LAST_PARTITION_MS);
    world.ways.heal();
  }
  world.clear();
  if (!knowsAll) advance(SLOW_PEACE_MS);
  else advance(ending === 'partition' ? HEALED_MS : PEACE_MS);
}
