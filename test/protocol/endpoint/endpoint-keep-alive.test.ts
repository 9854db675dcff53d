/** Keep-alives to a pool element and the change of its home registrar (RFC 5352 §3.4). */

import { describe, expect, test } from 'vitest';
import {
  accepted,
  aPoolElement,
  aRegisteredPoolElement,
  keepAlive,
  OTHER_POOL,
  PE,
  POOL,
  rejected,
} from './support.ts';

const ACK = { type: 'ASAP_ENDPOINT_KEEP_ALIVE_ACK', poolHandle: POOL, poolElementId: PE };

describe('a keep-alive', () => {
  test('is acknowledged over the association that it came over (RFC 5352 §3.4)', () => {
    const scene = aRegisteredPoolElement();
    scene.says(1, keepAlive(1));
    expect(scene.sent(1)).toEqual([ACK]);

    scene.isCalledBy(9);
    scene.says(9, keepAlive(9));
    expect(scene.sent(9)).toEqual([ACK]);
    expect(scene.sent(1)).toEqual([]);
    expect(scene.events()).toEqual([]);
  });

  test('need not name the pool element, as the RFC has it (decision 16)', () => {
    const scene = aRegisteredPoolElement();
    scene.says(1, keepAlive(1, { poolElementId: undefined }));
    expect(scene.sent(1)).toEqual([ACK]);
  });

  test('for another pool or pool element is dropped in silence (RFC 5352 §3.4)', () => {
    const scene = aRegisteredPoolElement();
    scene.says(1, keepAlive(1, { poolHandle: OTHER_POOL }));
    scene.says(1, keepAlive(1, { poolElementId: 7 }));
    scene.says(1, keepAlive(1, { poolElementId: 7, wantsToBeHome: true }));
    scene.says(1, keepAlive(1, { poolHandle: POOL.subarray(0, 4) }));
    expect(scene.sent(1)).toEqual([]);
    expect(scene.events()).toEqual([]);
  });

  test('is not acknowledged before the start and after a refusal: there is no registration', () => {
    const scene = aPoolElement();
    scene.isCalledBy(9);
    scene.says(9, keepAlive(9, { wantsToBeHome: true }));
    scene.input({ type: 'start' });
    scene.takesCall(1);
    scene.says(1, rejected(5));
    scene.events();
    scene.sent(1);
    scene.says(1, keepAlive(1));
    scene.says(9, keepAlive(9, { wantsToBeHome: true }));
    expect(scene.everything()).toMatchObject([{ type: 'connect' }]);
  });

  test('does not put off T4-reregistration', () => {
    const scene = aRegisteredPoolElement();
    scene.advance(29_000);
    scene.says(1, keepAlive(1));
    scene.sent(1);
    scene.advance(1_000);
    expect(scene.sentTypes(1)).toEqual(['ASAP_REGISTRATION']);
  });
});

describe('a keep-alive with the H bit (RFC 5352 §3.4)', () => {
  test('makes its sender the home, and ends the association with the old one', () => {
    const scene = aRegisteredPoolElement({ registrars: [1, 2] });
    scene.isCalledBy(2);
    scene.says(2, keepAlive(2, { wantsToBeHome: true }));
    expect(scene.sent(2)).toEqual([ACK]);
    expect(scene.ended()).toEqual(['abort 1']);
    expect(scene.events()).toEqual([{ type: 'homeChanged', registrarId: 2 }]);

    scene.down(1, 'abort'); // what the transport says to it is no news
    expect(scene.events()).toEqual([]);
    scene.advance(30_000);
    expect(scene.sent(2)).toMatchObject([{ poolElement: { homeRegistrarId: 2 } }]);
  });

  test('over an association that we have just ended comes too late', () => {
    const scene = aRegisteredPoolElement({ registrars: [1, 2] });
    scene.isCalledBy(2);
    scene.says(2, keepAlive(2, { wantsToBeHome: true }));
    scene.events();
    scene.ended();
    scene.says(1, keepAlive(1, { wantsToBeHome: true }));
    expect(scene.sent(1)).toEqual([]);
    expect(scene.events()).toEqual([]);
    expect(scene.ended()).toEqual([]);
  });

  test('names the home it has already: no change', () => {
    const scene = aRegisteredPoolElement();
    for (const wantsToBeHome of [true, true, false, true]) {
      scene.says(1, keepAlive(1, { wantsToBeHome }));
    }
    expect(scene.sent(1)).toEqual([ACK, ACK, ACK, ACK]);
    expect(scene.events()).toEqual([]);
    expect(scene.ended()).toEqual([]);
  });

  test('of another identifier over the same association is a change of home', () => {
    const scene = aRegisteredPoolElement();
    scene.says(1, keepAlive(1));
    scene.says(1, keepAlive(5, { wantsToBeHome: true }));
    expect(scene.events()).toEqual([{ type: 'homeChanged', registrarId: 5 }]);
    expect(scene.ended()).toEqual([]);
  });

  test('during a hunt ends the hunt: that is the registrar to register with', () => {
    const scene = aRegisteredPoolElement({ registrars: [1, 2, 3] });
    scene.down(1);
    scene.isCalledBy(9);
    scene.says(9, keepAlive(9, { wantsToBeHome: true }));
    expect(scene.calling).toEqual([]);
    expect(scene.sentTypes(9)).toEqual(['ASAP_ENDPOINT_KEEP_ALIVE_ACK', 'ASAP_REGISTRATION']);
    scene.says(9, accepted());
    expect(scene.events()).toMatchObject([
      { type: 'registrationLost' },
      { type: 'homeChanged', registrarId: 9 },
      { type: 'registered', association: 9 },
    ]);
  });

  test('while a registration is in flight sends it to the new home', () => {
    const scene = aRegisteredPoolElement({ registrars: [1, 2] });
    scene.isCalledBy(2);
    const policy = { type: 'roundRobin' } as const;
    scene.input({ type: 'updatePolicy', policy });
    scene.sent(1);
    scene.says(2, keepAlive(2, { wantsToBeHome: true }));
    expect(scene.ended()).toEqual(['abort 1']);
    expect(scene.sentTypes(2)).toEqual(['ASAP_ENDPOINT_KEEP_ALIVE_ACK', 'ASAP_REGISTRATION']);

    scene.says(1, rejected(5)); // of the old home, too late
    scene.says(2, accepted());
    expect(scene.events()).toMatchObject([
      { type: 'homeChanged', registrarId: 2 },
      { type: 'registered', association: 2, policy },
    ]);
  });

  test('of the home itself while a registration is in flight does not send it twice', () => {
    const scene = aRegisteredPoolElement();
    scene.input({ type: 'updatePolicy', policy: { type: 'random' } });
    scene.sent(1);
    scene.says(1, keepAlive(1, { wantsToBeHome: true }));
    expect(scene.sent(1)).toEqual([ACK]);
  });

  test('while deregistering brings the deregistration to the new home, within the same T3', () => {
    const scene = aRegisteredPoolElement({ registrars: [1, 2] });
    scene.isCalledBy(2);
    scene.input({ type: 'stop' });
    scene.advance(2_000);
    scene.says(2, keepAlive(2, { wantsToBeHome: true }));
    expect(scene.sentTypes(2)).toEqual(['ASAP_ENDPOINT_KEEP_ALIVE_ACK', 'ASAP_DEREGISTRATION']);
    expect(scene.machine.nextDeadline() - scene.now).toBe(1_000);
  });

  test('of a home that is then lost leads to a hunt as any other', () => {
    const scene = aRegisteredPoolElement({ registrars: [1] });
    scene.isCalledBy(9);
    scene.says(9, keepAlive(9, { wantsToBeHome: true }));
    scene.down(9);
    expect(scene.calling).toEqual([1]);
    expect(scene.events()).toMatchObject([{ type: 'homeChanged' }, { type: 'registrationLost' }]);
  });
});
