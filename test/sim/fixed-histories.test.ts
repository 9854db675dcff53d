/**
 * Histories that every run plays: crashes, restarts, partitions, frozen processes and bad networks, then peace, in
 * which all registrars come to know the same living pool elements. The first ones also show that the checks can judge
 * most of the time and that a seed is a history, packet by packet.
 */

import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { PacketReport } from '../../src/transport/memory.ts';
import type { Coverage } from './checks.ts';
import { type History, historyOf } from './history.ts';
import { type Outcome, play } from './play.ts';
import { describeHistories } from './playing.ts';

const LOOKED_AT = 10;
const coverages: Coverage[] = [];
const fingerprints: string[] = [];

describeHistories('fixed seeds 1 to 25', 1, 25, (history) => {
  if (history.seed > LOOKED_AT) return play(history);
  const { outcome, fingerprint } = playClosely(history);
  coverages.push(outcome.coverage);
  fingerprints.push(fingerprint);
  return outcome;
});

test('the checks of losses and of replicas can judge most of the time', () => {
  const mean = (of: (one: Coverage) => number) =>
    coverages.reduce((sum, one) => sum + of(one), 0) / LOOKED_AT;
  expect(mean(({ losses }) => losses)).toBeGreaterThan(0.8);
  // Registrars that behave like rsplib are not checked, and those that have died have no replica.
  expect(mean(({ replicas }) => replicas)).toBeGreaterThan(0.5);
});

test('the same seed is the same history, packet by packet, also without listeners that throw', () => {
  const again = Array.from(
    { length: LOOKED_AT },
    (_, index) => playClosely(historyOf(index + 1), false).fingerprint,
  );
  expect(again).toEqual(fingerprints);
  expect(new Set(fingerprints).size).toBe(LOOKED_AT);
});

/** Plays a history with a fingerprint of its transcript and of all its packets. */
function playClosely(
  history: History,
  hasMischief = true,
): { outcome: Outcome; fingerprint: string } {
  const hash = createHash('sha256');
  const onPacket = ({ at, from, to, isLost, packet }: PacketReport) => {
    hash.update(`${at} ${from} ${to} ${isLost} ${JSON.stringify(packet)}\n`);
  };
  const outcome = play(history, { onPacket, hasMischief });
  if (hasMischief) expect(outcome.exceptions).toBeGreaterThan(100);
  return { outcome, fingerprint: hash.update(outcome.transcript.join('\n')).digest('hex') };
}
