/** A queue that anybody may leave. */

import { expect, test } from 'vitest';
import { Fifo } from '../../../src/protocol/registrar/fifo.ts';

/** Everybody's key and value, as they come. */
function emptied(fifo: Fifo<string, number>): number[] {
  const values: number[] = [];
  for (let first = fifo.first; first !== undefined; first = fifo.first) {
    values.push(first);
    for (const [key, value] of fifo) if (value === first) fifo.delete(key);
  }
  return values;
}

function fifoOf(...keys: string[]): Fifo<string, number> {
  const fifo = new Fifo<string, number>();
  for (const [i, key] of keys.entries()) fifo.set(key, i + 1);
  return fifo;
}

test('first in, first out', () => {
  const fifo = fifoOf('a', 'b', 'c');
  expect([fifo.size, fifo.first, fifo.first]).toEqual([3, 1, 1]);
  expect(emptied(fifo)).toEqual([1, 2, 3]);
  expect([fifo.size, fifo.first]).toEqual([0, undefined]);
});

test('who leaves is skipped, first or not, and is the last when it comes back', () => {
  const fifo = fifoOf('a', 'b', 'c');
  expect(fifo.first).toBe(1);
  fifo.delete('a');
  fifo.delete('b');
  fifo.delete('d');
  fifo.set('a', 4);
  expect(emptied(fifo)).toEqual([3, 4]);
});

test('who is there keeps its place', () => {
  const fifo = fifoOf('a', 'b');
  fifo.set('a', 7);
  expect(emptied(fifo)).toEqual([7, 2]);
});

test('who comes when nobody was left is next', () => {
  const fifo = fifoOf('a');
  expect(emptied(fifo)).toEqual([1]);
  fifo.set('b', 2);
  fifo.set('a', 3);
  expect(emptied(fifo)).toEqual([2, 3]);
});
