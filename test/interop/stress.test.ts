/**
 * Two registrars of ours and one of rsplib's with 60 pool elements, one of them killed and back every 30 s, while pool
 * users of both kinds resolve all the time. `RSERPOOL_STRESS_MINUTES` (2) is for how long. `scenarios/stress.sh`.
 */

import process from 'node:process';
import { expect, test } from 'vitest';
import { describeScenario, expectWellFormed, TRANSPORTS } from './lab.ts';
import type { Host } from './wire-log.ts';

const MINUTES = Number(process.env.RSERPOOL_STRESS_MINUTES ?? 2);
const ADDRESSES: Host = ['10.20.0.1', '10.20.0.2', '10.20.0.3'];
const OURS = ['one', 'three'];

const scenario = {
  script: 'stress.sh',
  limitS: MINUTES * 60 + 240,
  transports: TRANSPORTS,
};
describeScenario('registrars that are killed all the time', scenario, (seen) => {
  const lines = (file: string) => seen.text(file).trim().split('\n');
  const users = () => seen.jsonLines('users.txt');

  test('each period one was killed and came back', () => {
    expect(lines('story.txt').filter((line) => line.endsWith('is killed'))).toHaveLength(
      2 * MINUTES,
    );
  });

  test('no resolution failed twice', () => {
    expect(seen.text('users-errors.txt')).toBe('');
    expect(users().filter(({ event }) => event === 'failed')).toEqual([]);
    expect(users().at(-1)?.resolutions).toBeGreaterThan(MINUTES * 100);
  });

  test("nor did two of rsplib's terminals, one after the other", () => {
    const uses = lines('terminals.txt').map((line) => line.endsWith(' used'));
    expect(uses.length).toBeGreaterThan(MINUTES * 3); // on a slow machine each takes its time
    expect(uses.some((isUsed, i) => !isUsed && uses[i + 1] === false)).toBe(false);
  });

  test('all three know the same 60 pool elements, with the same homes, at the end', () => {
    const [first = [], ...others] = ADDRESSES.map((address) => lines(`final-${address}.txt`));
    expect(first).toHaveLength(60);
    for (const other of others) expect(other).toEqual(first);
  });

  test('ours end without an error, and what they send is well-formed', () => {
    for (const line of lines('story.txt')) {
      const [, name = '', , id] = line.split(' ');
      if (!OURS.includes(name) || id === 'killed') continue;
      expect(seen.text(`${name}-${id}.txt`)).not.toMatch(/Error:/);
    }
    expect(seen.text('elements-errors.txt')).toBe('');
    expectWellFormed(seen.wire('one').sent(['10.20.0.1'], ADDRESSES), seen.transport);
  });
});
