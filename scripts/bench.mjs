/** `npm run bench`: set-up where needed, then the benchmarks. `--json FILE`, `--only TEXT`, `--help`. */

import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { root, setupOrExit } from './setup.mjs';

setupOrExit();
run('node_modules/typescript/bin/tsc', ['-p', 'bench/tsconfig.json']);
run('.setup/bench/main.js', process.argv.slice(2));

/** Runs a script of this tree to its end; its failure is ours. */
function run(script, args) {
  const result = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) process.exit(result.status ?? 1);
}
