/** The nine policies of RFC 5356 as embedders see them: the worked examples of the specification notes. */

import { describe, expect, test } from 'vitest';
import { Handlespace } from '../../src/handlespace/handlespace.ts';
import type { HandlespaceOptions } from '../../src/handlespace/options.ts';
import type { Policy } from '../../src/wire/parameters.ts';
import { registration } from '../support/registrations.ts';

const PERCENT = 0xffff_ffff / 100;

/** Pool elements A, B, C ... registered in this order. */
function poolOf(
  policies: readonly Policy[],
  options: Partial<HandlespaceOptions> = {},
): Handlespace {
  const handlespace = new Handlespace({ seed: 1n, ...options });
  for (const [index, policy] of policies.entries()) {
    handlespace.register(0, registration({ id: index + 1, policy }));
  }
  return handlespace;
}

/** `turns` answers in a row, each as text: `AB`. */
function answers(handlespace: Handlespace, items: number, turns: number): string[] {
  return Array.from({ length: turns }, () => {
    const elements = handlespace.resolve('EchoPool', { items }) ?? [];
    return elements.map(({ id }) => String.fromCharCode(64 + id)).join('');
  });
}

describe('round robin', () => {
  const three: Policy[] = [{ type: 'roundRobin' }, { type: 'roundRobin' }, { type: 'roundRobin' }];

  test('moves on by one, not by as many as were answered (RFC 5356 §4.1.2)', () => {
    expect(answers(poolOf(three), 2, 4)).toEqual(['AB', 'BC', 'CA', 'AB']);
  });

  test('moves on by maxIncrement where that is set', () => {
    expect(answers(poolOf(three, { maxIncrement: 2 }), 2, 3)).toEqual(['AB', 'CA', 'BC']);
  });

  test('keeps the place of an element that registers again', () => {
    const handlespace = poolOf(three);
    answers(handlespace, 1, 1);
    handlespace.register(0, registration({ id: 1 }));
    expect(answers(handlespace, 1, 4)).toEqual(['B', 'C', 'A', 'B']);
  });
});

describe('weighted round robin (RFC 5356 §4.2)', () => {
  const weight = (value: number): Policy => ({ type: 'weightedRoundRobin', weight: value });

  test('spreads weights 3 and 1 as evenly as can be (decision 26)', () => {
    const turns = answers(poolOf([weight(3), weight(1)]), 1, 8);
    expect(turns.join('')).toBe('AABAAABA');
  });

  test('does not select weight 0', () => {
    expect(answers(poolOf([weight(0), weight(1)]), 2, 3)).toEqual(['B', 'B', 'B']);
  });
});

describe('priority (RFC 5356 §4.5)', () => {
  test('takes the highest first, and equals in turn', () => {
    const policies = [1, 9, 9].map((priority): Policy => ({ type: 'priority', priority }));
    expect(answers(poolOf(policies), 3, 3)).toEqual(['BCA', 'CBA', 'BCA']);
  });
});

describe('the least used family (RFC 5356 §5)', () => {
  test('least used takes the lowest load first, and equals in turn', () => {
    const policies = [5, 5, 3].map((load): Policy => ({ type: 'leastUsed', load }));
    expect(answers(poolOf(policies), 3, 3)).toEqual(['CAB', 'CAB', 'CAB']);
    const equal = [5, 5].map((load): Policy => ({ type: 'leastUsed', load }));
    expect(answers(poolOf(equal), 2, 3)).toEqual(['AB', 'BA', 'AB']);
  });

  test('with degradation each answer counts as load until the element registers again', () => {
    const policies = [100, 120].map(
      (load): Policy => ({ type: 'leastUsedDegradation', load, loadDegradation: 10 }),
    );
    const handlespace = poolOf(policies);
    // A 110, A 120, now equal: B has waited longer, 130; A 130; B, A ...
    expect(answers(handlespace, 1, 6).join('')).toBe('AABABA');
    handlespace.register(0, registration({ id: 1, policy: policies[0] as Policy }));
    expect(answers(handlespace, 1, 2).join('')).toBe('AA');
  });

  test('with degradation only the first of an answer degrades, by profile rfc all (decision 27)', () => {
    const equal = Array.from(
      { length: 3 },
      (): Policy => ({ type: 'leastUsedDegradation', load: 0, loadDegradation: 10 }),
    );
    const rsplib = answers(poolOf(equal), 3, 6);
    expect(rsplib).toEqual(['ABC', 'BCA', 'CAB', 'ABC', 'BCA', 'CAB']);
    // Of two entries both degrade by profile rfc: C is at 0 in the second answer, then all are at 10.
    expect(answers(poolOf(equal), 2, 3)).toEqual(['AB', 'BC', 'CA']);
    expect(answers(poolOf(equal, { profile: 'rfc' }), 2, 3)).toEqual(['AB', 'CB', 'AC']);
  });

  test('priority least used counts the next request in (RFC 5356 §5.3.1)', () => {
    const policies = [10, 50].map(
      (percent): Policy => ({
        type: 'priorityLeastUsed',
        load: 0x8000_0000,
        loadDegradation: Math.round(percent * PERCENT),
      }),
    );
    expect(answers(poolOf(policies), 2, 3)).toEqual(['AB', 'AB', 'AB']);
  });
});

describe('the random policies', () => {
  test.each<[string, Policy, Policy, number]>([
    ['random: alike', { type: 'random' }, { type: 'random' }, 1 / 2],
    [
      'weighted random: 2 to 1',
      { type: 'weightedRandom', weight: 100 },
      { type: 'weightedRandom', weight: 50 },
      2 / 3,
    ],
    [
      'randomized least used: by what is left',
      { type: 'randomizedLeastUsed', load: Math.round(25 * PERCENT) },
      { type: 'randomizedLeastUsed', load: Math.round(50 * PERCENT) },
      3 / 5,
    ],
  ])('%s, each element once in an answer', (_, a, b, share) => {
    const handlespace = poolOf([a, b], { seed: 42n });
    const turns = answers(handlespace, 2, 3_000);
    expect(new Set(turns)).toEqual(new Set(['AB', 'BA']));
    const first = turns.filter((turn) => turn === 'AB').length;
    // Four standard deviations; the seed is fixed.
    const deviation = Math.sqrt(turns.length * share * (1 - share));
    expect(Math.abs(first - turns.length * share)).toBeLessThan(4 * deviation);
  });

  test('are the same for the same seed, and others for another', () => {
    const policies: Policy[] = Array.from({ length: 8 }, () => ({ type: 'random' }));
    const drawn = (seed: bigint) => answers(poolOf(policies, { seed }), 3, 20);
    expect(drawn(7n)).toEqual(drawn(7n));
    expect(drawn(7n)).not.toEqual(drawn(8n));
  });
});
