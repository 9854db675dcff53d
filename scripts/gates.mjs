/**
 * Runs the gates of `check.mjs` and `check-long.mjs`: programs that pass or fail, each with its wall time. Collects the
 * counts of all test runners, and ends with the failing files, the slowest files and the summary line.
 */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { root } from './setup.mjs';

const FOLDER = path.join(root, '.setup');
const SUMMARY_FILE = path.join(FOLDER, 'test-summary.txt');
const REPORTER = path.join(root, 'scripts', 'vitest-report.mjs');
const SLOWEST_SHOWN = 10;
const MINUTE_MS = 60_000;

const tally = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
const skips = [];
const times = [];
const testFiles = [];
/** Outputs of gates that ran beside others, shown at the end. */
const heldOutputs = [];

mkdirSync(FOLDER, { recursive: true });
rmSync(SUMMARY_FILE, { force: true });

/**
 * Runs a program to its end and resolves with its output. A non-zero exit status or `limitMinutes` without an end
 * fails the run. With `isBeside` the output is held back, so that it does not mix with the output of other gates.
 */
export async function gate(name, program, args, options = {}) {
  const { env = {}, isBeside = false, limitMinutes = 60 } = options;
  if (!isBeside) title(name);
  const startedAtMs = Date.now();
  const { status, output } = await runOf(program, args, env, !isBeside, limitMinutes);
  times.push({ name, ms: Date.now() - startedAtMs });
  if (isBeside) heldOutputs.push({ name, output });
  if (status !== 0) failures.push(name);
  return output;
}

function runOf(program, args, env, isShown, limitMinutes) {
  // In a process group of its own, so that the time limit also ends what the program has started.
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const chunks = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      chunks.push(chunk);
      if (isShown) process.stdout.write(chunk);
    });
  }
  const end = (signal) => process.kill(-child.pid, signal);
  const limit = setTimeout(() => {
    chunks.push(Buffer.from(`\nstopped after ${limitMinutes} minutes\n`));
    end('SIGTERM');
    setTimeout(() => child.exitCode ?? end('SIGKILL'), 10_000).unref();
  }, limitMinutes * MINUTE_MS);
  return new Promise((resolve) => {
    const settle = (status) => {
      clearTimeout(limit);
      resolve({ status, output: Buffer.concat(chunks).toString() });
    };
    child.once('error', (error) => {
      chunks.push(Buffer.from(`${program} could not be started: ${error.message}\n`));
      settle(1);
    });
    child.once('close', settle);
  });
}

/** Returns whether `cargo TOOL` is installed; a missing one is listed as skipped. */
export function hasCargo(tool) {
  const isThere = spawnSync('cargo', [tool, '--version'], { stdio: 'ignore' }).status === 0;
  const component = tool === 'fmt' ? 'rustfmt' : tool;
  if (!isThere) skips.push(`cargo ${tool} is not installed (rustup component add ${component})`);
  return isThere;
}

/** Runs `cargo test` and counts its tests. */
export async function cargoTest(name, args, options) {
  const output = await gate(name, 'cargo', ['test', '--no-fail-fast', ...args], options);
  const results = /^test result: .* (\d+) passed; (\d+) failed; (\d+) ignored/gm;
  for (const [, passed, failed, ignored] of output.matchAll(results)) {
    tally.passed += Number(passed);
    tally.failed += Number(failed);
    tally.skipped += Number(ignored);
  }
  for (const [, test] of output.matchAll(/^test (.+) \.\.\. FAILED$/gm)) {
    failures.push(`Rust test ${test}`);
  }
}

/** Runs Vitest, with the subcommand `run` or `related`, and counts its tests. */
export async function vitest(name, args, options = {}) {
  const report = path.join(FOLDER, `${name.replaceAll(' ', '-')}.json`);
  rmSync(report, { force: true });
  const { subcommand = 'run' } = options;
  const reporters = ['--reporter=default', `--reporter=${REPORTER}`];
  const command = ['--no-install', 'vitest', subcommand, '--run', ...reporters];
  const env = { ...options.env, RSERPOOL_TEST_REPORT: report };
  await gate(name, 'npx', [...command, ...args], { ...options, env });
  if (!existsSync(report)) return;
  for (const file of JSON.parse(readFileSync(report, 'utf8'))) {
    testFiles.push(file);
    tally.passed += file.passed;
    tally.failed += file.failed;
    tally.skipped += file.skipped.length;
    skips.push(...file.skipped);
    if (!file.isOk) failures.push(file.name);
  }
}

/** Prints what ran beside other gates, what was skipped, what failed, the times, and the summary line last. */
export function finish() {
  for (const { name, output } of heldOutputs) {
    title(name);
    process.stdout.write(output);
  }
  if (tally.passed + tally.failed === 0) failures.push('no test ran');
  if (tally.failed > 0 && failures.length === 0) failures.push('tests');
  showTimes();
  title('summary');
  for (const skip of skips) console.log(`skipped: ${skip}`);
  for (const failure of failures) console.log(`FAILED: ${failure}`);
  // A broken gate or runner counts as a failure even if it reports no failed test.
  const failed = tally.failed || (failures.length > 0 ? 1 : 0);
  const line = `${tally.passed} passed, ${failed} failed, ${tally.skipped} skipped`;
  writeFileSync(SUMMARY_FILE, `${line}\n`);
  console.log(line);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

function showTimes() {
  title('wall time of each gate');
  for (const { name, ms } of times) console.log(`${seconds(ms)}  ${name}`);
  title('slowest test files');
  const slowest = testFiles.sort((a, b) => b.ms - a.ms).slice(0, SLOWEST_SHOWN);
  for (const { name, ms } of slowest) console.log(`${seconds(ms)}  ${name}`);
}

function seconds(ms) {
  return `${(ms / 1_000).toFixed(1).padStart(7)} s`;
}

function title(text) {
  console.log(`\n--- ${text} ---`);
}
