/**
 * `npm run check` (format, types, lint, clippy, Rust tests, TypeScript tests) and `npm test` (the same and,
 * with `--interop`, the tests against real rsplib where the machine can run them).
 *
 * Runs every gate even when one fails, names at the end what was skipped and why, and prints as its last
 * line `N passed, N failed, N skipped` over all runners; the line is also left in `.setup/test-summary.txt`.
 */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { root, setupOrExit } from './setup.mjs';

const summaryFile = path.join(root, '.setup', 'test-summary.txt');
const INTEROP = 'test/interop';

const tally = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
const skips = [];

setupOrExit();
mkdirSync(path.dirname(summaryFile), { recursive: true });
rmSync(summaryFile, { force: true });

gate('format and lint', 'npx', ['--no-install', 'biome', 'ci', '--error-on-warnings', '.']);
gate('types', 'npx', ['--no-install', 'tsc', '-p', 'tsconfig.check.json']);
if (hasCargo('fmt')) gate('Rust format', 'cargo', ['fmt', '--all', '--check']);
if (hasCargo('clippy')) {
  gate('clippy', 'cargo', ['clippy', '-q', '--workspace', '--all-targets', '--', '-D', 'warnings']);
}
rustTests();
await typescriptTests(process.argv.includes('--interop'));
finish();

/** A check without a count: it passes or it fails the run. */
function gate(name, program, args) {
  title(name);
  const result = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) failures.push(name);
}

function hasCargo(tool) {
  const isThere = spawnSync('cargo', [tool, '--version'], { stdio: 'ignore' }).status === 0;
  if (!isThere)
    skips.push(
      `cargo ${tool} is not installed (rustup component add ${tool === 'fmt' ? 'rustfmt' : tool})`,
    );
  return isThere;
}

function rustTests() {
  title('Rust tests');
  const result = spawnSync('cargo', ['test', '--workspace', '--no-fail-fast'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  process.stdout.write(result.stdout ?? '');
  for (const [, passed, failed, ignored] of (result.stdout ?? '').matchAll(
    /^test result: .* (\d+) passed; (\d+) failed; (\d+) ignored/gm,
  )) {
    tally.passed += Number(passed);
    tally.failed += Number(failed);
    tally.skipped += Number(ignored);
  }
  if (result.status !== 0) failures.push('Rust tests');
}

/** Those against real rsplib, which wait more than they compute, run beside all others, and are shown after them. */
async function typescriptTests(withInterop) {
  const interop = withInterop && vitest('interoperation tests', [INTEROP], 'pipe');
  title('TypeScript tests');
  await vitest('TypeScript tests', [`--exclude=${INTEROP}/**`], 'inherit');
  if (!interop) return;
  title('interoperation tests');
  process.stdout.write(await interop);
}

/** Resolves with what it printed, unless that is shown at once. */
async function vitest(name, selection, output) {
  const report = path.join(root, '.setup', `${name.replace(' ', '-')}.json`);
  rmSync(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const command = ['--no-install', 'vitest', 'run', ...reporters, ...selection];
  const child = spawn('npx', command, { cwd: root, stdio: ['ignore', output, output] });
  const printed = [];
  child.stdout?.on('data', (chunk) => printed.push(chunk));
  child.stderr?.on('data', (chunk) => printed.push(chunk));
  const [status] = await once(child, 'close');
  if (status !== 0) failures.push(name);
  if (existsSync(report)) count(JSON.parse(readFileSync(report, 'utf8')));
  return Buffer.concat(printed);
}

function count({ numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults }) {
  tally.passed += numPassedTests;
  tally.failed += numFailedTests;
  tally.skipped += numPendingTests + numTodoTests;
  for (const file of testResults) {
    for (const test of file.assertionResults) {
      if (test.status !== 'passed' && test.status !== 'failed') skips.push(test.fullName);
    }
  }
}

function finish() {
  if (tally.passed + tally.failed === 0) failures.push('no test ran');
  if (tally.failed > 0 && failures.length === 0) failures.push('tests');
  title('summary');
  for (const skip of skips) console.log(`skipped: ${skip}`);
  for (const failure of failures) console.log(`FAILED: ${failure}`);
  // A broken gate or runner counts as a failure even when no single test says so.
  const failed = tally.failed || (failures.length > 0 ? 1 : 0);
  const line = `${tally.passed} passed, ${failed} failed, ${tally.skipped} skipped`;
  writeFileSync(summaryFile, `${line}\n`);
  console.log(line);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

function title(text) {
  console.log(`\n--- ${text} ---`);
}
