/** A pool user's reports of pool elements that it could not reach (RFC 5352 §3.5). */

import { describe, expect, test } from 'vitest';
import { poolElementId } from '../../../src/types.ts';
import { aPoolUser, elements, found, OTHER_POOL, POOL, type PoolUserScene } from './support.ts';

const report = (id: number, poolHandle = POOL) =>
  ({ type: 'reportUnreachable', poolHandle, poolElementId: poolElementId(id) }) as const;

const resolve = (request: number) =>
  ({ type: 'resolve', request, poolHandle: POOL, items: 128, isFresh: true }) as const;

/** A pool user to whom a registrar has named the elements 1, 2 and 3. */
function informed(): PoolUserScene {
  const scene = aPoolUser();
  scene.input(resolve(1));
  scene.takesCall(1);
  scene.says(1, found(elements([1, 2, 3])));
  scene.sent(1);
  scene.events();
  return scene;
}

describe('a failure report', () => {
  test('names the pool element to the registrar (RFC 5352 §3.5)', () => {
    const scene = informed();
    scene.input(report(2));
    expect(scene.sent(1)).toEqual([
      { type: 'ASAP_ENDPOINT_UNREACHABLE', poolHandle: POOL, poolElementId: 2 },
    ]);
  });

  test('is sent once for one event (RFC 5352 §3.5)', () => {
    const scene = informed();
    scene.input(report(2));
    scene.input(report(2));
    scene.input(report(3));
    scene.input(report(2, OTHER_POOL));
    expect(scene.sent(1)).toMatchObject([
      { poolElementId: 2, poolHandle: POOL },
      { poolElementId: 3, poolHandle: POOL },
      { poolElementId: 2, poolHandle: OTHER_POOL },
    ]);
  });

  test('is sent again when a registrar has named the element again, and only then', () => {
    const scene = informed();
    scene.input(report(2));
    scene.input(resolve(2));
    scene.says(1, found(elements([1, 3])));
    scene.sent(1);
    scene.input(report(2));
    expect(scene.sent(1)).toEqual([]);
    scene.input(resolve(3));
    scene.says(1, found(elements([1, 2, 3])));
    scene.sent(1);
    scene.input(report(2));
    expect(scene.sent(1)).toMatchObject([{ poolElementId: 2 }]);
  });

  test('takes the element out of the cache', () => {
    const scene = informed();
    scene.input(report(1));
    scene.input({ ...resolve(2), isFresh: false });
    const [event] = scene.events();
    expect(event).toMatchObject({ type: 'resolved' });
    expect(JSON.stringify(event)).not.toContain('"id":1,');
  });

  test('waits for a registrar, in front of what is asked of it', () => {
    const scene = aPoolUser();
    scene.input(report(2));
    scene.input(resolve(1));
    expect(scene.calling).toEqual([1]);
    scene.takesCall(1);
    expect(scene.sentTypes(1)).toEqual(['ASAP_ENDPOINT_UNREACHABLE', 'ASAP_HANDLE_RESOLUTION']);
  });

  test('is dropped when there is nobody to tell it to, and may be made again', () => {
    const scene = aPoolUser();
    scene.input(report(2));
    scene.advance(100_000);
    expect(scene.calling).toEqual([]);
    expect(scene.machine.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
    scene.input(report(2));
    scene.takesCall(1);
    expect(scene.sent(1)).toMatchObject([{ poolElementId: 2 }]);
  });

  test('takes no more memory than 64 that wait: the oldest go', () => {
    const scene = aPoolUser();
    for (let id = 1; id <= 1_000; id++) scene.input(report(id));
    scene.takesCall(1);
    const sent = scene.sent(1);
    expect(sent).toHaveLength(64);
    expect(sent.at(-1)).toMatchObject({ poolElementId: 1_000 });
  });

  test('is remembered for 1024 elements: the oldest may be reported again', () => {
    const scene = informed();
    for (let id = 1; id <= 1_025; id++) scene.input(report(id));
    scene.sent(1);
    scene.input(report(2));
    expect(scene.sent(1)).toEqual([]);
    scene.input(report(1));
    expect(scene.sent(1)).toMatchObject([{ poolElementId: 1 }]);
  });

  test('that cannot be written is refused to the caller', () => {
    const scene = informed();
    expect(() => scene.input(report(1, new Uint8Array(65_531)))).toThrow(RangeError);
    expect(scene.sent(1)).toEqual([]);
  });
});
