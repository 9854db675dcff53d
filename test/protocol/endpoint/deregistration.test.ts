/** Deregistration of a pool element (RFC 5352 §3.2), T3-deregistration, and the end. */

import { describe, expect, test } from 'vitest';
import {
  accepted,
  aPoolElement,
  aRegisteredPoolElement,
  asapError,
  deregistered,
  PE,
  POOL,
  rejected,
} from './support.ts';

const STOPPED = [{ type: 'stopped' }];

describe('deregistration', () => {
  test('asks the home registrar, and ends when it has answered (RFC 5352 §3.2)', () => {
    const scene = aRegisteredPoolElement();
    scene.input({ type: 'stop' });
    expect(scene.sent(1)).toEqual([
      { type: 'ASAP_DEREGISTRATION', poolHandle: POOL, poolElementId: PE },
    ]);
    expect(scene.events()).toEqual([]);
    scene.says(1, deregistered());
    expect(scene.ended()).toEqual(['shutdown 1']);
    expect(scene.events()).toEqual(STOPPED);
    expect(scene.machine.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });

  test('ends when T3-deregistration runs out (RFC 5352 §3.2)', () => {
    const scene = aRegisteredPoolElement({ options: { t3DeregistrationMs: 3_000 } });
    scene.input({ type: 'stop' });
    scene.advance(2_999);
    expect(scene.events()).toEqual([]);
    scene.advance(1);
    expect(scene.ended()).toEqual(['shutdown 1']);
    expect(scene.events()).toEqual(STOPPED);
  });

  test('ends when the home registrar is lost, restarts, or answers with an error', () => {
    for (const trouble of ['down', 'restarts', 'error'] as const) {
      const scene = aRegisteredPoolElement({ registrars: [1, 2] });
      scene.input({ type: 'stop' });
      if (trouble === 'down') scene.down(1);
      else if (trouble === 'restarts') scene.restarts(1);
      else scene.says(1, asapError(0));
      expect(scene.events()).toEqual(STOPPED);
      expect(scene.calling).toEqual([]);
    }
  });

  test('follows a registration that is in flight, whose answer comes to nothing', () => {
    const scene = aPoolElement();
    scene.input({ type: 'start' });
    scene.takesCall(1);
    scene.input({ type: 'stop' });
    expect(scene.sentTypes(1)).toEqual(['ASAP_REGISTRATION', 'ASAP_DEREGISTRATION']);
    scene.says(1, accepted());
    expect(scene.events()).toEqual([]);
    scene.says(1, deregistered());
    expect(scene.events()).toEqual(STOPPED);
  });

  test('while hunting ends at once and gives the calls up', () => {
    const scene = aPoolElement({ registrars: [1, 2] });
    scene.input({ type: 'start' });
    scene.input({ type: 'stop' });
    expect(scene.events()).toEqual(STOPPED);
    expect(scene.calling).toEqual([]);
  });

  test('of one that is not registered ends at once', () => {
    const never = aPoolElement();
    never.input({ type: 'stop' });
    expect(never.everything()).toEqual(STOPPED);

    const refused = aPoolElement();
    refused.input({ type: 'start' });
    refused.takesCall(1);
    refused.says(1, rejected(5));
    refused.sent(1);
    refused.input({ type: 'stop' });
    expect(refused.sent(1)).toEqual([]);
    expect(refused.ended()).toEqual(['shutdown 1']);
  });

  test('is not begun anew by a second stop, nor undone by anything else', () => {
    const scene = aRegisteredPoolElement();
    scene.input({ type: 'stop' });
    scene.advance(1_000);
    scene.input({ type: 'stop' });
    scene.input({ type: 'start' });
    scene.input({ type: 'updatePolicy', policy: { type: 'random' } });
    expect(scene.sentTypes(1)).toEqual(['ASAP_DEREGISTRATION']);
    expect(scene.machine.nextDeadline() - scene.now).toBe(2_000);
  });

  test('is the end: only who comes up late is sent away', () => {
    const scene = aPoolElement({ registrars: [1, 2] });
    scene.isCalledBy(9);
    scene.input({ type: 'start' });
    scene.input({ type: 'stop' });
    expect(scene.ended()).toEqual(['shutdown 9']);
    scene.events();
    scene.isCalledBy(2);
    expect(scene.ended()).toEqual(['shutdown 2']);
    scene.input({ type: 'start' });
    scene.input({ type: 'timeout' });
    scene.advance(100_000);
    expect(scene.events()).toEqual([]);
    expect(scene.calling).toEqual([]);
  });
});
