/** Reading the handle table of a peer (RFC 5353 §3.6.3): what it does not name is gone, or was not told yet. */

import { expect, test } from 'vitest';
import type { AssociationId } from '../../../src/types.ts';
import { encodeEnrp } from '../../../src/wire/enrp.ts';
import type { EnrpMessage } from '../../../src/wire/enrp-messages.ts';
import {
  addition,
  element,
  presence,
  Scope,
  Stranger,
  type TestRegistrar,
  tablePage,
} from './support.ts';

const PEER = 66;
const elements = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => element(PEER, from + index));

/** The peer's checksum is another one than ours for its elements. */
const differing = (checksum = 5) => encodeEnrp(presence(PEER, { checksum }));
const isRequest = ({ type }: EnrpMessage) => type === 'ENRP_HANDLE_TABLE_REQUEST';

/** A registrar, and a peer of its with this many elements. */
function audited(count: number): [Scope, TestRegistrar, Stranger] {
  const [scope, one] = Scope.whole(1) as [Scope, TestRegistrar];
  const peer = new Stranger(scope, '10.0.0.66', one);
  peer.says(encodeEnrp(presence(PEER)));
  peer.says(...elements(1, count).map(addition));
  expect(one.view()).toHaveLength(count);
  return [scope, one, peer];
}

test('what a whole table does not name is gone', () => {
  const [, one, peer] = audited(300);
  expect(peer.says(differing()).some(isRequest)).toBe(true);
  peer.says(tablePage(PEER, elements(11, 300), false));
  expect(one.view()).toHaveLength(290);
  expect(one.told('poolElementRemoved')).toHaveLength(10);
});

test('what registers while the rest is swept stays', () => {
  const [scope, one, peer] = audited(1_000);
  peer.says(differing());
  peer.says(tablePage(PEER, elements(1, 500), true));
  // Both before the next slice's turn.
  const association = one.enrp.peers[0]?.association as AssociationId;
  const now = scope.network.now();
  const last = [tablePage(PEER, elements(501, 1_000), false), addition(element(PEER, 2_001))];
  for (const payload of last) {
    one.enrp.handle(now, { type: 'message', association, payloadProtocol: 12, payload });
  }
  one.driver.input({ type: 'timeout' });
  scope.run(1);
  expect(one.told('poolElementRemoved')).toEqual([]);
  expect(one.view()).toHaveLength(1_001);
});

test('a reading that goes on where an earlier one was broken off removes nothing (interop-rsplib B11)', () => {
  const [scope, one, peer] = audited(60);
  peer.says(differing());
  expect(peer.says(tablePage(PEER, elements(1, 30), true)).some(isRequest)).toBe(true);
  scope.run(4);
  peer.says(encodeEnrp(presence(PEER)));
  scope.run(2); // no page for more than 5 s
  expect(peer.says(differing()).some(isRequest)).toBe(true);
  peer.says(tablePage(PEER, elements(31, 60), false));
  expect(one.view()).toHaveLength(60);
  // Now it begins anew.
  expect(peer.says(differing()).some(isRequest)).toBe(true);
  peer.says(tablePage(PEER, elements(2, 60), false));
  expect(one.view()).toHaveLength(59);
});

test('a page that comes too late is no page of the next reading', () => {
  const [scope, one, peer] = audited(60);
  peer.says(differing());
  scope.run(4);
  peer.says(encodeEnrp(presence(PEER)));
  scope.run(2);
  peer.says(tablePage(PEER, elements(1, 30), true));
  peer.says(differing());
  peer.says(tablePage(PEER, elements(31, 60), false));
  expect(one.view()).toHaveLength(60);
});

test('of what registers here the peer does not know better', () => {
  const [, one, peer] = audited(1);
  one.register(2);
  peer.says(differing());
  peer.says(tablePage(PEER, [element(PEER, 1), element(PEER, 2)], false));
  expect(one.view()).toEqual(['EchoPool/1@66', 'EchoPool/2@1']);
});

test('a difference that a reading does not mend is left alone for five minutes', () => {
  const [scope, one, peer] = audited(10);
  const addresses = Array.from({ length: 65 }, (_, index) => `10.9.0.${index}`);
  const whole = element(PEER, 11);
  const tooLong = {
    ...whole,
    asapTransport: { ...whole.asapTransport, addresses },
  } as typeof whole;
  let asked = 0;
  const says = (checksum: number) => {
    if (!peer.says(differing(checksum)).some(isRequest)) return;
    asked += 1;
    peer.says(tablePage(PEER, [...elements(1, 10), tooLong], false));
  };
  const present = (seconds: number, checksum: number) => {
    for (let at = 0; at < seconds; at += 3) {
      says(checksum);
      scope.run(3);
    }
  };
  present(270, 5);
  expect([asked, one.view().length]).toEqual([1, 10]);
  says(6); // another one
  expect(asked).toBe(2);
  present(290, 6);
  expect(asked).toBe(2);
  present(30, 6);
  expect(asked).toBe(3);
});
