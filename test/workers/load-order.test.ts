/** Threads load the addon in every order; none of its state belongs to the thread that came first. */

import { describe, expect, test } from 'vitest';
import { loopback } from '../support/loopback.ts';
import { outputOf } from './child.ts';

describe('the addon can be loaded', () => {
  test.each([
    ['by the main thread before any worker', 'mainBefore'],
    ['by the main thread while a worker has it', 'mainDuring'],
    ['by the main thread after a worker that had it', 'mainAfter'],
    ['by workers one after the other', 'mainNever'],
    ['by workers of which each starts before the previous one ends', 'overlapping'],
    ['by workers of a worker', 'nested'],
  ])('%s', async (_title, order) => {
    expect(await outputOf('load-order.mjs', [order, loopback(1)])).toContain('done');
  });
});
