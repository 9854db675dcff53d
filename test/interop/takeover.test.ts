/**
 * A registrar is killed and its pool elements get a new home (RFC 5353 §3.5): one of ours with two of rsplib's left, one
 * of rsplib's with two of ours left, one of rsplib's with one of either kind left. `scenarios/takeover.sh`.
 */

import { describe, expect, test } from 'vitest';
import { describeScenario, expectWellFormed, TRANSPORTS } from './lab.ts';
import { ENRP, type Host } from './wire-log.ts';

const ALL: Host = [1, 2, 3, 4, 5, 6, 7].map((number) => `10.20.0.${number}`);
const [ONE = '', TWO = '', THREE = '', FOUR = '', , , SEVEN = ''] = ALL;

const scenario = { script: 'takeover.sh', limitS: 360, transports: TRANSPORTS };
describeScenario('takeover among three registrars of two kinds', scenario, (seen) => {
  describe.each([
    {
      killed: 'ours',
      left: [TWO, THREE],
      homes: ['0x22222222', '0x33333333'],
      ids: [1, 2, 3, 4].map((n) => `0xc100000${n}`),
      wire: () => seen.wire('two').sent([TWO, THREE], ALL),
    },
    {
      killed: 'theirs',
      left: [ONE, FOUR],
      homes: ['0x44444444', '0x55555555'],
      ids: [1, 2, 3, 4].map((n) => `0xc200000${n}`),
      wire: () => seen.wire('one').sent([ONE, FOUR], [ONE, FOUR]),
    },
    {
      killed: 'mixed',
      left: [ONE, SEVEN],
      homes: ['0x88888888', '0x99999999'],
      ids: [1, 2, 3, 4].map((n) => `0xc300000${n}`),
      wire: () => seen.wire('one').sent([ONE, SEVEN], [ONE, SEVEN]),
    },
  ])('when $killed is killed', ({ killed, left, homes, ids, wire }) => {
    const atS = () => Number(seen.observations[`${killed}AtS`]);
    const endedAtS = () => Number(seen.observations[`${killed}EndedAtS`]);

    test('each of its pool elements has one of the others for its home, and both know which', () => {
      const lines = seen.text(`${killed}-first.txt`).trim().split('\n');
      expect(lines.map((line) => line.split('@')[0])).toEqual(ids);
      for (const line of lines) expect(homes).toContain(line.split(/[@ ]/)[1]);
      expect(seen.text(`${killed}-second.txt`)).toBe(seen.text(`${killed}-first.txt`));
    });

    test('none of them is missing at either of the others at any time', () => {
      for (const address of left) {
        const known = historyOf(seen.text(`history-${address}.txt`), atS(), endedAtS());
        expect(known.length).toBeGreaterThanOrEqual(2);
        for (const views of known) expect(views.map((one) => one.split('@')[0])).toEqual(ids);
      }
    });

    test("rsplib's terminals find and use one of them all along (RFC 5352 §3.3)", () => {
      const uses = seen.text(`${killed}-used.txt`).trim().split('\n');
      expect(uses.length).toBeGreaterThanOrEqual(4);
      for (const use of uses) expect(use).toMatch(/ used$/);
    });

    test('a takeover was announced (RFC 5353 §3.5.1)', () => {
      expect(
        wire().between(atS(), endedAtS()).enrpFlagsOf(ENRP.initTakeover).length,
      ).toBeGreaterThanOrEqual(1);
    });
  });

  test('of one of either kind that are left the successor asks, and the other one agrees', () => {
    // This one knows nobody else: whoever has it has taken it over.
    const isOurs = seen.text('mixed-first.txt').includes('0xc3000002@0x88888888');
    const [successor, other] = isOurs ? [ONE, SEVEN] : [SEVEN, ONE];
    const [from, to] = [seen.observations.mixedAtS, seen.observations.mixedEndedAtS].map(Number);
    const said = seen.wire('one').between(from ?? 0, to ?? 0);
    const asked = said.sent([successor], [other]).enrpFlagsOf(ENRP.initTakeover);
    const agreed = said.sent([other], [successor]).enrpFlagsOf(ENRP.initTakeoverAck);
    expect(asked.length).toBeGreaterThanOrEqual(1);
    expect(agreed.length).toBeGreaterThanOrEqual(1);
  });

  test('one of our two took over and the other knew', () => {
    const said = seen.text('one-anew.txt') + seen.text('four.txt');
    expect(said.match(/taking over a peer that does not answer/g)).not.toBeNull();
    expect(said.match(/peer is down \(peerId 0x66666666, reason takenOver\)/g)).toHaveLength(1);
    expect(said.match(/peer is down \(peerId 0x66666666, reason takenOverByPeer\)/g)).toHaveLength(
      1,
    );
  });

  test('nobody refuses anything, and what ours sends is well-formed', () => {
    for (const name of ['two', 'three', 'five', 'six', 'seven']) {
      expect(seen.text(`${name}.txt`)).not.toMatch(/unknown, rejecting|Malformed|ENRP Error/i);
    }
    for (const name of ['one', 'one-anew', 'one-mixed', 'four']) {
      expect(seen.text(`${name}.txt`)).not.toMatch(/Error:/);
    }
    expectWellFormed(seen.wire('one').sent([ONE], ALL), seen.transport);
  });
});

/** What was known between the two times: all `id@home` before the first change in it, and after each one. */
function historyOf(text: string, fromS: number, toS: number): readonly (readonly string[])[] {
  const changes = text.trimEnd().split('\n');
  const known = changes.map((line) => {
    const [atS, ...elements] = line.trim().split(' ');
    return { atS: Number(atS), elements };
  });
  const before = known.findLastIndex(({ atS }) => atS <= fromS);
  return known
    .slice(before)
    .filter(({ atS }) => atS < toS)
    .map(({ elements }) => elements);
}
