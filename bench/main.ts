/**
 * `npm run bench [-- --json FILE] [-- --only TEXT]`: measures, prints a table whose first line is handle
 * resolutions per second, and writes the same as JSON where asked.
 */

import { writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { associationMemoryRows } from './association-memory.js';
import { endToEndRows } from './end-to-end.js';
import { facadeRows } from './facade.js';
import { kernelRows } from './kernel.js';
import { latencyRows } from './latency.js';
import { memoryRows } from './memory.js';
import { replicationRows } from './replication/rows.js';
import type { Result } from './result.js';

const USAGE = 'npm run bench -- [--json FILE] [--only TEXT]   TEXT: rows whose name contains it';

interface Options {
  readonly json?: string | undefined;
  readonly only: string;
}

const options = parsedOptions();
if (options !== undefined) await main(options);

/** `undefined` when there is nothing to measure: help was wanted or an option is unknown. */
function parsedOptions(): Options | undefined {
  try {
    const { values } = parseArgs({
      options: {
        json: { type: 'string' },
        only: { type: 'string', default: '' },
        help: { type: 'boolean', default: false },
      },
    });
    if (!values.help) return values;
    console.log(USAGE);
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exitCode = 2;
  }
  return undefined;
}

async function main(options: Options): Promise<void> {
  const rows = [
    ...facadeRows(),
    ...endToEndRows(),
    ...latencyRows(),
    ...kernelRows(),
    ...replicationRows(),
    ...memoryRows(),
    ...associationMemoryRows(),
  ];
  const wanted = rows.filter((row) => row.id.includes(options.only));
  if (wanted.length === 0) {
    console.error(
      `No row contains "${options.only}". There are: ${rows.map((row) => row.id).join(', ')}`,
    );
    process.exitCode = 2;
    return;
  }
  const results: Result[] = [];
  for (const row of wanted) {
    const lack = row.lack?.();
    if (lack !== undefined) {
      console.log(`${row.id.padEnd(30)} not measured: ${lack}`);
      continue;
    }
    const result = await row.measure();
    results.push(result);
    console.log(format(result));
  }
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify({ machine: machine(), results }, null, 2)}\n`);
  }
}

function format({ id, value, unit, reference, ratio, spread }: Result): string {
  const amount = inFigures(value);
  const line = `${id.padEnd(30)} ${amount.padStart(12)} ${unit}`;
  if (reference === null || ratio === null) return line;
  const range = spread === null ? '' : ` (${spread[0].toFixed(2)}-${spread[1].toFixed(2)})`;
  const other = inFigures(reference);
  return `${line}, ${ratio.toFixed(2)} x the reference's ${other}${range}`;
}

function inFigures(value: number): string {
  return value < 1_000 ? value.toPrecision(3) : Math.round(value).toLocaleString('en');
}

function machine(): object {
  const [first] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: first?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    os: `${process.platform} ${release()}`,
    node: process.versions.node,
  };
}
