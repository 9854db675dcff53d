/** Vitest runs this file and its neighbours in worker threads: `vitest.test.ts`. */

import process from 'node:process';
import { expect, test } from 'vitest';
import { useAddon } from '../use-addon.mjs';

test('the third worker uses the addon', async () => {
  const close = await useAddon(process.env.TEST_ADDRESS);
  await expect(close()).resolves.toBeUndefined();
});
