/**
 * A history: how a scope is set up, what happens to it and when, and how it ends. It is made from a seed, and is data,
 * so that events can be left out of it: whatever a subset of them does makes sense.
 */

import type { FreezeKind } from './process.ts';
import { type Random, randomOf } from './random.ts';

const SECOND = 1_000;
const EVENTS = 25;

const SHORT_LIVES = { lifeMs: 30 * SECOND, reregistrationMs: 10 * SECOND };
/** Registered anew so rarely that registrars have to keep their views equal by themselves. */
const LONG_LIVES = { lifeMs: 300 * SECOND, reregistrationMs: 100 * SECOND };

/** Registrars have places, 1 to `registrars`; pool elements are counted among those that live at the time. */
export type Happening =
  | { readonly type: 'crash'; readonly place: number }
  | { readonly type: 'stop'; readonly place: number }
  /** In its place, also of one that is down, under its old identifier or a new one, after a while. */
  | {
      readonly type: 'restart';
      readonly place: number;
      readonly isAnew: boolean;
      readonly downMs: number;
    }
  /** Of the registrars up to this place from the others. Of three pool elements each side has one, one reaches both. */
  | { readonly type: 'partition'; readonly place: number; readonly turn: number }
  | { readonly type: 'oneWay'; readonly from: number; readonly to: number }
  | { readonly type: 'isolate'; readonly place: number }
  /** Of a pool element from one registrar. */
  | {
      readonly type: 'cutElement';
      readonly which: number;
      readonly place: number;
      readonly way: 'both' | 'to' | 'from';
    }
  | { readonly type: 'heal' }
  | { readonly type: 'freeze'; readonly place: number; readonly ms: number }
  /** Everything to and from there takes its time. */
  | { readonly type: 'slow'; readonly place: number; readonly delayMs: number }
  | { readonly type: 'startElement' }
  | { readonly type: 'crashElement'; readonly which: number }
  | { readonly type: 'stopElement'; readonly which: number }
  /** It registers anew with another policy value. */
  | { readonly type: 'reweighElement'; readonly which: number; readonly weight: number }
  | { readonly type: 'freezeElement'; readonly which: number; readonly ms: number };

export interface HistoryEvent {
  /** From 1 on, in order: names the event when some are left out. */
  readonly number: number;
  readonly afterMs: number;
  readonly happening: Happening;
}

export interface History {
  readonly seed: number;
  readonly registrars: number;
  readonly elements: number;
  readonly users: number;
  /** Registrars have all others configured; else only the first, and hear of the others from it. */
  readonly knowsAll: boolean;
  /** Every other registrar does some things as rsplib does. */
  readonly hasRsplib: boolean;
  readonly loss: number;
  readonly duplication: number;
  readonly reordering: number;
  /** Octets that wait for a peer that does not read, at either end, for each association. */
  readonly bufferBytes: number;
  /** What stands still with a process: nothing else, or its SCTP as well. */
  readonly freezeKind: FreezeKind;
  /** Of pool elements: short ones lapse at peers that are not told of the next registration. */
  readonly lives: { readonly lifeMs: number; readonly reregistrationMs: number };
  /** Pool elements in one page of a handle table. */
  readonly pageSize: number;
  /** At most so much are clocks fast or slow. */
  readonly clockDrift: number;
  readonly events: readonly HistoryEvent[];
  /**
   * What there is before peace: `restart`: registrars that are down start again, under new identifiers;
   * `partition`: they do first, and then a partition among all of them lasts for longer than it takes to be
   * given up; `deaths`: who is down stays down, and one more dies, as long as one is left.
   */
  readonly ending: 'restart' | 'partition' | 'deaths';
}

export function historyOf(seed: number): History {
  const random = randomOf(seed);
  const registrars = 3 + random(random(4) === 0 ? 5 : 3);
  const isRough = random(2) === 0;
  const among = <T>(...choices: readonly T[]) => choices[random(choices.length)] as T;
  return {
    seed,
    registrars,
    elements: 8 + random(12),
    users: 2,
    knowsAll: random(2) === 0,
    hasRsplib: random(4) === 0,
    loss: isRough ? among(0, 0.01, 0.05) : 0,
    duplication: isRough ? among(0, 0.02) : 0,
    reordering: isRough ? among(0, 0.02) : 0,
    bufferBytes: among(262_144, 4_096),
    freezeKind: seed % 2 === 0 ? 'host' : 'process',
    lives: seed % 3 === 0 ? SHORT_LIVES : LONG_LIVES,
    pageSize: among(2, 3, 128),
    clockDrift: among(0, 0.02),
    events: Array.from({ length: EVENTS }, (_, index) => ({
      number: index + 1,
      afterMs: 100 + random(8 * SECOND),
      happening: happeningOf(random, registrars),
    })),
    ending: among('restart', 'partition', 'deaths'),
  };
}

function happeningOf(random: Random, registrars: number): Happening {
  const place = 1 + random(registrars);
  const which = random(1_000);
  const among = <T>(...choices: readonly T[]) => choices[random(choices.length)] as T;
  switch (random(17)) {
    case 0:
    case 1:
      return { type: 'crash', place };
    case 2:
    case 3: {
      const downMs = among(0, 0, 3, 9, 14, 30) * SECOND;
      return { type: 'restart', place, isAnew: random(2) === 0, downMs };
    }
    case 4:
      return { type: 'stop', place };
    case 5:
      return { type: 'partition', place, turn: random(3) };
    case 6: {
      const other = 1 + ((place + random(registrars - 1)) % registrars);
      return { type: 'oneWay', from: place, to: other };
    }
    case 7:
      return { type: 'isolate', place };
    case 8:
    case 9:
      return { type: 'heal' };
    case 10:
      return { type: 'freeze', place, ms: 500 + random(20 * SECOND) };
    case 11:
      return { type: 'slow', place, delayMs: 50 + random(400) };
    case 12:
      return { type: 'startElement' };
    case 13:
      return { type: random(2) === 0 ? 'crashElement' : 'stopElement', which };
    case 14:
      return { type: 'reweighElement', which, weight: 1 + random(100) };
    case 15:
      return { type: 'cutElement', which, place, way: among('both', 'to', 'from') };
    default:
      return { type: 'freezeElement', which, ms: 500 + random(10 * SECOND) };
  }
}
