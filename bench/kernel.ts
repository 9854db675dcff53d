/**
 * Our registrar against rsplib's `rspregistrar`, both over the SCTP of the same kernel, loaded by the same
 * program, in the virtual machine of `test/interop/lab` (`bench/kernel-lab.sh`). System calls are dear in
 * that kernel, so the rates say less than the user-mode CPU time of a request.
 */

import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import process from 'node:process';
import { promisify } from 'node:util';
import { loadProgram, type Measurement, perSecond, root } from './load.js';
import { type Round, summary } from './measure.js';
import { RESOLUTIONS_PER_SECOND, type Result, type Row } from './result.js';

interface Shape {
  readonly pools: number;
  /** In each. */
  readonly elements: number;
  readonly rounds: number;
  /** Of the virtual machine: rspregistrar takes about a thousand registrations a second. */
  readonly limitS: number;
}

const SHAPES: readonly Shape[] = [
  { pools: 1, elements: 10, rounds: 3, limitS: 120 },
  { pools: 1, elements: 1_000, rounds: 3, limitS: 180 },
  { pools: 1_000, elements: 100, rounds: 1, limitS: 580 },
];
const ASSOCIATIONS = 10;
const OUTSTANDING = 8;
const SECONDS = 3;

/** What is made of the measurements of a run: the name of the rows, and a number for each. */
const KINDS = [
  { name: 'kernel', measured: 'resolutions', unit: RESOLUTIONS_PER_SECOND, numberOf: perSecond },
  {
    name: 'kernel-registrations',
    measured: 'registrations',
    unit: 'registrations/s',
    numberOf: perSecond,
  },
  {
    name: 'kernel-cpu',
    measured: 'resolutions',
    unit: 'us of user CPU/resolution',
    numberOf: userUs,
  },
] as const;

type Run = readonly { readonly whose: string; readonly measurement: Measurement }[];

export function kernelRows(): Row[] {
  return SHAPES.flatMap((shape) => {
    let run: Promise<Run> | undefined;
    return KINDS.map(({ name, measured, unit, numberOf }) => {
      const id = `e2e/${name}/${shape.pools}x${shape.elements}`;
      const measure = async (): Promise<Result> => {
        run ??= measureInVm(shape);
        const of = (wanted: string, all: Run) =>
          all
            .filter(
              ({ whose, measurement }) => whose === wanted && measurement.measured === measured,
            )
            .map(({ measurement }) => numberOf(measurement));
        const [ours, theirs] = [of('ours', await run), of('theirs', await run)];
        const rounds = ours.map(
          (value, i): Round => ({ value, reference: theirs[i] ?? Number.NaN }),
        );
        return { id, unit, ...summary(rounds) };
      };
      return { id, measure, lack: whatIsMissing };
    });
  });
}

function userUs({ answers, cpuSeconds }: Measurement): number {
  return ((cpuSeconds?.user ?? Number.NaN) / answers) * 1e6;
}

/** Why these rows cannot be measured here; `undefined`: they can. */
function whatIsMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'the lab needs root';
  const missing = ['/usr/bin/linux.uml', '/usr/bin/rspregistrar'].filter(
    (file) => !isProgram(file),
  );
  return missing[0] === undefined ? undefined : `the lab lacks ${missing.join(', ')}`;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function measureInVm({ pools, elements, rounds, limitS }: Shape): Promise<Run> {
  const numbers = [pools, pools * elements, ASSOCIATIONS, OUTSTANDING, SECONDS, rounds];
  const command = [`${root}bench/kernel-lab.sh`, loadProgram(), ...numbers.map(String)];
  const { stdout } = await promisify(execFile)(
    `${root}test/interop/lab/vm`,
    ['-t', String(limitS), '--', ...command],
    { cwd: root },
  );
  return stdout
    .trim()
    .split('\n')
    .map((line) => {
      const [, whose = '', json = ''] = /^(ours|theirs) (.*)$/.exec(line) ?? [];
      return { whose, measurement: JSON.parse(json) };
    });
}
