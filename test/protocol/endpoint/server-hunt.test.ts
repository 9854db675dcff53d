/** Server hunt (RFC 5352 §3.6), seen through a pool element that looks for its home. */

import { describe, expect, test } from 'vitest';
import type { TransportParameter } from '../../../src/wire/parameters.ts';
import {
  accepted,
  announce,
  aPoolElement,
  aPoolUser,
  aRegisteredPoolElement,
  at,
  notFound,
  POOL,
} from './support.ts';

const sctp = (host: number, port: number): TransportParameter => ({
  protocol: 'sctp',
  port,
  transportUse: 0,
  addresses: [at(host)[0]?.address ?? ''],
});

describe('the server hunt', () => {
  test('calls no more than three registrars at a time (RFC 5352 §3.6)', () => {
    const scene = aPoolElement({ registrars: [1, 2, 3, 4, 5] });
    scene.input({ type: 'start' });
    expect(scene.calling).toHaveLength(3);

    const [first = 0] = scene.calling;
    scene.refusesCall(first);
    expect(scene.calling).toHaveLength(3);
    expect(scene.calling).not.toContain(first);
  });

  test('calls in an order that the seed decides', () => {
    const orders = [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n].map((seed) => {
      const scene = aPoolElement({ registrars: [1, 2, 3, 4, 5], seed });
      scene.input({ type: 'start' });
      return scene.calling.join();
    });
    expect(new Set(orders).size).toBeGreaterThan(4);
  });

  test('takes the association that is up first and gives the other calls up (RFC 5352 §3.6)', () => {
    const scene = aPoolElement({ registrars: [1, 2, 3] });
    scene.input({ type: 'start' });
    scene.takesCall(2);
    expect(scene.sentTypes(2)).toEqual(['ASAP_REGISTRATION']);
    expect(scene.calling).toEqual([]);
    expect(scene.ended()).toEqual([]);
  });

  test('shuts an association down that comes up too late (RFC 5352 §3.6)', () => {
    const scene = aPoolElement({ registrars: [1, 2] });
    scene.input({ type: 'start' });
    const attempts = scene
      .everything()
      .flatMap((output) => (output.type === 'connect' ? [output] : []));
    scene.takesCall(1);
    const late = attempts.find(({ peer }) => peer[0]?.address === at(2)[0]?.address);
    scene.input({
      ...{ type: 'associationUp', association: 2 as never, peerAddresses: at(2) },
      attempt: late?.attempt,
    });
    expect(scene.ended()).toEqual(['shutdown 2']);
    expect(scene.sent(2)).toEqual([]);
  });

  test('doubles T5-Serverhunt from round to round up to RETRAN-MAX (RFC 5352 §3.6)', () => {
    const scene = aPoolElement({ options: { t5ServerHuntMs: 5_000, retranMaxMs: 30_000 } });
    scene.input({ type: 'start' });
    const rounds = [0, 1, 2, 3, 4].map(() => {
      const lengthMs = scene.machine.nextDeadline() - scene.now;
      scene.advance(lengthMs);
      return lengthMs;
    });
    expect(rounds).toEqual([5_000, 10_000, 20_000, 30_000, 30_000]);
    expect(scene.events()).toEqual(rounds.map(() => ({ type: 'registrarUnreachable' })));
  });

  test('gives the calls of a round up when T5 runs out, and calls anew (RFC 5352 §3.6)', () => {
    const scene = aPoolElement({ registrars: [1, 2] });
    scene.input({ type: 'start' });
    scene.advance(5_000);
    const types = scene.everything().map(({ type }) => type);
    expect(types).toEqual([
      ...['connect', 'connect', 'cancelConnect', 'cancelConnect'],
      ...['registrarUnreachable', 'connect', 'connect'],
    ]);
    expect(scene.calling).toHaveLength(2);
  });

  test('calls everybody before it calls anybody again', () => {
    for (let seed = 1n; seed <= 20n; seed++) {
      const scene = aPoolElement({ registrars: [1, 2, 3, 4, 5, 6, 7, 8, 9], seed });
      scene.input({ type: 'start' });
      const called = [0, 1, 2].flatMap(() => {
        const { calling } = scene;
        scene.advance(scene.machine.nextDeadline() - scene.now);
        return calling;
      });
      expect(called.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
  });

  test('begins with the first T5 again after a hunt that found somebody (RFC 5352 §3.6)', () => {
    const scene = aPoolElement();
    scene.input({ type: 'start' });
    scene.advance(15_000);
    scene.takesCall(1);
    scene.says(1, accepted());
    scene.down(1);
    expect(scene.machine.nextDeadline() - scene.now).toBe(5_000);
  });

  test('calls again after a pause that doubles when everybody refuses at once', () => {
    const scene = aPoolElement({ options: { refusedPauseMs: 500 } });
    scene.input({ type: 'start' });
    const pauses = [0, 1, 2, 3].map(() => {
      scene.refusesCall(1);
      expect(scene.calling).toEqual([]);
      const pauseMs = scene.machine.nextDeadline() - scene.now;
      scene.advance(pauseMs);
      expect(scene.calling).toEqual([1]);
      return pauseMs;
    });
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000]);
    // Told once in each round.
    expect(scene.events()).toEqual(pauses.map(() => ({ type: 'registrarUnreachable' })));
  });

  test('slows down when registrars end the association as soon as it is up', () => {
    const scene = aPoolElement({ options: { refusedPauseMs: 500 } });
    scene.input({ type: 'start' });
    const pauses = [1, 2, 3, 4, 5].map((association) => {
      scene.takesCall(1, association);
      scene.down(association, 'abort');
      const pauseMs = scene.calling.length > 0 ? 0 : scene.machine.nextDeadline() - scene.now;
      scene.advance(pauseMs);
      return pauseMs;
    });
    expect(pauses).toEqual([0, 500, 1_000, 2_000, 4_000]);
  });

  test('does not slow down for registrars that have done their work', () => {
    const element = aPoolElement();
    element.input({ type: 'start' });
    const user = aPoolUser();
    for (const association of [1, 2, 3, 4, 5]) {
      user.input({ type: 'resolve', request: association, poolHandle: POOL, isFresh: true });
      for (const scene of [element, user]) {
        expect(scene.calling).toEqual([1]);
        scene.takesCall(1, association);
      }
      element.says(association, accepted());
      user.says(association, notFound());
      for (const scene of [element, user]) scene.down(association);
    }
  });

  test('calls another registrar before the one that did not answer (RFC 5352 §3.6)', () => {
    for (let seed = 1n; seed <= 20n; seed++) {
      const scene = aPoolElement({ registrars: [1, 2, 3], seed });
      scene.input({ type: 'start' });
      scene.takesCall(1);
      scene.advance(3_000); // T2
      expect([...scene.calling].sort()).toEqual([2, 3]);
      scene.refusesCall(2);
      expect(scene.calling).toEqual([3]);
      scene.refusesCall(3);
      expect(scene.calling).toEqual([1]);
    }
  });

  test('calls the one that did not answer as well in the second round', () => {
    const scene = aRegisteredPoolElement({ registrars: [1, 2] });
    scene.advance(33_000); // T4, T2
    expect(scene.calling).toEqual([2]);
    scene.advance(5_000);
    expect([...scene.calling].sort()).toEqual([1, 2]);
  });

  test('calls everybody again when the association was lost: the same one may be back', () => {
    const scene = aRegisteredPoolElement({ registrars: [1, 2] });
    scene.down(1);
    expect([...scene.calling].sort()).toEqual([1, 2]);
  });

  test('uses an association that a known registrar has opened instead of calling it', () => {
    const scene = aRegisteredPoolElement({ registrars: [1, 2] });
    scene.isCalledBy(2);
    scene.down(1);
    expect(scene.calling).toEqual([]);
    expect(scene.sentTypes(2)).toEqual(['ASAP_REGISTRATION']);
  });

  test('does not register with a stranger who calls', () => {
    const scene = aRegisteredPoolElement({ registrars: [1] });
    scene.isCalledBy(66);
    scene.down(1);
    expect(scene.sent(66)).toEqual([]);
    expect(scene.calling).toEqual([1]);
  });

  test('ignores the outcome of a call that it does not know', () => {
    const scene = aPoolElement();
    scene.input({ type: 'start' });
    scene.input({ type: 'connectFailed', attempt: 99 });
    expect(scene.calling).toEqual([1]);
    expect(scene.events()).toEqual([]);
  });

  test('is harmless when woken up too early and too often', () => {
    const scene = aPoolElement();
    scene.input({ type: 'start' });
    scene.now += 4_999;
    for (let times = 0; times < 3; times++) scene.input({ type: 'timeout' });
    expect(scene.everything().map(({ type }) => type)).toEqual(['connect']);
  });
});

describe('announces (RFC 5352 §3.6)', () => {
  test('name a registrar where the datagram came from when they say nothing else (decision 2)', () => {
    const scene = aPoolElement({ registrars: [] });
    scene.input(announce(7));
    scene.input({ type: 'start' });
    expect(scene.everything()).toEqual([{ type: 'connect', attempt: 1, peer: at(7) }]);
  });

  test('name a registrar where their transport parameters say (decision 2)', () => {
    const scene = aPoolElement({ registrars: [] });
    scene.input(announce(7, [sctp(8, 4_000), sctp(9, 4_000)]));
    scene.input({ type: 'start' });
    const peer = [8, 9].map((host) => ({ address: `10.0.0.${host}`, port: 4_000 }));
    expect(scene.everything()).toEqual([{ type: 'connect', attempt: 1, peer }]);
  });

  test('are of no use when the registrar takes TCP only', () => {
    const scene = aPoolElement({ registrars: [] });
    const tcp = { protocol: 'tcp', port: 1, transportUse: 0, addresses: ['10.0.0.7'] } as const;
    scene.input(announce(7, [tcp]));
    scene.input({ type: 'start' });
    expect(scene.calling).toEqual([]);
  });

  test('are forgotten when T7-ENRPoutdate has passed', () => {
    const scene = aPoolElement({ registrars: [], options: { t7EnrpOutdateMs: 5_000 } });
    scene.input(announce(7));
    scene.now += 2_000;
    scene.input(announce(8));
    scene.now += 3_000;
    scene.input({ type: 'start' });
    expect(scene.calling).toEqual([8]);
  });

  test('are believed for T7 again when they are repeated, and only those', () => {
    const scene = aPoolElement({ registrars: [], options: { t7EnrpOutdateMs: 5_000 } });
    scene.input(announce(7));
    scene.input(announce(8));
    scene.now += 4_000;
    scene.input(announce(7));
    scene.now += 4_000;
    scene.input({ type: 'start' });
    expect(scene.calling).toEqual([7]);
  });

  test('lead to a call at once during a hunt, and to one only', () => {
    const scene = aPoolElement({ registrars: [] });
    scene.input({ type: 'start' });
    expect(scene.calling).toEqual([]);
    scene.input(announce(7));
    scene.input(announce(7));
    expect(scene.calling).toEqual([7]);
  });

  test('do not exceed three calls at a time, and are served as soon as one has failed', () => {
    const scene = aPoolElement({ registrars: [1, 2, 3] });
    scene.input({ type: 'start' });
    scene.input(announce(7));
    expect(scene.calling).not.toContain(7);
    scene.refusesCall(2);
    expect(scene.calling).toContain(7);
  });

  test('of a registrar that is configured as well lead to one call, not two', () => {
    const scene = aPoolElement({ registrars: [1] });
    scene.input(announce(1));
    scene.input({ type: 'start' });
    scene.input(announce(1));
    expect(scene.calling).toEqual([1]);
  });

  test('of a registrar that has just refused lead to another call: it has started', () => {
    const scene = aPoolElement({ registrars: [1] });
    scene.input({ type: 'start' });
    scene.refusesCall(1);
    scene.input(announce(1));
    expect(scene.calling).toEqual([1]);
  });

  test('take no more memory than 64 registrars, and go on being heard afterwards', () => {
    const scene = aPoolElement({ registrars: [], options: { t7EnrpOutdateMs: 5_000 } });
    for (let host = 0; host < 10_000; host++) {
      scene.input(announce(1, [sctp(1, 1 + host)]));
    }
    scene.input({ type: 'start' });
    let calls = 0;
    for (; scene.calling.length > 0; calls++) scene.refusesCall(1);
    expect(calls).toBe(64);
    scene.now += 5_000;
    scene.input(announce(7));
    expect(scene.calling).toEqual([7]);
  });

  test('that are none are ignored', () => {
    const scene = aPoolElement({ registrars: [] });
    const { source } = announce(7);
    for (const payload of [new Uint8Array(), Uint8Array.of(10, 0, 0, 8, 0), Buffer.from('hello')]) {
      scene.input({ type: 'announceHeard', source, payload });
    }
    scene.input({ type: 'start' });
    expect(scene.calling).toEqual([]);
  });
});
