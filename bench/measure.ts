/**
 * How rows are measured: two pieces of work alternate in one process, each round gives a ratio, the median
 * and the spread over the rounds are reported. Times alone mean little on a shared machine.
 */

import Benchmark from 'benchmark';

/**
 * One call runs a whole batch, so that the harness's own cost vanishes, and returns something that depends
 * on every operation, so that nothing can be optimised away.
 */
export interface Work {
  readonly operations: number;
  run(): number;
}

/** Operations per second of both sides, measured right after one another. */
export interface Round {
  readonly value: number;
  readonly reference: number;
}

export interface Summary extends Round {
  /** value / reference of the same round, median. */
  readonly ratio: number;
  /** Smallest and largest ratio of the rounds. */
  readonly spread: readonly [number, number];
}

const ROUNDS = 15;
const SECONDS = 0.1;

/** Samples shorter than what the operating system lets a process run: most of them pass undisturbed. */
const SAMPLE_SECONDS = 0.001;

export function compare(ours: Work, reference: Work): Summary {
  operationsPerSecond(ours); // warm both up before the first round counts
  operationsPerSecond(reference);
  const rounds = Array.from({ length: ROUNDS }, (_, round): Round => {
    if (round % 2 === 0) {
      const value = operationsPerSecond(ours);
      return { value, reference: operationsPerSecond(reference) };
    }
    const rate = operationsPerSecond(reference);
    return { value: operationsPerSecond(ours), reference: rate };
  });
  return summary(rounds);
}

export function summary(rounds: readonly Round[]): Summary {
  const ratios = rounds.map(({ value, reference }) => value / reference);
  return {
    value: median(rounds.map(({ value }) => value)),
    reference: median(rounds.map(({ reference }) => reference)),
    ratio: median(ratios),
    spread: [Math.min(...ratios), Math.max(...ratios)],
  };
}

/** What the batches of a work add up to; kept, so that they have to be run. */
let sink = 0;

/** Runs one batch. */
export function runOnce(work: Work): void {
  sink = (sink + work.run()) | 0;
}

function operationsPerSecond(work: Work): number {
  const options = { maxTime: SECONDS, minTime: SAMPLE_SECONDS, minSamples: 5 };
  const benchmark = new Benchmark(() => runOnce(work), options);
  benchmark.run({ async: false });
  if (benchmark.error !== undefined) throw benchmark.error;
  return work.operations / median(benchmark.stats.sample);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
