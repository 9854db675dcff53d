/**
 * A second harness for a row that `measure.ts` has measured: two that go about it differently and agree are
 * not likely to be both wrong.
 */

import { Bench } from 'tinybench';
import { type Round, runOnce, type Work } from './measure.js';

/** How far apart the two may be, as a share. */
const TOLERANCE = 0.25;

/** Says on standard error where tinybench disagrees with what was measured. */
export function crossCheck(id: string, measured: Round, ours: Work, reference: Work): void {
  const bench = new Bench({ time: 500, warmupTime: 100 });
  bench.add('value', () => runOnce(ours));
  bench.add('reference', () => runOnce(reference));
  bench.runSync();
  const rate = (name: string, work: Work): number => {
    const result = bench.getTask(name)?.result;
    if (result?.state !== 'completed') throw new Error(`tinybench: ${name} is ${result?.state}`);
    return (work.operations * 1_000) / result.latency.p50;
  };
  warn(`${id}, value`, measured.value, rate('value', ours));
  warn(`${id}, reference`, measured.reference, rate('reference', reference));
}

function warn(what: string, measured: number, checked: number): void {
  const difference = checked / measured - 1;
  if (Math.abs(difference) <= TOLERANCE) return;
  const percent = Math.round(difference * 100);
  console.error(`warning: ${what}: tinybench measures ${percent} % of difference`);
}
