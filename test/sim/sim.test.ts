/**
 * Histories of whole scopes: crashes, restarts, partitions, frozen processes and bad networks, then peace; by then
 * all registrars know the same, which is what lives. Some seeds are always the same, some are new with every run;
 * `npm run sim -- --seed N --runs N` plays those that it is told, `--events N,...` only these events of one.
 */

import { createHash } from 'node:crypto';
import process from 'node:process';
import { describe, expect, test } from 'vitest';
import type { PacketReport } from '../../src/transport/memory.ts';
import type { Coverage } from './checks.ts';
import { type History, historyOf } from './history.ts';
import { play } from './play.ts';
import { only, shrink } from './shrink.ts';

const { RSERPOOL_SIM_SEED, RSERPOOL_SIM_RUNS, RSERPOOL_SIM_EVENTS } = process.env;
const PER_TEST = 10;
const MOST_TRIALS = 100;

/** First seeds of tests that play ten each. */
function tens(first: number, runs: number): number[] {
  return Array.from({ length: Math.ceil(runs / PER_TEST) }, (_, index) => first + PER_TEST * index);
}

function expectPeace(history: History): void {
  if (play(history).faults.length === 0) return;
  const short = shrink(history, (one) => play(one).faults.length > 0, MOST_TRIALS);
  const events = short.events.map(({ number }) => number).join() || '0';
  const replay = `npm run sim -- --seed ${history.seed} --events ${events}`;
  const { transcript, faults } = play(short);
  expect.fail(`${transcript.join('\n')}\n${faults.join('\n')}\nAgain: ${replay}`);
}

const lastWanted =
  RSERPOOL_SIM_RUNS === undefined
    ? Number.POSITIVE_INFINITY
    : Number(RSERPOOL_SIM_SEED ?? 1) + Number(RSERPOOL_SIM_RUNS);
/** Of as many digits as `npm run sim` takes. */
const fresh = 1 + (Date.now() % 999_999_900);
const groups =
  RSERPOOL_SIM_SEED === undefined && RSERPOOL_SIM_RUNS === undefined
    ? { fixed: tens(1, 250), fresh: tens(fresh, 50) }
    : { wanted: tens(Number(RSERPOOL_SIM_SEED ?? 1), Number(RSERPOOL_SIM_RUNS ?? 10_000)) };

if ('fresh' in groups) console.info(`fresh histories: npm run sim -- --seed ${fresh} --runs 50`);

if (RSERPOOL_SIM_EVENTS === undefined) playGroups();
else {
  test('these events of one seed', () => {
    const numbers = RSERPOOL_SIM_EVENTS.split(',').map(Number);
    expectPeace(only(historyOf(Number(RSERPOOL_SIM_SEED ?? 1)), numbers));
  });
}

function playGroups(): void {
  describe.each(Object.entries(groups))(
    'a scope ends with one view of what lives, %s',
    (_, firsts) => {
      test.each(firsts)(
        'from seed %i on',
        (first) => {
          const last = Math.min(first + PER_TEST, lastWanted);
          for (let seed = first; seed < last; seed++) expectPeace(historyOf(seed));
        },
        120_000,
      );
    },
  );
}

test('the checks of losses and of replicas can tell most of the time', () => {
  const coverages = Array.from({ length: 10 }, (_, index) => play(historyOf(index + 1)).coverage);
  const mean = (of: (one: Coverage) => number) =>
    coverages.reduce((sum, one) => sum + of(one), 0) / coverages.length;
  expect(mean(({ losses }) => losses)).toBeGreaterThan(0.8);
  // Those of rsplib's kind are not looked at, and who has died has none.
  expect(mean(({ replicas }) => replicas)).toBeGreaterThan(0.5);
});

test('the same seed is the same history, packet by packet', () => {
  const seeds = Array.from({ length: 10 }, (_, index) => index + 1);
  const prints = seeds.map((seed) => fingerprintOf(seed));
  expect(seeds.map((seed) => fingerprintOf(seed))).toEqual(prints);
  expect(new Set(prints).size).toBe(seeds.length);
}, 120_000);

test('exceptions of listeners and loggers change no packet of a history', () => {
  for (let seed = 1; seed <= 3; seed++) {
    expect(play(historyOf(seed)).exceptions).toBeGreaterThan(100);
    expect(fingerprintOf(seed, false)).toBe(fingerprintOf(seed));
  }
}, 120_000);

/** Of the transcript and of all packets. */
function fingerprintOf(seed: number, hasMischief = true): string {
  const hash = createHash('sha256');
  const onPacket = ({ at, from, to, isLost, packet }: PacketReport) => {
    hash.update(`${at} ${from} ${to} ${isLost} ${JSON.stringify(packet)}\n`);
  };
  const { transcript } = play(historyOf(seed), { onPacket, hasMischief });
  return hash.update(transcript.join('\n')).digest('hex');
}
