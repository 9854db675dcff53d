/** Takeover of dead registrars (RFC 5353 §3.5; enrp.md §7.3), and of such as are not dead. */

import { describe, expect, test } from 'vitest';
import { type AssociationId, PAYLOAD_PROTOCOL, registrarId } from '../../../src/types.ts';
import { encodeEnrp } from '../../../src/wire/enrp.ts';
import {
  addressOf,
  ENRP_PORT,
  element,
  presence,
  Scope,
  Stranger,
  type TestRegistrar,
  tablePage,
} from './support.ts';

/** Of defaults: five seconds of silence, five for an answer, a heartbeat's jitter. */
const DETECTION_S = 11;

function whole(count: number, options = {}): [Scope, TestRegistrar[]] {
  const [scope, ...registrars] = Scope.whole(count, options);
  return [scope, registrars];
}

describe('a registrar that died', () => {
  test.each([2, 3, 5])('is taken over, by one of %i', (count) => {
    const [scope, registrars] = whole(count);
    const [dead, ...others] = registrars;
    dead?.register(1);
    dead?.register(2);
    others[0]?.register(3);
    scope.run(1);
    dead?.crash();
    scope.run(DETECTION_S + 1);
    const [first] = others;
    const homes = new Set(first?.view().map((one) => one.split('@')[1]));
    expect(first?.view()).toHaveLength(3);
    expect(homes.has('1')).toBe(false);
    for (const one of others) {
      expect(one.view()).toEqual(first?.view());
      expect(one.peerIds()).not.toContain(1);
      expect(one.told('peerDown')).toMatchObject([{ id: 1 }]);
    }
    const adopted = others.flatMap((one) => one.told('adopted'));
    expect(adopted.map(({ poolElement }) => poolElement.id).sort()).toEqual([1, 2]);
    const successors = others.flatMap((one) => one.told('takeover')).map((one) => one.successor);
    expect(new Set(successors).size).toBe(1);
  });

  test('that owned nothing and ended its associations by SHUTDOWN is reported as left', () => {
    const [scope, registrars] = whole(3);
    registrars[0]?.end();
    scope.run(DETECTION_S + 1);
    for (const one of registrars.slice(1)) {
      expect(one.told('peerDown')).toEqual([{ type: 'peerDown', id: 1, reason: 'left' }]);
      expect(one.logged).toContainEqual({
        text: 'peer is down',
        fields: { peerId: 1, reason: 'left' },
      });
    }
  });

  test('that left, came back and crashed is reported as silent', () => {
    const [scope, registrars] = whole(3);
    registrars[0]?.end();
    scope.run(1);
    const again = scope.start({ id: 1, peers: [2, 3] });
    scope.run(2);
    again.crash();
    scope.run(DETECTION_S + 1);
    expect(registrars[1]?.told('peerDown')).toMatchObject([{ id: 1, reason: 'silent' }]);
  });

  test('that left while it owned pool elements is taken over, and reported so', () => {
    const [scope, registrars] = whole(3);
    registrars[0]?.register(1);
    scope.run(1);
    registrars[0]?.end();
    scope.run(DETECTION_S + 1);
    const reasons = registrars.slice(1).flatMap((one) => one.told('peerDown'));
    expect(reasons.map(({ reason }) => reason).sort()).toEqual(['takenOver', 'takenOverByPeer']);
  });

  test('that owned nothing is dropped without more ado', () => {
    const [scope, registrars] = whole(3);
    registrars[0]?.crash();
    scope.run(DETECTION_S + 1);
    expect(registrars[1]?.told('peerDown')).toEqual([
      { type: 'peerDown', id: 1, reason: 'silent' },
    ]);
    expect(registrars[1]?.enrp.counters.takeovers).toBe(0);
  });

  test('is given up by who notices last when the others have seen to all it had', () => {
    const scope = new Scope();
    const start = (id: number, peers: number[], options = {}) =>
      scope.start({ id, peers, options });
    const dead = start(1, [2, 3]);
    start(2, [1, 3]);
    const late = start(3, [1, 2], { peerMaxTimeLastHeardMs: 14_000 });
    scope.run(10);
    dead.register(1);
    scope.run(1);
    dead.crash();
    scope.run(DETECTION_S + 1);
    expect(late.view()).toEqual(['EchoPool/1@2']);
    expect(late.peerIds()).toContain(1);
    scope.run(9);
    expect(late.peerIds()).toEqual([2]);
    expect(late.enrp.counters.takeovers).toBe(0);
  });

  test('that its successor leaves alone is taken over after all, known as a peer or not', () => {
    const scope = new Scope();
    const five = scope.start({ id: 5, peers: [1] });
    const mentor = new Stranger(scope, addressOf(1), five);
    const ids = { senderId: registrarId(1), receiverId: registrarId(5) };
    mentor.says(encodeEnrp(presence(1)));
    const entries = [{ poolHandle: Buffer.from('EchoPool'), poolElements: [element(9)] }];
    const type = 'ENRP_HANDLE_TABLE_RESPONSE';
    mentor.says(encodeEnrp({ type, ...ids, isRejected: false, hasMore: false, entries }));
    expect(five.view()).toEqual(['EchoPool/1@9']);
    const isAsked = () => mentor.heard.some((one) => one.type === 'ENRP_INIT_TAKEOVER');
    for (let second = 0; second < DETECTION_S && !isAsked(); second++) {
      mentor.says(encodeEnrp(presence(1)));
      scope.run(1);
    }
    expect(isAsked()).toBe(true);
    // The lower identifier goes on, and is never heard again.
    const targetId = registrarId(9);
    const heard = mentor.says(encodeEnrp({ type: 'ENRP_INIT_TAKEOVER', ...ids, targetId }));
    expect(heard).toMatchObject([{ type: 'ENRP_INIT_TAKEOVER_ACK', targetId }]);
    scope.run(2 * DETECTION_S);
    expect(five.view()).toEqual(['EchoPool/1@5']);
  });

  test('takes a second one with it: those left agree without it', () => {
    const [scope, registrars] = whole(4);
    registrars[0]?.register(1);
    registrars[1]?.register(2);
    scope.run(1);
    registrars[0]?.crash();
    registrars[1]?.crash();
    scope.run(3 * DETECTION_S);
    const [, , three, four] = registrars;
    expect(three?.view()).toEqual(four?.view());
    expect(three?.view().map((one) => one.split('@')[0])).toEqual(['EchoPool/1', 'EchoPool/2']);
    expect(three?.view().every((one) => one.endsWith('@3') || one.endsWith('@4'))).toBe(true);
  });

  test.each(['lower', 'higher'] as const)('has one successor: the %s', (takeoverArbitration) => {
    for (let seed = 1; seed < 20; seed++) {
      const scope = new Scope(seed);
      const ids = [1, 2, 3, 4, 5];
      const registrars = ids.map((id) =>
        scope.start({
          id,
          peers: ids.filter((other) => other !== id),
          // All notice at once.
          options: { takeoverArbitration, peerHeartbeatJitter: 0 },
        }),
      );
      scope.run(10);
      for (let id = 1; id <= 300; id++) registrars[2]?.register(id);
      scope.run(1);
      registrars[2]?.crash();
      scope.run(4 * DETECTION_S);
      const others = registrars.filter((one) => one !== registrars[2]);
      for (const one of others) expect(one.view()).toEqual(others[0]?.view());
      const homes = new Set(others[0]?.view().map((one) => one.split('@')[1]));
      expect([...homes]).toEqual([takeoverArbitration === 'lower' ? '1' : '5']);
      expect(others[0]?.view()).toHaveLength(300);
    }
  });
});

describe('a home that is no peer', () => {
  /** Registrar 5 has learnt of an element of 9 from its mentor, 1, and has begun to take 9 over. */
  function orphaned(): { scope: Scope; five: TestRegistrar; mentor: Stranger } {
    const scope = new Scope();
    const five = scope.start({ id: 5, peers: [1] });
    const mentor = new Stranger(scope, addressOf(1), five);
    mentor.says(encodeEnrp(presence(1)));
    mentor.says(tablePage(1, [element(9)], false));
    const isAsked = () => mentor.heard.some((one) => one.type === 'ENRP_INIT_TAKEOVER');
    for (let second = 0; second < DETECTION_S && !isAsked(); second++) {
      mentor.says(encodeEnrp(presence(1)));
      scope.run(1);
    }
    return { scope, five, mentor };
  }

  test('and is heard while it is being taken over loses nothing', () => {
    const { scope, five, mentor } = orphaned();
    const nine = new Stranger(scope, '10.0.0.99', five);
    nine.says(encodeEnrp(presence(9)));
    const ids = { senderId: registrarId(1), receiverId: registrarId(5) };
    const targetId = registrarId(9);
    mentor.says(encodeEnrp({ type: 'ENRP_INIT_TAKEOVER_ACK', ...ids, targetId }));
    expect(five.view()).toEqual(['EchoPool/1@9']);
    expect(five.peerIds()).toEqual([1, 9]);
    expect(nine.ends).toEqual([]);
  });

  test('is taken over, also when a peer says over and over again that it will do that', () => {
    const { scope, five, mentor } = orphaned();
    const ids = { senderId: registrarId(1), receiverId: registrarId(5) };
    const initiation = { type: 'ENRP_INIT_TAKEOVER', ...ids, targetId: registrarId(9) } as const;
    for (let second = 0; second < 60; second += 2) {
      mentor.says(encodeEnrp(presence(1)), encodeEnrp(initiation));
      scope.run(2);
    }
    expect(five.view()).toEqual(['EchoPool/1@5']);
  });
});

test('who is taken over and comes back before that is over keeps the rest of its pool elements', () => {
  const [scope, one, two] = Scope.whole(2) as [Scope, TestRegistrar, TestRegistrar];
  for (let id = 1; id <= 1_000; id++) two.register(id);
  scope.run(1);
  const { enrp, handlespace } = one;
  let at = scope.network.now();
  for (let step = 0; step < 200 && handlespace.ownedBy(one.id) === 0; step++) {
    at += 100;
    enrp.handle(at, { type: 'timeout' });
  }
  const adopted = handlespace.ownedBy(one.id);
  expect(adopted).toBeGreaterThan(0);
  const association = 999 as AssociationId;
  const peerAddresses = [{ address: addressOf(2), port: ENRP_PORT }];
  enrp.handle(at, { type: 'associationUp', association, peerAddresses, attempt: undefined });
  const payload = encodeEnrp(presence(2));
  const payloadProtocol = PAYLOAD_PROTOCOL.ENRP;
  enrp.handle(at, { type: 'message', association, payloadProtocol, payload });
  for (let step = 0; step < 20; step++) enrp.handle(at, { type: 'timeout' });
  expect(handlespace.ownedBy(one.id)).toBe(adopted);
  expect(handlespace.ownedBy(two.id)).toBe(1_000 - adopted);
});

test('after a pause of the process nobody is dead for what could not be read (decision 46)', () => {
  const [scope, one, two] = Scope.whole(2) as [Scope, TestRegistrar, TestRegistrar];
  two.register(1);
  scope.run(1);
  const paused = scope.network.now() + 3_600_000;
  for (const at of [paused, paused + 1]) one.enrp.handle(at, { type: 'timeout' });
  const types = one.enrp.drain().map(({ type }) => type);
  expect(types).toContain('send');
  expect(types).not.toContain('peerDown');
  expect(one.peerIds()).toEqual([2]);
  expect(one.view()).toEqual(['EchoPool/1@2']);
});

describe('a registrar that was believed dead', () => {
  test('loses nothing when it is heard before the takeover is over', () => {
    const [scope, registrars] = whole(3);
    const [quiet, two, three] = registrars;
    quiet?.register(1);
    scope.run(1);
    scope.network.isolate('10.0.0.1');
    scope.run(6); // asked perhaps, and not given up yet
    scope.network.rejoin('10.0.0.1');
    scope.run(20);
    for (const one of [quiet, two, three]) expect(one?.view()).toEqual(['EchoPool/1@1']);
    expect(two?.told('peerDown')).toEqual([]);
  });

  test('is found again after it was taken over, and gives up what is not its own any more', () => {
    const [scope, registrars] = whole(3);
    const [cut, two, three] = registrars;
    cut?.register(1);
    scope.run(1);
    scope.network.isolate('10.0.0.1');
    scope.run(2 * DETECTION_S);
    expect(two?.view()).toEqual(three?.view());
    const [successor] = (two?.view() ?? []).map((one) => Number(one.split('@')[1]));
    expect([2, 3]).toContain(successor);
    // Its pool element has not moved: its old home knows nothing of all this.
    expect(cut?.view()).toEqual(['EchoPool/1@1']);
    scope.network.heal();
    scope.run(60);
    expect(cut?.peerIds()).toEqual([2, 3]);
    expect(cut?.view()).toEqual(two?.view());
    expect(two?.view()).toEqual(three?.view());
  });

  test('of dynamic peers a partition heals without multicast (decision 40)', () => {
    const scope = new Scope();
    const one = scope.start({ id: 1 });
    const two = scope.start({ id: 2, peers: [1] });
    const three = scope.start({ id: 3, peers: [1] });
    scope.run(10);
    scope.network.partition(['10.0.0.2'], ['10.0.0.3']);
    scope.run(60);
    expect([one, two, three].map((each) => each.peerIds())).toEqual([[2, 3], [1], [1]]);
    scope.network.heal();
    scope.run(60);
    expect([one, two, three].map((each) => each.peerIds())).toEqual([
      [2, 3],
      [1, 3],
      [1, 2],
    ]);
  });
});
