/** What forgers and fools may send: refused, counted, limited; nothing of ours is lost. */

import { describe, expect, test } from 'vitest';
import type { RegistrarId } from '../../../src/types.ts';
import { encodeEnrp } from '../../../src/wire/enrp.ts';
import type { EnrpMessage } from '../../../src/wire/enrp-messages.ts';
import { encodePoolElementParameter } from '../../../src/wire/parameter-codec.ts';
import {
  ENRP_PORT,
  element,
  presence,
  Scope,
  Stranger,
  type TestRegistrar,
  tablePage,
} from './support.ts';

const id = (number: number) => number as RegistrarId;
const FORGER = id(66);

const update = (action: number, home: number, change: object = {}): EnrpMessage => ({
  type: 'ENRP_HANDLE_UPDATE',
  senderId: FORGER,
  receiverId: id(0),
  suggestsTakeover: false,
  action,
  poolHandle: Buffer.from('EchoPool'),
  poolElement: element(home),
  ...change,
});

/** Two registrars that each own an element, and a third that says what it wants. */
function attacked(): { scope: Scope; one: TestRegistrar; two: TestRegistrar; forger: Stranger } {
  const [scope, one, two] = Scope.whole(2) as [Scope, TestRegistrar, TestRegistrar];
  one.register(1);
  two.register(2);
  scope.run(1);
  const forger = new Stranger(scope, '10.0.0.66', one);
  forger.says(encodeEnrp(presence(66)));
  return { scope, one, two, forger };
}

/** Our element, as if it had registered with the forger. */
const stolen = {
  ...element(66),
  userTransport: { protocol: 'tcp', port: 7, transportUse: 0, addresses: ['10.66.0.1'] },
  asapTransport: { protocol: 'sctp', port: 9, transportUse: 0, addresses: ['10.66.0.1'] },
};

const WHOLE = ['EchoPool/1@1', 'EchoPool/2@2'];

describe('nothing is lost to', () => {
  test.each([
    ['a DEL_PE of our own element', update(1, 1)],
    ['a DEL_PE of our own element under another home', update(1, 66)],
    ["a DEL_PE of another peer's element", update(1, 2, { poolElement: element(2, 2) })],
    ['an ADD_PE of our own element under our name', update(0, 1)],
    [
      "an ADD_PE of another peer's element under its name",
      update(0, 2, { poolElement: element(2, 2) }),
    ],
    ['an unknown action', update(7, 66)],
    ['an ADD_PE of our own element from somewhere else', update(0, 66, { poolElement: stolen })],
  ])('%s', (_, message) => {
    const { scope, one, two, forger } = attacked();
    const before = one.enrp.counters.ignoredMessages;
    forger.says(encodeEnrp(message));
    scope.run(1);
    expect(one.enrp.counters.ignoredMessages).toBe(before + 1);
    expect(one.view()).toEqual(WHOLE);
    expect(two.view()).toEqual(WHOLE);
    one.handlespace.verify();
  });

  test.each([
    ['ENRP_INIT_TAKEOVER', 1, 1],
    // Agreed to, as RFC 5353 §3.5.1 has it: the target itself hears of it, and says that it lives.
    ['ENRP_INIT_TAKEOVER', 2, 0],
    ['ENRP_TAKEOVER_SERVER', 1, 1],
    ['ENRP_TAKEOVER_SERVER', 2, 1],
    ['ENRP_INIT_TAKEOVER_ACK', 2, 1],
  ] as const)('%s for the living registrar %i', (type, target, refused) => {
    const { scope, one, two, forger } = attacked();
    forger.says(encodeEnrp({ type, senderId: FORGER, receiverId: id(1), targetId: id(target) }));
    scope.run(60);
    expect(one.view()).toEqual(WHOLE);
    expect(two.view()).toEqual(WHOLE);
    expect(one.peerIds()).toContain(2);
    expect(one.enrp.counters.ignoredMessages).toBe(refused);
  });

  test.each([
    ['a DEL_PE', update(1, 66)],
    ['an ADD_PE from somewhere else', update(0, 66, { poolElement: stolen })],
  ])('%s of our own element, and everybody is told that it is ours', (_, message) => {
    const { scope, one, two, forger } = attacked();
    const heard = scope.listen();
    const answers = forger.says(encodeEnrp(message));
    const ours = { type: 'ENRP_HANDLE_UPDATE', action: 0, poolElement: { homeRegistrarId: 1 } };
    expect(answers).toMatchObject([ours]);
    expect(heard.filter(({ to }) => to === two.id)).toMatchObject([
      { from: one.id, message: ours },
    ]);
  });

  test('very many such, and not everybody is told every time', () => {
    const { one, forger } = attacked();
    const all = Array.from({ length: 5_000 }, () => encodeEnrp(update(1, 66)));
    expect(forger.says(...all).length).toBeLessThan(1_500);
    const takeover = encodeEnrp({
      ...{ type: 'ENRP_INIT_TAKEOVER', senderId: FORGER, receiverId: id(1), targetId: id(1) },
    });
    const answers = forger.says(...Array.from({ length: 100 }, () => takeover));
    expect(answers.map(({ type }) => type)).toEqual(['ENRP_PRESENCE']);
    expect(one.view()).toEqual(WHOLE);
  });

  test('a table that nobody asked for', () => {
    const { one, forger } = attacked();
    const entries = [{ poolHandle: Buffer.from('EchoPool'), poolElements: [element(66, 99)] }];
    const ids = { senderId: FORGER, receiverId: id(1) };
    const type = 'ENRP_HANDLE_TABLE_RESPONSE';
    forger.says(encodeEnrp({ type, ...ids, isRejected: false, hasMore: false, entries }));
    expect(one.view()).toEqual(WHOLE);
    expect(one.enrp.counters.ignoredMessages).toBeGreaterThan(0);
  });
});

describe('a table that is asked of a forger', () => {
  /** Says that its checksum is another, so that it is asked for its table; answers with this. */
  function answering(change: object): { one: TestRegistrar; pages: number } {
    const { one, forger } = attacked();
    let heard = forger.says(encodeEnrp(presence(66, { checksum: 5 })));
    let pages = 0;
    while (heard.some(({ type }) => type === 'ENRP_HANDLE_TABLE_REQUEST') && pages < 2_000) {
      const page = { isRejected: false, hasMore: true, entries: [], ...change };
      const ids = { senderId: FORGER, receiverId: id(1) };
      heard = forger.says(encodeEnrp({ type: 'ENRP_HANDLE_TABLE_RESPONSE', ...ids, ...page }));
      pages += 1;
    }
    return { one, pages };
  }

  test('is read no further when its pages are empty', () => {
    expect(answering({}).pages).toBeLessThan(10);
  });

  test('is read no further when it has no end', () => {
    const [scope, one] = Scope.whole(1, { maxHandleTableElements: 100 }) as [Scope, TestRegistrar];
    const forger = new Stranger(scope, '10.0.0.66', one);
    let heard = forger.says(encodeEnrp(presence(66, { checksum: 5 })));
    let pages = 0;
    for (; heard.some(({ type }) => type === 'ENRP_HANDLE_TABLE_REQUEST'); pages++) {
      const poolElements = Array.from({ length: 10 }, (_, i) => element(66, 10 * pages + i + 1));
      const entries = [{ poolHandle: Buffer.from('Endless'), poolElements }];
      const ids = { senderId: FORGER, receiverId: id(1) };
      const type = 'ENRP_HANDLE_TABLE_RESPONSE';
      heard = forger.says(encodeEnrp({ type, ...ids, isRejected: false, hasMore: true, entries }));
      if (pages > 50) break;
    }
    expect(pages).toBe(11);
  });

  test('gives us nothing of ours and nothing of others', () => {
    const foreign = [element(1), element(2, 2), element(3, 3)];
    const entries = [{ poolHandle: Buffer.from('EchoPool'), poolElements: foreign }];
    const { one } = answering({ hasMore: false, entries });
    expect(one.view()).toEqual(WHOLE);
  });
});

describe('a pool element of a peer is not stored', () => {
  const { asapTransport: at } = element(66);
  const addresses = Array.from({ length: 65 }, (_, index) => `10.9.0.${index}`);
  const { asapTransport: _, ...uncallable } = element(66);
  const long = {
    ...element(66),
    userTransport: { protocol: 'opaque', bytes: new Uint8Array(65_000) },
  };
  test.each([
    ['which nobody could call', uncallable],
    ['with too many addresses', { ...element(66), asapTransport: { ...at, addresses } }],
    ['that hardly fits into a message', long],
  ] as [string, typeof uncallable][])('%s, and nothing else is lost', (_, poolElement) => {
    const { scope, one, two, forger } = attacked();
    forger.says(encodeEnrp(presence(66, { checksum: 5 })));
    forger.says(tablePage(66, [poolElement, element(66, 3)], false));
    forger.says(encodeEnrp(update(0, 66, { poolElement })));
    const known = ['EchoPool/1@1', 'EchoPool/2@2', 'EchoPool/3@66'];
    expect(one.view()).toEqual(known);
    scope.run(40); // the forger is taken over
    expect(two.view()).toEqual(one.view());
    expect(one.view()).toHaveLength(3);
  });
});

describe('a mentor', () => {
  function starting(options: object = {}): [Scope, TestRegistrar, Stranger] {
    const scope = new Scope();
    const one = scope.start({ id: 1, announces: true, options });
    return [scope, one, new Stranger(scope, '10.0.0.66', one)];
  }

  test('that never comes to an end does not keep us out of service', () => {
    const [scope, one, mentor] = starting();
    for (let id = 1; id <= 20 && !one.enrp.isInService; id++) {
      mentor.says(encodeEnrp(presence(66)));
      mentor.says(tablePage(66, [element(66, id)], true));
      scope.run(4);
    }
    expect(one.told('inService')).toEqual([{ type: 'inService', mentor: undefined }]);
    expect(one.view().length).toBeGreaterThan(10);
  });

  test('that tells of very many homes is believed some, which are taken over', () => {
    const [scope, one, mentor] = starting({ maxPeers: 8 });
    mentor.says(encodeEnrp(presence(66)));
    const invented = Array.from({ length: 100 }, (_, index) => element(1_000 + index, index + 1));
    mentor.says(tablePage(66, invented, false));
    expect(one.view()).toHaveLength(8);
    scope.run(30);
    expect(one.view().filter((each) => each.endsWith('@1'))).toHaveLength(8);
    expect(one.told('takeover')).toHaveLength(8);
  });
});

test('a list is taken once for each time that it is asked for', () => {
  const { one, forger } = attacked();
  const transport = { protocol: 'sctp', port: 9, transportUse: 0, addresses: ['10.0.0.77'] };
  const list = (senderId: number, servers: object[]) =>
    encodeEnrp({
      ...{ type: 'ENRP_LIST_RESPONSE', senderId: id(senderId), receiverId: id(1) },
      ...{ isRejected: false, servers: servers as never },
    });
  forger.says(list(66, []));
  const before = one.enrp.counters.ignoredMessages;
  forger.says(list(66, [{ id: id(77), transport }]));
  expect(one.calls).not.toContain('10.0.0.77');
  expect(one.enrp.counters.ignoredMessages).toBe(before + 1);
});

test('a list of very many peers with very many addresses is one message', () => {
  const [scope, one] = Scope.whole(1) as [Scope, TestRegistrar];
  for (let index = 1; index <= 140; index++) {
    const places = Array.from({ length: 64 }, (_, n) => `2001:db8:${n + 1}::${index}`);
    new Stranger(scope, places, one).says(encodeEnrp(presence(1_000 + index)));
  }
  expect(one.peerIds()).toHaveLength(140);
  const reader = new Stranger(scope, '10.0.0.66', one);
  const ids = { senderId: FORGER, receiverId: id(1) };
  const [list] = reader.says(encodeEnrp({ type: 'ENRP_LIST_REQUEST', ...ids }));
  expect(list).toMatchObject({ type: 'ENRP_LIST_RESPONSE', isRejected: false });
});

test('who is not heard any more does not keep others out', () => {
  const [scope, one] = Scope.whole(1, { maxPeers: 4 }) as [Scope, TestRegistrar];
  for (let index = 0; index < 8; index++) {
    const stranger = new Stranger(scope, `10.7.0.${index}`, one);
    stranger.says(encodeEnrp(presence(1_000 + index)));
    expect(one.peerIds()).toContain(1_000 + index);
    scope.run(12);
    expect(one.peerIds()).toEqual([]);
  }
});

test('presences of 10 000 invented registrars are limited', () => {
  const [scope, one] = Scope.whole(1, { maxPeers: 50 }) as [Scope, TestRegistrar];
  one.register(1);
  for (let index = 0; index < 10_000; index++) {
    const payload = encodeEnrp(presence(1_000 + index));
    const source = { address: `10.7.${index >> 8}.${index & 255}`, port: ENRP_PORT };
    one.driver.input({ type: 'presenceHeard', source, payload });
  }
  expect(one.calls).toHaveLength(50);
  expect(one.enrp.counters.ignoredMessages).toBe(9_950);
  scope.run(60);
  expect(one.peerIds()).toEqual([]);
  expect(one.view()).toEqual(['EchoPool/1@1']);
});

test.each([
  ['nothing', Buffer.alloc(1)],
  ['half a presence', encodeEnrp(presence(66)).subarray(0, 20)],
  ['an element without an end', encodePoolElementParameter(element(66))],
])('%s is answered with an error or not at all, and counted', (_, payload) => {
  const { one, two, forger } = attacked();
  forger.says(payload);
  expect(one.enrp.counters.malformedMessages).toBe(1);
  expect(one.view()).toEqual(WHOLE);
  expect(two.view()).toEqual(WHOLE);
  expect(one.peerIds()).toEqual([2, 66]);
});

test('who sends too many malformed messages is cut off, and lost by nobody else', () => {
  const [scope, one, two] = Scope.whole(2, { maxMalformedMessages: 3 }) as [
    ...[Scope, TestRegistrar, TestRegistrar],
  ];
  const fool = new Stranger(scope, '10.0.0.66', one);
  for (let i = 0; i < 3; i++) fool.says(Buffer.alloc(1));
  expect(fool.ends).toEqual([]);
  fool.says(Buffer.alloc(1));
  expect(fool.ends).toHaveLength(1);
  expect(one.enrp.counters.malformedMessages).toBe(4);
  expect([one.peerIds(), two.peerIds()]).toEqual([[2], [1]]);
});

describe('addresses that do not reach far enough (-minaddressscope)', () => {
  const loopback = (senderId: number) => ({
    id: id(senderId),
    transport: { protocol: 'sctp', port: 9, transportUse: 0, addresses: ['127.0.0.1'] },
  });

  test('of a list are not called', () => {
    const { scope, one, forger } = attacked();
    scope.run(1);
    const servers = [loopback(77)] as never;
    const ids = { senderId: FORGER, receiverId: id(1) };
    forger.says(encodeEnrp({ type: 'ENRP_LIST_RESPONSE', ...ids, isRejected: false, servers }));
    expect(one.calls).not.toContain('127.0.0.1');
  });

  test('of a presence are not believed, and a presence from there is not heard', () => {
    const { one, forger } = attacked();
    forger.says(encodeEnrp(presence(66, { serverInformation: loopback(66) })));
    expect(one.enrp.peers.find((peer) => peer.id === FORGER)?.addresses).toMatchObject([
      { address: '10.0.0.66' },
    ]);
    const source = { address: '127.0.0.1', port: 9 };
    one.driver.input({ type: 'presenceHeard', source, payload: encodeEnrp(presence(88)) });
    expect(one.peerIds()).toEqual([2, 66]);
  });
});
