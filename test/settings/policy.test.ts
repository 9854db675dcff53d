/** Policies as applications write them. */

import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { changedPolicy, policy, policyInFractions } from '../../src/settings/policy.ts';
import type { Policy } from '../../src/wire/parameters.ts';

const WHOLE = 0xffff_ffff;

/** What an application writes, and what the wire has. */
const BOTH: [Policy, Policy][] = [
  [{ type: 'roundRobin' }, { type: 'roundRobin' }],
  [
    { type: 'weightedRandom', weight: WHOLE },
    { type: 'weightedRandom', weight: WHOLE },
  ],
  [
    { type: 'priority', priority: 3 },
    { type: 'priority', priority: 3 },
  ],
  [
    { type: 'leastUsed', load: 1 },
    { type: 'leastUsed', load: WHOLE },
  ],
  [
    { type: 'leastUsedDegradation', load: 0.5, loadDegradation: 0.25 },
    { type: 'leastUsedDegradation', load: 0x8000_0000, loadDegradation: 0x4000_0000 },
  ],
  [
    { type: 'weightedRandomDpf', weight: 7, weightDpf: 0.5, distanceMs: 12 },
    { type: 'weightedRandomDpf', weight: 7, weightDpf: 0x8000_0000, distanceMs: 12 },
  ],
  [
    { type: 'leastUsedDpf', load: 0, loadDpf: 1, distanceMs: 1 },
    { type: 'leastUsedDpf', load: 0, loadDpf: WHOLE, distanceMs: 1 },
  ],
  [
    { type: 'unknown', policyType: 0x77, bytes: Uint8Array.of(1) },
    { type: 'unknown', policyType: 0x77, bytes: Uint8Array.of(1) },
  ],
];

describe('a policy', () => {
  test.each(BOTH)('%j is %j on the wire, and the other way round', (written, onWire) => {
    expect(policy.read(written, 'policy')).toEqual(onWire);
    expect(policyInFractions(onWire)).toEqual(written);
  });

  test.each<[unknown, string]>([
    [undefined, 'policy is missing: give a policy, such as '],
    ['leastUsed', 'policy is "leastUsed": give a policy, such as { type: "leastUsed", load'],
    [{}, 'policy.type is missing: give "roundRobin", "weightedRoundRobin", '],
    [{ type: 'LeastUsed' }, 'policy.type is "LeastUsed": give '],
    [{ type: 'leastUsed' }, 'policy.load is missing: give a number from 0 to 1.'],
    [{ type: 'leastUsed', load: 0x4000_0000 }, 'policy.load is 1073741824: give a number from 0'],
    [{ type: 'leastUsed', load: -0.1 }, 'policy.load is -0.1: '],
    [{ type: 'leastUsed', load: '0.5' }, 'policy.load is "0.5": '],
    [{ type: 'leastUsed', load: 0, weight: 3 }, 'policy.weight is unknown: policy may have type a'],
    [{ type: 'leastUsed', Load: 0 }, 'policy.Load is unknown: did you mean policy.load?'],
    [{ type: 'roundRobin', load: 0 }, 'policy.load is unknown: '],
    [{ type: 'weightedRandom', weight: 1.5 }, 'policy.weight is 1.5: give a whole number'],
    [{ type: 'priorityLeastUsed', load: 0 }, 'policy.loadDegradation is missing'],
    [Object.create({ type: 'roundRobin' }), 'policy is an object that inherits from another one'],
  ])('%j is refused', (given, sentence) => {
    const refused = () => policy.read(given, 'policy');
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(sentence);
  });
});

describe('a change of a policy', () => {
  const current: Policy = { type: 'leastUsedDegradation', load: 0x8000_0000, loadDegradation: 9 };

  test('leaves the values that it does not name as they are', () => {
    const changed = changedPolicy(current, { load: 1, loadDegradation: undefined }, 'policy');
    expect(changed).toEqual({ ...current, load: WHOLE });
  });

  test('is a whole policy if it has a type', () => {
    expect(changedPolicy(current, { type: 'random' }, 'policy')).toEqual({ type: 'random' });
    const half = () => changedPolicy(current, { type: 'leastUsed' }, 'policy');
    expect(half).toThrow('policy.load is missing');
  });

  test.each<[unknown, string]>([
    [undefined, 'policy is missing'],
    [null, 'policy is null: give a policy, such as '],
    ['x', 'policy is "x"'],
    [0.5, 'policy is 0.5'],
    [[], 'policy is []'],
    [{}, 'policy is {}: give at least one of its values: load, loadDegradation.'],
    [{ load: undefined }, 'policy is { load: undefined }: give at least one of its values'],
    [{ weight: 3 }, 'policy.weight is unknown: policy may have type, load and loadDegradation.'],
    [{ load: Number.NaN }, 'policy.load is NaN'],
    [{ load: 2 }, 'policy.load is 2'],
    [{ type: 'roundRobin', load: 0.5 }, 'policy.load is unknown'],
  ])('%j is refused', (given, sentence) => {
    const refused = () => changedPolicy(current, given, 'policy');
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(sentence);
  });
});
