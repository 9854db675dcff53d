/** `node run.mjs POOL ADDRESS parallel|serial`: runs Vitest over the test files of this folder. */

import process from 'node:process';
import { startVitest } from 'vitest/node';

const [pool, address, order] = process.argv.slice(2);
const vitest = await startVitest('test', [], {
  root: import.meta.dirname,
  config: false,
  watch: false,
  cache: false,
  include: ['*.test.mjs'],
  pool,
  env: { TEST_ADDRESS: address },
  fileParallelism: order === 'parallel',
});
await vitest.close();
