/**
 * `npm run check` (format, types, lint, clippy, Rust tests, TypeScript tests) and `npm test` (the same and,
 * with `--interop`, the tests against real rsplib if the machine can run them).
 *
 * Runs every gate even if one fails. The last line is `N passed, N failed, N skipped` over all runners; the line is
 * also left in `.setup/test-summary.txt`.
 */

import process from 'node:process';
import { cargoTest, finish, gate, hasCargo, vitest } from './gates.mjs';
import { setupOrExit } from './setup.mjs';

/** Interoperation tests wait more than they compute. Each file runs up to two guests at a time. */
const INTEROP_FILES_AT_A_TIME = 3;
/** The other tests wait for processes and sockets about half of their time: twice as many as there are cores. */
const TEST_FILES_AT_A_TIME = 4;

setupOrExit();
// First and alone: compilers take both cores, and interoperation tests that wait for them run into their limits.
await gate('Rust build', 'cargo', ['test', '--workspace', '--no-run']);
const interop = process.argv.includes('--interop') ? interoperationTests() : undefined;
await quickGates();
await interop;
finish();

/** The longest part of `npm test`: runs beside all other gates. */
function interoperationTests() {
  const args = [`--maxWorkers=${INTEROP_FILES_AT_A_TIME}`, '--project=interop'];
  return vitest('interoperation tests', args, { isBeside: true });
}

async function quickGates() {
  await gate('format and lint', 'npx', ['--no-install', 'biome', 'ci', '--error-on-warnings', '.']);
  await gate('types', 'npx', ['--no-install', 'tsc', '-p', 'tsconfig.check.json']);
  if (hasCargo('fmt')) await gate('Rust format', 'cargo', ['fmt', '--all', '--check']);
  await cargoTest('Rust tests', ['--workspace']);
  if (hasCargo('clippy')) {
    const lint = ['clippy', '-q', '--workspace', '--all-targets', '--', '-D', 'warnings'];
    await gate('clippy', 'cargo', lint);
  }
  // The others are `interop` and, in `npm run check:long`, `peers`.
  const projects = ['--project=pure', '--project=whole'];
  const args = [`--maxWorkers=${TEST_FILES_AT_A_TIME}`, ...projects];
  await vitest('TypeScript tests', args);
}
