/** Whose word a message is, and registrars that have one identifier between them (RFC 5353 §2.1). */

import { describe, expect, test } from 'vitest';
import type { RegistrarId } from '../../../src/types.ts';
import { encodeEnrp } from '../../../src/wire/enrp.ts';
import { UPDATE_ACTION } from '../../../src/wire/enrp-messages.ts';
import { addressOf, element, presence, Scope, Stranger, type TestRegistrar } from './support.ts';

/** Peer 2 says that its element 2 is gone. */
const removal = encodeEnrp({
  ...{ type: 'ENRP_HANDLE_UPDATE', suggestsTakeover: false, action: UPDATE_ACTION.DEL_PE },
  ...{ senderId: 2 as RegistrarId, receiverId: 0 as RegistrarId },
  ...{ poolHandle: Buffer.from('EchoPool'), poolElement: element(2, 2) },
});

/** Two registrars that each own an element. */
function two(): [Scope, TestRegistrar, TestRegistrar] {
  const [scope, first, second] = Scope.whole(2) as [Scope, TestRegistrar, TestRegistrar];
  first.register(1);
  second.register(2);
  scope.run(1);
  return [scope, first, second];
}

const WHOLE = ['EchoPool/1@1', 'EchoPool/2@2'];

describe('nobody speaks in the name of', () => {
  test('a peer, over an association that is known to be his own', () => {
    const [scope, one] = two();
    const forger = new Stranger(scope, '10.0.0.66', one);
    forger.says(encodeEnrp(presence(66)));
    forger.says(removal);
    expect(one.view()).toEqual(WHOLE);
    expect(one.told('duplicateId')).toEqual([]);
  });

  test('a peer that lives, over a new association: that is told, once', () => {
    const [scope, one] = two();
    const forger = new Stranger(scope, '10.0.0.66', one);
    const answers = forger.says(removal, removal, encodeEnrp(presence(2)));
    expect(answers).toMatchObject([{ type: 'ENRP_ERROR', errors: [{ code: 10 }] }]);
    expect(one.view()).toEqual(WHOLE);
    expect(one.told('duplicateId')).toMatchObject([
      { id: 2, addresses: [{ address: '10.0.0.66' }] },
    ]);
    expect(one.enrp.counters.ignoredMessages).toBe(3);
    expect(one.enrp.peers).toMatchObject([{ id: 2, addresses: [{ address: addressOf(2) }] }]);
  });

  test('ourselves: that is told', () => {
    const [scope, one] = two();
    const impostor = new Stranger(scope, '10.0.0.67', one);
    impostor.says(encodeEnrp(presence(1)));
    expect(one.told('duplicateId')).toMatchObject([
      { id: 1, addresses: [{ address: '10.0.0.67' }] },
    ]);
    expect(one.peerIds()).toEqual([2]);
    expect(one.view()).toEqual(WHOLE);
  });
});

test('a registrar that starts anew elsewhere with its identifier is heard as soon as the old one is missed', () => {
  const [scope, one, dead] = two();
  dead.crash();
  const again = scope.start({ id: 2, address: '10.0.0.22', peers: [1] });
  scope.run(30);
  expect(one.enrp.peers).toMatchObject([{ id: 2, addresses: [{ address: '10.0.0.22' }] }]);
  expect(again.peerIds()).toEqual([1]);
});

test('two that find each other by their announces say that they have one identifier', () => {
  const scope = new Scope();
  const one = scope.start({ id: 1, announces: true });
  const other = scope.start({ id: 1, address: '10.0.0.9', announces: true });
  scope.run(60);
  expect(one.told('duplicateId')).toMatchObject([{ id: 1, addresses: [{ address: '10.0.0.9' }] }]);
  expect(other.told('duplicateId')).toMatchObject([
    { id: 1, addresses: [{ address: '10.0.0.1' }] },
  ]);
});

test('a third one keeps to the one of two that it heard first', () => {
  const scope = new Scope();
  const first = scope.start({ id: 1, announces: true });
  const third = scope.start({ id: 2, announces: true });
  scope.run(10);
  first.register(1);
  scope.run(1);
  const other = scope.start({ id: 1, address: '10.0.0.9', announces: true });
  other.register(3);
  scope.run(60);
  expect(third.view()).toEqual(['EchoPool/1@1']);
  expect(third.told('duplicateId')).toMatchObject([{ id: 1 }]);
  expect(third.told('poolElementRemoved')).toEqual([]);
});
