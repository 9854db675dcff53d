/** `npm run bench`: set-up where needed, then the benchmarks. `--json FILE`, `--only TEXT`, `--help`. */

import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { root, setupOrExit } from './setup.mjs';

setupOrExit();
const result = spawnSync(process.execPath, ['bench/main.mjs', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(result.status ?? 1);
