/**
 * How long resolutions take through a registrar process at half the load that it can bear when requests come
 * one by one (`e2e/udp/100x1`): an open loop, in which they fall due whether answers come or not and latencies
 * count from when they were due, so that a stall counts for all that it holds up.
 */

import process from 'node:process';
import { against, registrarArguments } from './end-to-end.js';
import { type Measurement, perSecond, runLoad } from './load.js';
import { median } from './measure.js';
import type { Result, Row } from './result.js';

const PERCENTILES = ['p50', 'p99', 'p99.9'] as const;
const ASSOCIATIONS = 100;
const ROUNDS = 3;

export function latencyRows(): Row[] {
  let runs: Promise<Measurement[]> | undefined;
  return PERCENTILES.map((percentile) => {
    const id = `e2e/latency-${percentile}/${ASSOCIATIONS}`;
    const measure = async (): Promise<Result> => {
      runs ??= measureAll();
      const value = median((await runs).map(({ latencyUs }) => latencyUs[percentile]));
      return { id, value, unit: 'us at half load', reference: null, ratio: null, spread: null };
    };
    return { id, measure };
  });
}

async function measureAll(): Promise<Measurement[]> {
  const runs: Measurement[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const registrar = [process.execPath, ...registrarArguments()];
    runs.push(await against(registrar, atHalfLoad));
  }
  return runs;
}

function atHalfLoad(udpPort: number): Measurement {
  const place = ['--udp-port', String(udpPort), '--register', '3', '--json'];
  const load = [...place, '--associations', String(ASSOCIATIONS), '--seconds', '1'];
  const most = perSecond(runLoad([...load, '--outstanding', '1']));
  return runLoad([...load, '--rate', String(Math.round(most / 2))]);
}
