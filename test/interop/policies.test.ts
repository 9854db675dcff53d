/**
 * Three rsplib servers in a pool of each standard policy (RFC 5356), resolved again and again: the order of
 * selection, as the answers on the wire show it. `scenarios/policies.sh`.
 */

import { expect, test } from 'vitest';
import { describeScenario, expectWellFormed } from './lab.ts';
import { ASAP, CAUSE, type Host, REJECTED } from './wire-log.ts';

const REGISTRAR: Host = ['10.20.0.1'];
const SERVERS: Host = ['10.20.0.11', '10.20.0.12', '10.20.0.13'];
const PRIVATE: Host = ['10.20.0.14'];
const CLIENT: Host = ['10.20.0.2'];

/** Policy types (RFC 5356 §8), of the pools in the order in which the scenario makes them. */
const POLICIES = {
  RoundRobin: 0x0000_0001,
  WeightedRoundRobin: 0x0000_0002,
  Random: 0x0000_0003,
  WeightedRandom: 0x0000_0004,
  Priority: 0x0000_0005,
  LeastUsed: 0x4000_0001,
  LeastUsedDegradation: 0x4000_0002,
  PriorityLeastUsed: 0x4000_0003,
  RandomizedLeastUsed: 0x4000_0004,
} as const;
type Pool = keyof typeof POLICIES;
const POOLS = Object.keys(POLICIES) as Pool[];

const scenario = { script: 'policies.sh', limitS: 150, transports: ['kernel'] as const };
describeScenario("rsplib's servers under each standard policy", scenario, (seen) => {
  const wire = () => seen.wire('registrar');

  const firstIdOf = (pool: Pool) => 0xcd00_0001 + 16 * (POOLS.indexOf(pool) + 1);
  const answersFor = (pool: Pool) => {
    const { askedAtS = Number.POSITIVE_INFINITY } = seen.observations;
    const from = firstIdOf(pool);
    return wire()
      .sent(REGISTRAR, CLIENT)
      .between(askedAtS, Number.POSITIVE_INFINITY)
      .withMessage(ASAP.resolutionResponse)
      .filter(({ selectedIds: [id = 0] }) => id >= from && id < from + 3);
  };
  /** What the pool user was given, answer by answer: the numbers (1 to 3) of the servers. */
  const selectionsOf = (pool: Pool) => {
    const answers = answersFor(pool);
    for (const { policies } of answers) {
      expect(new Set(policies)).toEqual(new Set([POLICIES[pool]]));
    }
    const first = firstIdOf(pool);
    return answers.map(({ selectedIds }) => selectedIds.map((id) => id - first + 1));
  };
  const firstOf = (pool: Pool) => selectionsOf(pool).map(([first = 0]) => first);
  const countsOf = (pool: Pool) =>
    [1, 2, 3].map((server) => firstOf(pool).filter((first) => first === server).length);

  test('servers of all nine are registered', () => {
    const answers = wire().sent(REGISTRAR, SERVERS).withMessage(ASAP.registrationResponse);
    for (const { flags, causes } of answers) expect([flags[0], causes]).toEqual([0, []]);
    expect(new Set(answers.flatMap(({ poolElementIds }) => poolElementIds)).size).toBe(27);
  });

  test('round robin: one after the other (RFC 5356 §4.1)', () => {
    const turns = firstOf('RoundRobin');
    expect(turns).toHaveLength(12);
    for (const [i, server] of turns.entries()) expect(server).toBe((i % 3) + 1);
  });

  test('weighted round robin: as often as their weights 1, 2, 3 say, spread evenly (RFC 5356 §4.2)', () => {
    expect(countsOf('WeightedRoundRobin')).toEqual([2, 4, 6]);
    const turns = firstOf('WeightedRoundRobin');
    expect(turns.slice(0, 6).sort()).toEqual([1, 2, 2, 3, 3, 3]);
  });

  test('random: each of them, in no order (RFC 5356 §4.3)', () => {
    // Out of 60, one of three is left out with a probability of 1 to 10 000 000 000.
    expect(countsOf('Random').every((count) => count > 0)).toBe(true);
    expect(countsOf('Random').reduce((sum, count) => sum + count)).toBe(60);
  });

  test('weighted random: mostly the one with weight 200, beside 1 and 10 (RFC 5356 §4.4)', () => {
    const [light = 0, middle = 0, heavy = 0] = countsOf('WeightedRandom');
    expect(light + middle + heavy).toBe(60);
    expect(heavy).toBeGreaterThan(40);
  });

  test('priority: the highest first, always (RFC 5356 §4.5)', () => {
    expect(selectionsOf('Priority')).toEqual(new Array(6).fill([2, 3, 1]));
  });

  test('least used: the busy one last, the idle ones in turns (RFC 5356 §5.1)', () => {
    expect(selectionsOf('LeastUsed')).toHaveLength(12);
    // The last three are the servers'; before them is what the pool's own policy says.
    const loads = answersFor('LeastUsed').map((answer) => answer.loads.slice(-3));
    for (const [first = 0, second = 0, third = 0] of loads) {
      expect(first).toBeLessThanOrEqual(second);
      expect(second).toBeLessThanOrEqual(third);
    }
    expect(loads.some(([least = 0, , most = 0]) => most > least)).toBe(true);
    expect(new Set(firstOf('LeastUsed')).size).toBeGreaterThanOrEqual(2);
  });

  test('least used with degradation: the one that degrades three times as fast a third as often (RFC 5356 §5.2)', () => {
    expect(countsOf('LeastUsedDegradation')).toEqual([3, 3, 1]);
  });

  test('priority least used: the least increment first (RFC 5356 §5.3)', () => {
    expect(selectionsOf('PriorityLeastUsed')).toEqual(new Array(6).fill([1, 3, 2]));
  });

  test('randomized least used: each of them, where all are idle (RFC 5356 §5.4)', () => {
    expect(countsOf('RandomizedLeastUsed').every((count) => count > 0)).toBe(true);
    expect(countsOf('RandomizedLeastUsed').reduce((sum, count) => sum + count)).toBe(60);
  });

  test("rsplib's private policies are refused with cause 5 (RFC 5354 §3.12.6)", () => {
    const answers = wire().sent(REGISTRAR, PRIVATE).withMessage(ASAP.registrationResponse);
    expect(new Set(answers.flatMap(({ poolElementIds }) => poolElementIds)).size).toBe(5);
    for (const { flags, causes } of answers) {
      expect([flags[0], causes]).toEqual([REJECTED, [CAUSE.inconsistentPolicy]]);
    }
    for (const number of [0, 1, 2, 3, 4]) {
      expect(seen.text(`private-Private${number}.txt`)).toContain('incompatible pool policy');
    }
  });

  test('the registrar ends cleanly, and every packet is well-formed', () => {
    expect([seen.observations.resolveStatus, seen.observations.registrarStatus]).toEqual([0, 0]);
    expect(seen.text('registrar-errors.txt')).toBe('');
    expectWellFormed(wire(), seen.transport);
  });
});
