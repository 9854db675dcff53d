/**
 * Our registrar and rsplib's in one scope (RFC 5353), with servers of rsplib's: each is the other's mentor,
 * each is taken over by the other kind. `scenarios/scope.sh`.
 */

import { expect, test } from 'vitest';
import { describeScenario, expectWellFormed, TRANSPORTS } from './lab.ts';
import { type Host, REMOVED } from './wire-log.ts';

const OURS: Host = ['10.20.0.1'];
const THEIRS: Host = ['10.20.0.2', '10.20.0.3'];

const scenario = { script: 'scope.sh', limitS: 400, transports: TRANSPORTS };
describeScenario('our registrar and those of rsplib in one scope', scenario, (seen) => {
  const view = (step: string) =>
    new RegExp(`^${step}: (.*)$`, 'm').exec(seen.text('views.txt'))?.[1]?.trim().split(' ');

  test("rsplib's learns from ours as its mentor (RFC 5353 §3.2)", () => {
    expect(view('learnt')).toEqual(['0xc1000001@0x11111111']);
    expect(view('learntAnew')).toEqual(['0xc1000001@0x11111111', '0xc2000001@0x11111111']);
  });

  test('registrations at either are known at both (RFC 5353 §3.3)', () => {
    const both = ['0xc1000001@0x11111111', '0xc2000001@0x22222222'];
    expect(view('bothAtOurs')).toEqual(both);
    expect(view('bothAtTheirs')).toEqual(both);
  });

  test('the server of a registrar that is killed ends at ours, which calls it (RFC 5353 §3.5)', () => {
    expect(view('takenOver')).toEqual(['0xc1000001@0x11111111', '0xc2000001@0x11111111']);
    expect(seen.text('one.txt')).toContain('taking over a peer that does not answer');
    // It was told of no other registrar, and nothing announces ours: it has been called.
    expect(seen.text('server-b.txt')).not.toContain('10.20.0.1:');
  });

  test('a server that leaves is gone everywhere', () => {
    expect(view('leftAtOurs')).toEqual(['0xc1000001@0x11111111']);
    expect(view('leftAtTheirs')).toEqual(['0xc1000001@0x11111111']);
    expect(view('atTheirs')).toEqual(['0xc1000001@0x11111111', '0xc3000001@0x33333333']);
    expect(view('leftTheirs')).toEqual(['0xc1000001@0x11111111']);
    const updates = seen.wire('one').sent(THEIRS, OURS).updatesOf(0xc3000001);
    expect(updates).toContain(REMOVED);
  });

  test("when ours ends its server registers with rsplib's, and ours learns that when it is back", () => {
    const [at = ''] = view('ended') ?? [];
    expect(at).toMatch(/^0xc1000001@0x[34]/);
    expect(view('mentored')).toEqual([at]);
    expect(seen.text('one-anew.txt')).toMatch(/in service \(mentorId 0x(33333333|44444444)\)/);
  });

  test("rsplib's registrars refuse nothing of ours and report no error", () => {
    for (const name of ['two', 'two-anew', 'three']) {
      expect(seen.text(`${name}.txt`)).not.toMatch(/unknown, rejecting|Malformed|ENRP Error/i);
    }
    for (const name of ['one', 'one-anew']) expect(seen.text(`${name}.txt`)).not.toMatch(/Error:/);
  });

  test('what ours sends is well-formed', () => {
    expectWellFormed(seen.wire('one').sent(OURS, THEIRS), seen.transport);
  });
});
