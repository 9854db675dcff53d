/** Registrars that keep one handlespace (RFC 5353 §3): presence, start-up, updates, audit. */

import { describe, expect, test } from 'vitest';
import { encodeEnrp } from '../../../src/wire/enrp.ts';
import { addressOf, presence, Scope } from './support.ts';

describe('registrars find each other', () => {
  test('when one has the other configured', () => {
    const scope = new Scope();
    const one = scope.start({ id: 1 });
    const two = scope.start({ id: 2, peers: [1] });
    scope.run(6);
    expect([one.peerIds(), two.peerIds()]).toEqual([[2], [1]]);
    expect(one.told('peerUp')).toMatchObject([
      { id: 2, addresses: [{ address: '10.0.0.2', port: 9901 }] },
    ]);
  });

  test('when both call each other at once', () => {
    const [, one, two] = Scope.whole(2);
    expect([one?.peerIds(), two?.peerIds()]).toEqual([[2], [1]]);
  });

  test('by their announces', () => {
    const scope = new Scope();
    const all = [1, 2, 3].map((id) => scope.start({ id, announces: true }));
    scope.run(6);
    expect(all.map((one) => one.peerIds())).toEqual([
      [2, 3],
      [1, 3],
      [1, 2],
    ]);
  });

  test('by the list of the one that they know', () => {
    const scope = new Scope();
    const one = scope.start({ id: 1 });
    const two = scope.start({ id: 2, peers: [1] });
    scope.run(6);
    const three = scope.start({ id: 3, peers: [1] });
    scope.run(6);
    expect([one, two, three].map((each) => each.peerIds())).toEqual([
      [2, 3],
      [1, 3],
      [1, 2],
    ]);
  });

  test('and nobody is his own peer', () => {
    const scope = new Scope();
    const one = scope.start({ id: 1, peers: [1], announces: true });
    scope.run(20);
    expect(one.peerIds()).toEqual([]);
    expect(one.enrp.isInService).toBe(true);
  });
});

describe('who is asked for anything has had a presence first (decision 28)', () => {
  test.each(['announces', 'peers'])('when registrars know each other by %s', (how) => {
    const scope = new Scope();
    const set = (id: number) =>
      how === 'announces' ? { id, announces: true } : { id, peers: [1, 2] };
    const heard = scope.listen();
    scope.start(set(1));
    scope.run(7);
    scope.start(set(2));
    scope.run(7);
    for (const [from, to] of [
      [1, 2],
      [2, 1],
    ]) {
      const [first] = heard.filter((one) => one.from === from && one.to === to);
      expect(first?.message.type).toBe('ENRP_PRESENCE');
    }
  });

  test('and nobody calls himself, whoever lists him', () => {
    const scope = new Scope();
    const one = scope.start({ id: 1, announces: true });
    const two = scope.start({ id: 2, announces: true });
    scope.run(10);
    one.crash();
    const again = scope.start({ id: 3, address: one.address, announces: true });
    scope.run(30);
    expect(again.told('duplicateId')).toEqual([]);
    expect([again.peerIds(), two.peerIds()]).toEqual([[2], [3]]);
  });
});

describe('start-up (RFC 5353 §3.2)', () => {
  test('is over at once where nobody can be found', () => {
    const scope = new Scope();
    const one = scope.start({ id: 1 });
    scope.run(0.001);
    expect(one.told('inService')).toEqual([{ type: 'inService', mentor: undefined }]);
  });

  test('is over after the discovery time when nobody answers', () => {
    const scope = new Scope();
    const one = scope.start({ id: 1, peers: [9] });
    scope.run(4.9);
    expect(one.enrp.isInService).toBe(false);
    scope.run(0.2);
    expect(one.told('inService')).toEqual([{ type: 'inService', mentor: undefined }]);
  });

  test.each([0, 1, 127, 128, 129, 2_000])("reads a mentor's table of %i elements", (count) => {
    const scope = new Scope();
    const one = scope.start({ id: 1 });
    for (let id = 1; id <= count; id++) one.register(id, `Pool ${id % 7}`);
    scope.run(6);
    const two = scope.start({ id: 2, peers: [1] });
    scope.run(3);
    expect(two.view()).toHaveLength(count);
    expect(two.view()).toEqual(one.view());
    expect(two.told('inService')).toEqual([{ type: 'inService', mentor: 1 }]);
    expect(two.told('poolElementAdded')).toHaveLength(count);
  });

  test('of two at once ends for both, and with the elements of both', () => {
    const scope = new Scope();
    const one = scope.start({ id: 1, peers: [2] });
    const two = scope.start({ id: 2, peers: [1] });
    one.register(1);
    two.register(2);
    scope.run(15);
    expect(one.view()).toEqual(['EchoPool/1@1', 'EchoPool/2@2']);
    expect(two.view()).toEqual(one.view());
    expect([one, two].map(({ enrp }) => enrp.isInService)).toEqual([true, true]);
  });

  test('with the same identifier finds its own elements again (decision 35)', () => {
    const [scope, one, two] = Scope.whole(2);
    one?.register(1);
    two?.register(2);
    scope.run(1);
    one?.crash();
    const again = scope.start({ id: 1, peers: [2] });
    scope.run(3);
    expect(again.view()).toEqual(['EchoPool/1@1', 'EchoPool/2@2']);
    expect(two?.view()).toEqual(again.view());
    expect(again.told('adopted')).toMatchObject([{ poolElement: { id: 1, isWatched: true } }]);
    const added = again.told('poolElementAdded').map(({ poolElement }) => poolElement.id);
    expect(added.sort()).toEqual([1, 2]);
  });
});

describe('a registrar in the place of one that died', () => {
  test('is heard under its own identifier over the association that was meant for the other', () => {
    const scope = new Scope();
    const one = scope.start({ id: 1, peers: [2] });
    const two = scope.start({ id: 2, address: addressOf(2) });
    scope.run(6);
    one.register(1);
    two.crash();
    // It calls nobody: it is called, by who still believes in the other.
    const successor = scope.start({ id: 22, address: addressOf(2) });
    scope.run(4);
    expect(one.peerIds()).toContain(22);
    expect(successor.peerIds()).toEqual([1]);
    expect(successor.view()).toEqual(['EchoPool/1@1']);
    scope.run(30);
    expect(one.peerIds()).toEqual([22]);
    expect(successor.peerIds()).toEqual([1]);
    expect(one.told('peerDown')).toMatchObject([{ id: 2 }]);
  });
});

test('a configured peer is called where it is configured, whatever has been heard of it', () => {
  const scope = new Scope();
  const one = scope.start({ id: 1, peers: [2], announces: true });
  const two = scope.start({ id: 2 });
  scope.run(6);
  const source = { address: '192.168.77.2', port: 9_901 };
  one.driver.input({ type: 'presenceHeard', source, payload: encodeEnrp(presence(2)) });
  two.crash();
  scope.run(60);
  one.calls.length = 0;
  scope.run(10);
  expect(new Set(one.calls)).toEqual(new Set([addressOf(2)]));
});

describe('handle updates (RFC 5353 §3.3)', () => {
  test('tell all peers of registrations and deregistrations', () => {
    const [scope, one, two, three] = Scope.whole(3);
    one?.register(1);
    two?.register(2, 'Other');
    scope.run(0.1);
    for (const each of [one, two, three]) {
      expect(each?.view()).toEqual(['EchoPool/1@1', 'Other/2@2']);
    }
    one?.deregister(1);
    scope.run(0.1);
    for (const each of [one, two, three]) expect(each?.view()).toEqual(['Other/2@2']);
    expect(three?.told('poolElementRemoved')).toMatchObject([
      { poolElement: { id: 1 }, reason: 'toldByPeer' },
    ]);
  });

  test('move an element that registers elsewhere', () => {
    const [scope, one, two, three] = Scope.whole(3);
    one?.register(1);
    scope.run(0.1);
    two?.register(1);
    scope.run(0.1);
    for (const each of [one, two, three]) expect(each?.view()).toEqual(['EchoPool/1@2']);
  });

  test('of an old home do not take an element away from its new one', () => {
    const [scope, one, two, three] = Scope.whole(3);
    const element = one?.register(1);
    scope.run(0.1);
    two?.register(1);
    if (element === undefined) throw new Error('nothing registered');
    one?.driver.input({ type: 'poolElementChanged', change: 'removed', poolElement: element });
    scope.run(0.1);
    for (const each of [two, three]) expect(each?.view()).toEqual(['EchoPool/1@2']);
  });
});

describe('the audit (RFC 5353 §3.6)', () => {
  test('keeps what disagrees after a partition at all alike, unselected (decision 39)', () => {
    const [scope, one, two] = Scope.whole(2);
    scope.network.partition(['10.0.0.1'], ['10.0.0.2']);
    scope.run(20);
    two?.register(2, 'EchoPool', 300, { type: 'leastUsed', load: 5 });
    one?.register(1);
    scope.network.heal();
    scope.run(40);
    expect(one?.view()).toEqual(['EchoPool/1@1', 'EchoPool/2@2']);
    expect(two?.view()).toEqual(one?.view());
    for (const each of [one, two]) {
      expect(each?.handlespace.find('EchoPool', 1)?.disagrees).toBe(false);
      expect(each?.handlespace.find('EchoPool', 2)?.disagrees).toBe(true);
    }
    const text = 'not selected: it has another policy than its pool';
    expect(one?.logged.filter((line) => line.text === text)).toHaveLength(1);
    const repairs = () => [one, two].map((each) => each?.enrp.counters.synchronisations);
    const before = repairs();
    scope.run(40);
    expect(repairs()).toEqual(before);
  });

  test('is not needed for a short partition, whose messages come late', () => {
    const [scope, one, two] = Scope.whole(2);
    one?.register(1);
    one?.register(2);
    scope.run(0.1);
    scope.network.partition(['10.0.0.1'], ['10.0.0.2']);
    one?.deregister(1);
    for (let id = 10; id < 400; id++) one?.register(id);
    scope.run(3);
    expect(two?.view()).toEqual(['EchoPool/1@1', 'EchoPool/2@1']);
    scope.network.heal();
    scope.run(10);
    expect(two?.view()).toEqual(one?.view());
    expect(two?.view()).toHaveLength(391);
    expect(two?.told('poolElementRemoved')).toMatchObject([
      { poolElement: { id: 1 }, reason: 'toldByPeer' },
    ]);
  });

  test('repairs a loss that comes again as soon as the first one', () => {
    const [scope, one, two] = Scope.whole(2);
    one?.register(1);
    one?.register(2);
    scope.run(0.1);
    for (const _ of ['once', 'twice']) {
      two?.handlespace.deregister('EchoPool', 1);
      scope.run(10);
      expect(two?.view()).toEqual(['EchoPool/1@1', 'EchoPool/2@1']);
    }
  });

  test('repairs a loss that comes again before the peer has been heard again', () => {
    const options = { peerHeartbeatCycleMs: 2_000, peerHeartbeatJitter: 0 };
    const [scope, one, two] = Scope.whole(2, options);
    one?.register(1);
    scope.run(0.1);
    for (const _ of ['once', 'twice']) {
      two?.handlespace.deregister('EchoPool', 1);
      for (let ms = 0; ms < 5_000 && two?.view().length === 0; ms += 10) scope.network.advance(10);
      expect(two?.view()).toEqual(['EchoPool/1@1']);
    }
  });

  test('finds and repairs what no message has told', () => {
    const [scope, one, two] = Scope.whole(2);
    one?.register(1);
    one?.register(2);
    scope.run(0.1);
    one?.handlespace.deregister('EchoPool', 1);
    scope.run(0.1);
    expect(two?.view()).toEqual(['EchoPool/1@1', 'EchoPool/2@1']);
    scope.run(10);
    expect(two?.view()).toEqual(['EchoPool/2@1']);
    expect(two?.told('poolElementRemoved')).toMatchObject([
      { poolElement: { id: 1 }, reason: 'unknownToItsHome' },
    ]);
  });
});
