/** Waits of one length, and pauses of the process (decision 46). */

import { expect, test } from 'vitest';
import { Waits } from '../../../src/protocol/registrar/waits.ts';

test('end when their period is over, each once, unless they are ended before', () => {
  const waits = new Waits<string>(100);
  expect(waits.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  waits.begin(10, 'a');
  waits.begin(20, 'b');
  waits.begin(30, 'c');
  waits.end('b');
  expect(waits.nextDeadline).toBe(110);
  expect(waits.expire(109)).toEqual([]);
  expect(waits.expire(110)).toEqual(['a']);
  expect(waits.nextDeadline).toBe(130);
  expect(waits.expire(130)).toEqual(['c']);
  expect(waits.expire(500)).toEqual([]);
});

test('have a fresh period after a pause of the process', () => {
  const waits = new Waits<string>(100);
  waits.begin(0, 'a');
  expect(waits.expire(111)).toEqual([]);
  waits.begin(120, 'b');
  expect(waits.nextDeadline).toBe(211);
  expect(waits.expire(211)).toEqual(['a']);
  expect(waits.expire(220)).toEqual(['b']);
});
