/**
 * A table of 300 pool elements between our registrar and rsplib's, each once the other's mentor, and in the eyes of
 * rsplib's `hsdump` and of our `rserpool dump`. `scenarios/table.sh`.
 */

import { expect, test } from 'vitest';
import { describeScenario, expectWellFormed, TRANSPORTS } from './lab.ts';
import { ENRP, type Host, MORE_TO_COME } from './wire-log.ts';

const OURS: Host = ['10.20.0.1'];
const THEIRS: Host = ['10.20.0.2'];
const TOOLS: Host = ['10.20.0.22'];
const POOLS = ['TablePoolA', 'TablePoolB', 'TablePoolC'];
const EACH = 100;

const scenario = { script: 'table.sh', limitS: 240, transports: TRANSPORTS };
describeScenario('a large table and its mentors', scenario, (seen) => {
  const linesOf = (view: string) => seen.text(`${view}.txt`).trim().split('\n');
  const pagesTo = (host: Host, from: Host) =>
    seen.wire('one').sent(from, host).enrpFlagsOf(ENRP.handleTableResponse);

  test("rsplib's registrar has all of ours, its mentor's (RFC 5353 §3.2.3)", () => {
    expect(linesOf('full-ours')).toEqual(table(0xe000_0001, 0x1111_1111));
    expect(linesOf('learnt-theirs')).toEqual(linesOf('full-ours'));
    expectPages(pagesTo(THEIRS, OURS));
  });

  test('who leaves at ours is gone at both', () => {
    expect(seen.text('empty-ours.txt')).toBe('');
    expect(seen.text('empty-theirs.txt')).toBe('');
  });

  test("what registers with rsplib's is known at ours, one by one (RFC 5353 §3.3)", () => {
    expect(linesOf('full-theirs')).toEqual(table(0xf000_0001, 0x2222_2222));
    expect(linesOf('updated-ours')).toEqual(linesOf('full-theirs'));
  });

  test("ours has all of rsplib's, its mentor's, when it starts anew", () => {
    expect(linesOf('learnt-ours')).toEqual(linesOf('full-theirs'));
    expect(seen.text('ours-anew.txt')).toContain('in service (mentorId 0x22222222)');
    expectPages(pagesTo(OURS, THEIRS));
  });

  test("rsplib's hsdump reads our table, and prints it", () => {
    expect(dumped(seen.text('hsdump.txt'))).toEqual(linesOf('full-ours'));
    expectPages(pagesTo(TOOLS, OURS));
  });

  test('our `rserpool dump` reads ours', () => {
    expect(seen.observations.oursStatus).toBe(0);
    expect(seen.text('dump-ours-errors.txt')).toBe('');
    expect(read(seen.jsonLines('dump-ours.txt'))).toEqual(linesOf('full-theirs'));
  });

  test("it reads rsplib's only as a peer, and warns", () => {
    expect(seen.observations['theirs-refusedStatus']).toBe(1);
    expect(seen.text('dump-theirs-refused-errors.txt')).toMatch(/rejected the request.*--as-peer/);
    expect(seen.observations['theirs-as-peerStatus']).toBe(0);
    expect(seen.text('dump-theirs-as-peer-errors.txt')).toContain('lists this command as a peer');
    expect(read(seen.jsonLines('dump-theirs-as-peer.txt'))).toEqual(linesOf('full-theirs'));
  });

  test("rsplib's programs find nothing wrong with what ours says, and that is well-formed", () => {
    for (const name of ['theirs-until-read', 'hsdump']) {
      // Who starts does not tell of its peers yet (RFC 5353 §3.2.2): "Rejected ListResponse" is of then.
      const said = seen.text(`${name}.txt`).replaceAll(/Rejected ListResponse from/g, '');
      expect(said).not.toMatch(/rejected|rejecting|Malformed|ENRP Error/i);
    }
    expectWellFormed(seen.wire('one').sent(OURS, [...THEIRS, ...TOOLS]), seen.transport);
  });
});

/** As `view-ADDRESS.txt` has it. */
function table(firstId: number, home: number): string[] {
  const id = (number: number) => `0x${number.toString(16).padStart(8, '0')}`;
  return POOLS.flatMap((pool, i) =>
    Array.from({ length: EACH }, (_, n) => `${id(firstId + i * EACH + n)}@${id(home)} ${pool}`),
  );
}

/** 300 are more than two pages whatever the limit: 128 pool elements, or 1 400 octets (decision 29). */
function expectPages(flags: readonly number[]): void {
  const followed = flags.filter((flag) => (flag & MORE_TO_COME) !== 0);
  expect(followed.length).toBeGreaterThanOrEqual(2);
  expect(flags.at(-1)).toBe(0);
}

/** What `rserpool dump --json` prints, as `view-ADDRESS.txt` would have it. */
function read(lines: readonly Record<string, unknown>[]): string[] {
  const elements = lines.filter(({ what }) => what === 'poolElement');
  return elements.map(({ id, home, pool }) => `${id}@${home} ${pool}`).sort();
}

/** What hsdump prints, as `view-ADDRESS.txt` would have it. */
function dumped(text: string): string[] {
  const lines = new Set<string>();
  let pool = '';
  let id = '';
  for (const line of text.split('\n')) {
    pool = /Pool "(\w+)"/.exec(line)?.[1] ?? pool;
    id = /idx:#\d+: \$(\w+)/.exec(line)?.[1] ?? id;
    const home = /home=\$(\w+) life/.exec(line)?.[1];
    if (home === undefined || id === '') continue;
    lines.add(`0x${id}@0x${home} ${pool}`);
    id = ''; // the list of the same pool elements by selection has them without it
  }
  return [...lines].sort();
}
