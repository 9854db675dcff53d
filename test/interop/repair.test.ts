/**
 * Our registrar and one of rsplib's, static peers of each other, after what parted them: each finds that the other's
 * checksum is not what it knows, and reads the other's table (RFC 5353 §3.6). `scenarios/repair.sh`.
 */

import { expect, test } from 'vitest';
import { describeScenario, expectWellFormed, TRANSPORTS } from './lab.ts';
import { ENRP, type Host } from './wire-log.ts';

const OURS: Host = ['10.20.0.1'];
const THEIRS: Host = ['10.20.0.2'];

const scenario = { script: 'repair.sh', limitS: 240, transports: TRANSPORTS };
describeScenario('two registrars that were parted', scenario, (seen) => {
  const view = (step: string) =>
    new RegExp(`^${step}: (.*)$`, 'm').exec(seen.text('views.txt'))?.[1]?.trim().split(' ');
  const ids = (file: string) =>
    seen
      .text(file)
      .trim()
      .split('\n')
      .map((line) => line.split('@')[0]);
  const afterwards = () => {
    const { unitedAtS = 0, repairedAtS = 0 } = seen.observations;
    return seen.wire('one').between(unitedAtS, repairedAtS);
  };

  test('find each other by the addresses that they were told, without multicast', () => {
    expect(view('whole-ours')).toHaveLength(4);
    expect(view('whole-theirs')).toEqual(view('whole-ours'));
  });

  test('each lack what came on the other side, and ours removes what it takes over in vain', () => {
    expect(view('parted-ours')).toEqual(['0xa1000000@0x11111111', '0xa3000000@0x11111111']);
    expect(view('parted-theirs')).toContain('0xc3000000@0x22222222');
    expect(view('parted-theirs')?.join(' ')).not.toContain('0xa3000000');
  });

  test('know the same when the network is whole again', () => {
    expect(ids('united-ours.txt')).toEqual([
      ...['0xa1000000', '0xa3000000', '0xc1000000', '0xc3000000'],
    ]);
    expect(seen.text('united-theirs.txt')).toBe(seen.text('united-ours.txt'));
  });

  test('each read the table of the other (RFC 5353 §3.6.3)', () => {
    expect(seen.text('one.txt')).toContain('the view of a peer differs from ours');
    const asked = (from: Host, to: Host) =>
      afterwards().sent(from, to).enrpFlagsOf(ENRP.handleTableRequest);
    expect(asked(OURS, THEIRS)).not.toEqual([]);
    expect(asked(THEIRS, OURS)).not.toEqual([]);
  });

  test('know the same again when either started anew as another one', () => {
    expect(view('ours-anew-theirs')).toEqual(view('ours-anew-ours'));
    expect(ids('final-ours.txt')).toEqual(ids('united-ours.txt'));
    expect(seen.text('final-theirs.txt')).toBe(seen.text('final-ours.txt'));
    expect(seen.text('final-ours.txt')).not.toMatch(/0x11111111|0x22222222/);
    // Ours has not noticed yet that the one before is dead, and is its mentor all the same.
    expect(seen.text('two-anew.txt')).toContain('obtaining handlespace from mentor server');
  });

  test('refuse nothing, and what ours sends is well-formed', () => {
    for (const name of ['two', 'two-anew']) {
      expect(seen.text(`${name}.txt`)).not.toMatch(/unknown, rejecting|Malformed|ENRP Error/i);
    }
    for (const name of ['one', 'one-anew']) expect(seen.text(`${name}.txt`)).not.toMatch(/Error:/);
    expectWellFormed(seen.wire('one').sent(OURS, THEIRS), seen.transport);
  });
});
