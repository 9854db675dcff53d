/** When the process's clock wakes who wants to be woken. */

import { setImmediate, setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';

test('who wants to be woken later is, but not at once', async () => {
  let isAwake = false;
  const cancel = systemClock.wakeAt(systemClock.now() + 60_000, () => {
    isAwake = true;
  });
  await setImmediate();
  await setImmediate();
  expect(isAwake).toBe(false);
  cancel();
  await new Promise<void>((resolve) => systemClock.wakeAt(systemClock.now() + 5, resolve));
});

test('what is due waits for no timer, but until the events of now have been read', async () => {
  let isAwake = false;
  systemClock.wakeAt(systemClock.now(), () => {
    isAwake = true;
  });
  await setImmediate();
  expect(isAwake).toBe(false);
  await setImmediate();
  expect(isAwake).toBe(true);
});

test.each([0, 1])('nobody is woken who does not want to be any more, due in %i ms', async (ms) => {
  let isAwake = false;
  const cancel = systemClock.wakeAt(systemClock.now() + ms, () => {
    isAwake = true;
  });
  cancel();
  await setTimeout(5);
  expect(isAwake).toBe(false);
});

test('nor when the time has come, and what lies there is being read', async () => {
  let isAwake = false;
  const cancel = systemClock.wakeAt(systemClock.now(), () => {
    isAwake = true;
  });
  await setImmediate();
  cancel();
  await setTimeout(5);
  expect(isAwake).toBe(false);
});
