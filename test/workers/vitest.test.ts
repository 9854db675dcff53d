/** Applications that test with Vitest load the addon in its worker threads only. */

import { describe, expect, test } from 'vitest';
import { loopback } from '../support/loopback.ts';
import { outputOf } from './child.ts';

describe('Vitest with three test files that load the addon', () => {
  test.each([
    ['threads, one after the other', 'threads', 'serial'],
    ['threads side by side', 'threads', 'parallel'],
    ['threads with contexts of their own', 'vmThreads', 'serial'],
  ])('passes in %s', async (_title, pool, order) => {
    const output = await outputOf('vitest-project/run.mjs', [pool, loopback(1), order]);
    expect(output).toMatch(/Tests .*3 passed/);
  });
});
