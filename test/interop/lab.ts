/**
 * The lab as tests see it: whether this machine can run it, one run of a scenario in it, and what that left
 * behind. The lab itself is `lab/vm`: a throw-away Linux whose kernel has SCTP.
 */

import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatId } from '../../src/types.ts';
import { isLong } from '../support/long.ts';
import { WireLog } from './wire-log.ts';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');

/** Programs, each with the package of `packages.txt` that brings it. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'linux.uml': 'user-mode-linux',
  modprobe: 'kmod',
  ip: 'iproute2',
  gcc: 'gcc',
  tshark: 'tshark',
  dumpcap: 'tshark',
  rspserver: 'rsplib-tools',
  rspterminal: 'rsplib-tools',
  rspregistrar: 'rsplib-registrar',
  calcappclient: 'rsplib-services',
};

/**
 * `describe` for tests that need the lab. Where it cannot run they are one skipped test that says why; in
 * continuous integration, where nothing may be missing, one that fails.
 */
export function describeInLab(title: string, tests: () => void): void {
  const lack = whatTheLabLacks();
  if (lack === undefined) {
    describe(title, tests);
    return;
  }
  const isRequired = process.env.RSERPOOL_REQUIRE_INTEROP === '1';
  test.skipIf(!isRequired)(`${title} (${lack})`, () => {
    throw new Error(lack);
  });
}

function whatTheLabLacks(): string | undefined {
  if (process.getuid?.() !== 0) return 'the lab needs root';
  const missing = Object.keys(PROGRAMS).filter((program) => !isInstalled(program));
  const packages = [...new Set(missing.map((program) => PROGRAMS[program]))];
  if (packages.length > 0) return `the lab needs these Debian packages: ${packages.join(' ')}`;
  if (!existsSync(path.join(root, 'dist/cli/rserpool.js'))) return 'run "npm run setup" first';
  return undefined;
}

function isInstalled(program: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return folders.some((folder) => existsSync(path.join(folder, program)));
}

/**
 * Runs a command in the VM, in the project's top folder, for `limitS` seconds at most. Rejects with what it
 * printed when it fails.
 */
export async function runInVm(
  command: readonly string[],
  limitS: number,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const vm = ['-t', String(limitS), '--', ...command];
  const options = { cwd: root, maxBuffer: 1 << 24 };
  try {
    return await promisify(execFile)(path.join(here, 'lab/vm'), vm, options);
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command[0]} failed in the VM:\n${stdout}\n${stderr}`, { cause: error });
  }
}

/** SCTP backends of our side that the lab shows. With `udp` the kernels of rsplib's hosts encapsulate. */
export const TRANSPORTS = ['udp', 'kernel'] as const;
export type LabTransport = (typeof TRANSPORTS)[number];

/** For scenarios about what both backends share: over the kernel's SCTP they run in `npm run check:long`. */
export const TRANSPORTS_OF_THIS_RUN: readonly LabTransport[] = isLong ? TRANSPORTS : ['udp'];

/** What one run of a scenario left behind. */
export class Sighting {
  readonly transport: LabTransport;
  readonly folder = mkdtempSync(path.join(tmpdir(), 'rserpool-interop-'));
  readonly #wires = new Map<string, WireLog>();

  constructor(transport: LabTransport) {
    this.transport = transport;
  }

  /** Runs the script in the VM, for `limitS` seconds at most; rejects with its standard error when it fails. */
  async run(script: string, limitS: number): Promise<void> {
    const scenario = path.join('test/interop/scenarios', script);
    await runInVm([scenario, this.folder, this.transport], limitS);
    for (const name of readdirSync(this.folder).filter((file) => file.endsWith('.pcapng'))) {
      const file = path.join(this.folder, name);
      const wire = await WireLog.read(file, this.transport === 'udp');
      this.#wires.set(path.parse(name).name, wire);
    }
  }

  /** What crossed the cables of a host that was watched. */
  wire(host: string): WireLog {
    const wire = this.#wires.get(host);
    if (wire === undefined) throw new Error(`Nobody captured at ${host}.`);
    return wire;
  }

  text(file: string): string {
    return readFileSync(path.join(this.folder, file), 'utf8');
  }

  /** The JSON objects that a program printed, one on a line. */
  jsonLines(file: string): readonly Record<string, unknown>[] {
    const lines = this.text(file).split('\n');
    return lines
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
      .filter((line) => Object.keys(line).join() !== 'count');
  }

  get observations(): Record<string, number> & { readonly waitsInVain: readonly string[] } {
    return JSON.parse(this.text('observations.json'));
  }

  /** The distinct texts of what a program of ours logged on standard error, with `--json`; sorted. */
  logged(file: string): readonly string[] {
    const texts = this.jsonLines(file).map(({ level, text, reason }) =>
      text === 'association aborted' ? `${level}: ${text}: ${reason}` : `${level}: ${text}`,
    );
    return [...new Set(texts)].sort();
  }

  /** What the registrar told of one pool element: `registered`, `removed: keepAliveTimeout`, ... */
  toldOf(id: number): readonly string[] {
    return this.jsonLines('registrar.txt')
      .filter((line) => line.id === formatId(id) && line.pool !== undefined)
      .map(({ event, reason }) => (reason === undefined ? `${event}` : `${event}: ${reason}`));
  }

  remove(): void {
    if (process.env.RSERPOOL_KEEP_LAB === '1') console.log(`${this.folder} is kept`);
    else rmSync(this.folder, { recursive: true, force: true });
  }
}

/** One script of `scenarios/`, and with which of our transports it is run. */
interface Scenario {
  readonly script: string;
  readonly limitS: number;
  readonly transports: readonly LabTransport[];
  /** Leaves what the script needs in the folder. */
  readonly prepare?: (folder: string) => void;
}

/**
 * `describe` for one script of `scenarios/`, which is run once for each transport before the tests, in VMs of
 * their own at the same time: they wait more than they compute. What holds for every scenario is tested here:
 * no wait was in vain.
 */
export function describeScenario(
  title: string,
  scenario: Scenario,
  tests: (seen: Sighting) => void,
): void {
  const { limitS, transports } = scenario;
  describeInLab(title, () => {
    const sightings = transports.map((transport) => new Sighting(transport));
    let runs: Map<Sighting, Promise<void>> | undefined;
    describe.each(sightings)('over $transport', (seen) => {
      beforeAll(
        () => {
          runs ??= new Map(sightings.map((one) => [one, runOf(scenario, one)]));
          return runs.get(seen);
        },
        (limitS + 90) * 1_000,
      );
      afterAll(() => seen.remove());

      test('everything that the scenario waited for has happened', () => {
        expect(seen.observations.waitsInVain).toEqual([]);
      });
      tests(seen);
    });
  });
}

function runOf({ script, limitS, prepare }: Scenario, seen: Sighting): Promise<void> {
  prepare?.(seen.folder);
  const run = seen.run(script, limitS);
  run.catch(() => {}); // whoever waits for it is told, but may still be waiting for another
  return run;
}

/** Every packet is well-formed and has a good checksum; encapsulated where it should be (RFC 6951). */
export function expectWellFormed(wire: WireLog, transport: LabTransport): void {
  expect(wire.frames.length).toBeGreaterThan(20);
  for (const frame of wire.frames) {
    const where = `frame ${frame.number}`;
    expect(frame.isMalformed, where).toBe(false);
    if (transport !== 'udp') {
      expect(frame.udpPorts, where).toEqual([]);
      continue; // the kernel leaves its checksums to a network card that is not there
    }
    expect(frame.udpPorts, where).toContain(9899);
    expect(frame.isChecksumGood, where).toBe(true);
  }
}
