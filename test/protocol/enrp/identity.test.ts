/** Whose word a message is, and registrars that have one identifier between them (RFC 5353 §2.1). */

import { describe, expect, test } from 'vitest';
import type { RegistrarId } from '../../../src/types.ts';
import { encodeEnrp } from '../../../src/wire/enrp.ts';
import { UPDATE_ACTION } from '../../../src/wire/enrp-messages.ts';
import { encodeServerInformationParameter } from '../../../src/wire/parameter-codec.ts';
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

test('both of two registrars with one identifier report it when only one of them calls the other', () => {
  const scope = new Scope();
  const called = scope.start({ id: 1 });
  const caller = scope.start({ id: 1, address: '10.0.0.9', peers: [1] });
  scope.run(30);
  expect(called.told('duplicateId')).toMatchObject([
    { id: 1, addresses: [{ address: '10.0.0.9' }] },
  ]);
  expect(caller.told('duplicateId')).toMatchObject([
    { id: 1, addresses: [{ address: '10.0.0.1', port: 9901 }] },
  ]);
  const logged = [called, caller].map(({ logged }) => logged.map(({ text }) => text));
  const text = 'another registrar uses our identifier, give one of them another';
  expect(logged).toMatchObject([expect.arrayContaining([text]), expect.arrayContaining([text])]);
});

test('a registrar that is restarted with a duplicate identifier is told of it again', () => {
  const scope = new Scope();
  scope.start({ id: 1 });
  const caller = { id: 1, address: '10.0.0.9', peers: [1] };
  scope.start(caller).crash();
  scope.run(30);
  const again = scope.start(caller);
  scope.run(30);
  expect(again.told('duplicateId')).toMatchObject([{ id: 1 }]);
});

test('two registrars with one identifier learn where the other one is from a third', () => {
  const scope = new Scope();
  const third = scope.start({ id: 3 });
  const first = scope.start({ id: 1, peers: [3] });
  scope.run(10);
  const other = scope.start({ id: 1, address: '10.0.0.9', peers: [3] });
  scope.run(30);
  expect(third.told('duplicateId')).toMatchObject([{ id: 1 }]);
  expect(first.told('duplicateId')).toMatchObject([
    { id: 1, addresses: [{ address: '10.0.0.9', port: 9901 }] },
  ]);
  expect(other.told('duplicateId')).toMatchObject([
    { id: 1, addresses: [{ address: '10.0.0.1', port: 9901 }] },
  ]);
});

test('an ENRP_ERROR reports a duplicate only if it shows our identifier at other addresses', () => {
  const [scope, one] = two();
  const reporter = new Stranger(scope, '10.0.0.66', one);
  const error = (senderId: number, code: number, info: Uint8Array) =>
    encodeEnrp({
      ...{ type: 'ENRP_ERROR', senderId: senderId as RegistrarId, receiverId: 1 as RegistrarId },
      errors: [{ code, info }],
    });
  const nothing = new Uint8Array();
  reporter.says(
    error(66, 10, nothing),
    error(1, 16, nothing), // as rsplib repeats our identifier (interop-rsplib B7)
    error(66, 10, Uint8Array.of(0, 0x0b, 0, 200)),
    error(66, 10, whereabouts(2, '10.0.0.99')),
    error(66, 10, whereabouts(1, addressOf(1))),
  );
  expect(one.told('duplicateId')).toEqual([]);
  reporter.says(error(66, 10, whereabouts(1, '10.0.0.99')));
  expect(one.told('duplicateId')).toMatchObject([
    { id: 1, addresses: [{ address: '10.0.0.99', port: 9901 }] },
  ]);
});

const whereabouts = (id: number, address: string) =>
  encodeServerInformationParameter({
    id: id as RegistrarId,
    transport: { protocol: 'sctp', port: 9901, transportUse: 0, addresses: [address] },
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
