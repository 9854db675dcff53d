/**
 * Our registrar and one of rsplib's in a network that has IPv6 alone. `scenarios/scope-ipv6.sh`.
 */

import { expect, test } from 'vitest';
import { describeScenario, expectWellFormed, TRANSPORTS } from './lab.ts';
import type { Host } from './wire-log.ts';

const OURS: Host = ['fd00:20::1'];
const THEIRS: Host = ['fd00:20::2'];

const scenario = { script: 'scope-ipv6.sh', limitS: 180, transports: TRANSPORTS };
describeScenario('one scope over IPv6', scenario, (seen) => {
  const view = (step: string) =>
    new RegExp(`^${step}: (.*)$`, 'm').exec(seen.text('views.txt'))?.[1]?.trim().split(' ');

  test('registrations at either are known at both (RFC 5353 §3.3)', () => {
    const both = ['0xc1000001@0x11111111', '0xc2000001@0x22222222'];
    expect(view('atOurs')).toEqual(both);
    expect(view('atTheirs')).toEqual(both);
  });

  test("ours takes over the server of rsplib's, which learns that when it is back", () => {
    const both = ['0xc1000001@0x11111111', '0xc2000001@0x11111111'];
    expect(view('takenOver')).toEqual(both);
    expect(view('learntAnew')).toEqual(both);
  });

  test("rsplib's terminals find and use a server all along", () => {
    const uses = seen.text('used.txt').trim().split('\n');
    expect(uses.length).toBeGreaterThanOrEqual(3);
    for (const use of uses) expect(use).toMatch(/ used$/);
  });

  test('who leaves is gone', () => expect(view('left')).toEqual(['0xc2000001@0x11111111']));

  test('nobody refuses anything, and what ours sends is well-formed', () => {
    for (const name of ['two', 'two-anew']) {
      expect(seen.text(`${name}.txt`)).not.toMatch(/unknown, rejecting|Malformed|ENRP Error/i);
    }
    expect(seen.text('one.txt')).not.toMatch(/Error:/);
    expectWellFormed(seen.wire('one').sent(OURS, THEIRS), seen.transport);
  });
});
