/**
 * `npm run fuzz [-- PACKETS]`: the SCTP layer under that many damaged packets a test (default 10 million), with
 * seeds that were never there before. A failure names its seed; `native/sctp/tests/fuzz.rs` says the rest.
 */

import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import process from 'node:process';
import { root, setupOrExit } from './setup.mjs';

const packets = Number(process.argv[2] ?? 10_000_000);
if (!Number.isInteger(packets) || packets < 1) {
  process.stderr.write('npm run fuzz -- PACKETS   how many damaged packets, a whole number\n');
  process.exit(2);
}
setupOrExit();
const seed = randomInt(2 ** 40);
console.log(`${packets} damaged packets a test, from seed ${seed} on`);
const env = {
  ...process.env,
  RSERPOOL_FUZZ_PACKETS: String(packets),
  RSERPOOL_FUZZ_SEED: String(seed),
};
const args = ['test', '--package', 'rserpool-sctp', '--test', 'fuzz', '--', 'damaged'];
process.exit(spawnSync('cargo', args, { cwd: root, env, stdio: 'inherit' }).status ?? 1);
