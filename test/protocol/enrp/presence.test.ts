/** ENRP_PRESENCE (RFC 5353 §3.4): how often, to whom, in answer to what; and how long a silence is borne. */

import { describe, expect, test } from 'vitest';
import { encodeEnrp } from '../../../src/wire/enrp.ts';
import { presence, Scope, Stranger, type TestRegistrar } from './support.ts';

const PRESENCE = 'ENRP_PRESENCE';

test.each([
  [0, 10],
  [0.5, 10],
])(
  'with a jitter of %f a presence goes to every peer in each cycle',
  (peerHeartbeatJitter, cycles) => {
    const options = { peerHeartbeatCycleMs: 1_000, peerHeartbeatJitter };
    const [scope] = Scope.whole(3, options);
    const heard = scope.listen();
    scope.run(cycles);
    for (const [from, to] of [
      [1, 2],
      [1, 3],
      [3, 1],
    ]) {
      const count = heard.filter(
        (one) => one.from === from && one.to === to && one.message.type === PRESENCE,
      ).length;
      expect(count).toBeGreaterThanOrEqual(Math.floor(cycles / (1 + peerHeartbeatJitter)) - 1);
      expect(count).toBeLessThanOrEqual(Math.ceil(cycles / (1 - peerHeartbeatJitter)) + 1);
    }
  },
);

test('who wants a reply has one, which wants none', () => {
  const [scope, one] = Scope.whole(1) as [Scope, TestRegistrar];
  const peer = new Stranger(scope, '10.0.0.66', one);
  peer.says(encodeEnrp(presence(66)));
  expect(peer.says(encodeEnrp(presence(66)))).toEqual([]);
  expect(peer.says(encodeEnrp(presence(66, { wantsReply: true })))).toMatchObject([
    {
      type: PRESENCE,
      senderId: 1,
      receiverId: 66,
      wantsReply: false,
      serverInformation: { id: 1 },
    },
  ]);
});

describe('a peer that falls silent', () => {
  const options = { peerMaxTimeLastHeardMs: 5_000, peerMaxTimeNoResponseMs: 3_000 };

  test('is asked when its time is over, and not before', () => {
    const [scope, one] = Scope.whole(1, options) as [Scope, TestRegistrar];
    const peer = new Stranger(scope, '10.0.0.66', one);
    peer.says(encodeEnrp(presence(66)));
    peer.says(encodeEnrp(presence(66)));
    const isAsked = () => peer.heard.some((one) => one.type === PRESENCE && one.wantsReply);
    scope.run(4.9);
    expect(isAsked()).toBe(false);
    scope.run(0.2);
    expect(isAsked()).toBe(true);
  });

  test('is believed alive until its time for an answer is over', () => {
    const [scope, one] = Scope.whole(1, options) as [Scope, TestRegistrar];
    const peer = new Stranger(scope, '10.0.0.66', one);
    peer.says(encodeEnrp(presence(66)));
    scope.run(7.9);
    expect(one.peerIds()).toEqual([66]);
    scope.run(0.2);
    expect(one.peerIds()).toEqual([]);
  });
});
