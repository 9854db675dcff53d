/**
 * The lab as tests see it: whether this machine can run it, and a command run in it. The lab itself is
 * `lab/vm`: a throw-away Linux whose kernel has SCTP.
 */

import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, test } from 'vitest';

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
 * Runs a script of `scenarios/` in the VM, in the project's top folder; rejects with its standard error
 * when it fails or takes longer than `limitS` seconds.
 */
export async function runScenario(
  script: string,
  args: readonly string[],
  limitS: number,
): Promise<void> {
  const scenario = path.join('test/interop/scenarios', script);
  await promisify(execFile)(
    path.join(here, 'lab/vm'),
    ['-t', String(limitS), '--', scenario, ...args],
    { cwd: root, maxBuffer: 1 << 24 },
  );
}

/** The JSON objects that a program printed, one on a line. */
export function readJsonLines(file: string): Record<string, unknown>[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
}
