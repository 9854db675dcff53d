/**
 * How rows are measured: two pieces of work alternate in one process, each round gives a ratio, the median
 * and the spread over the rounds are reported. Times alone mean little on a shared machine.
 */

import Benchmark from 'benchmark';

export interface Comparison {
  /** Operations per second, medians over the rounds. */
  readonly value: number;
  readonly reference: number;
  /** value / reference of the same round, median. */
  readonly ratio: number;
  /** Smallest and largest ratio of the rounds. */
  readonly spread: readonly [number, number];
}

/**
 * One call runs a whole batch, so that the harness's own cost vanishes, and returns something that depends
 * on every operation, so that nothing can be optimised away.
 */
export interface Work {
  readonly operations: number;
  run(): number;
}

const ROUNDS = 7;

export function compare(ours: Work, reference: Work): Comparison {
  operationsPerSecond(ours, 0.1); // warm both up before the first round counts
  operationsPerSecond(reference, 0.1);
  const rounds = Array.from({ length: ROUNDS }, (_, i) => {
    const first = i % 2 === 0 ? ours : reference;
    const second = i % 2 === 0 ? reference : ours;
    const [a, b] = [operationsPerSecond(first, 0.25), operationsPerSecond(second, 0.25)];
    return i % 2 === 0 ? { value: a, reference: b } : { value: b, reference: a };
  });
  const ratios = rounds.map((round) => round.value / round.reference);
  return {
    value: median(rounds.map((round) => round.value)),
    reference: median(rounds.map((round) => round.reference)),
    ratio: median(ratios),
    spread: [Math.min(...ratios), Math.max(...ratios)],
  };
}

let sink = 0;

function operationsPerSecond(work: Work, seconds: number): number {
  const once = () => {
    sink = (sink + work.run()) | 0;
  };
  const suite = new Benchmark('work', once, { maxTime: seconds, minSamples: 5 });
  suite.run({ async: false });
  if (suite.error !== undefined) throw suite.error;
  return suite.hz * work.operations;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
