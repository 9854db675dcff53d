/**
 * Who only reads a registrar's list or table, over ENRP and without a presence: is answered, and is no peer by it.
 * A phantom would hold up takeovers, which it never agrees to.
 */

import { describe, expect, test } from 'vitest';
import type {
  ReaderEvent,
  ReaderInput,
  ReaderSettings,
} from '../../../src/protocol/reader/reader-events.ts';
import { RegistrarReader } from '../../../src/protocol/reader/registrar-reader.ts';
import { Driver } from '../../../src/runtime/driver.ts';
import { type RegistrarId, registrarId } from '../../../src/types.ts';
import { encodeEnrp } from '../../../src/wire/enrp.ts';
import { addressOf, ENRP_PORT, Scope, Stranger, type TestRegistrar } from './support.ts';

const READER = registrarId(0xcafe);
const ids = { senderId: READER, receiverId: 0 as RegistrarId };
const LIST = encodeEnrp({ type: 'ENRP_LIST_REQUEST', ...ids });
const TABLE = encodeEnrp({ type: 'ENRP_HANDLE_TABLE_REQUEST', ...ids, ownOnly: false });

function whole(count: number): [Scope, TestRegistrar[]] {
  const [scope, ...registrars] = Scope.whole(count);
  return [scope, registrars];
}

/** Reads a registrar with the machine of `readRegistrar`, over the network of the scope. */
function read(scope: Scope, from: TestRegistrar, settings: Partial<ReaderSettings> = {}) {
  const stack = scope.network.stack({ localAddresses: ['10.0.0.66'] });
  const events: ReaderEvent[] = [];
  const driver = new Driver<ReaderInput, ReaderEvent>({
    machine: new RegistrarReader({
      ...{ id: READER, registrar: [{ address: from.address, port: ENRP_PORT }] },
      ...{ parts: ['peers', 'poolElements'], asPeer: false, localAddresses: ['10.0.0.66'] },
      ...{ profile: 'rsplib', timeoutMs: 5_000, maxDurationMs: 60_000 },
      ...{ maxPoolElements: 10_000, maxTableBytes: 10_000_000 },
      ...settings,
    }),
    ...{ stack, port: 0, accepts: false, clock: scope.network },
    perform: (event) => events.push(event),
  });
  driver.input({ type: 'start', port: driver.endpoint.port });
  scope.run(1);
  driver.close();
  return events[0];
}

describe('who only reads', () => {
  test('is answered: the list and the table', () => {
    const [scope, [one, two]] = whole(2) as [Scope, [TestRegistrar, TestRegistrar]];
    one.register(1);
    two.register(2);
    scope.run(1);
    const stranger = new Stranger(scope, '10.0.0.66', one);
    expect(stranger.says(LIST)).toMatchObject([
      {
        ...{ type: 'ENRP_LIST_RESPONSE', senderId: 1, receiverId: READER, isRejected: false },
        servers: [{ id: 2, transport: { port: ENRP_PORT, addresses: [addressOf(2)] } }],
      },
    ]);
    expect(stranger.says(TABLE)).toMatchObject([
      {
        ...{ type: 'ENRP_HANDLE_TABLE_RESPONSE', senderId: 1, receiverId: READER },
        ...{ isRejected: false, hasMore: false },
        entries: [{ poolElements: [{ id: 1 }, { id: 2, homeRegistrarId: 2 }] }],
      },
    ]);
  });

  test('becomes no peer: nobody is told of it, and it hears no presence', () => {
    const [scope, [one, two]] = whole(2) as [Scope, [TestRegistrar, TestRegistrar]];
    const before = [one, two].map((registrar) => registrar.told('peerUp').length);
    const overheard = scope.listen();
    const stranger = new Stranger(scope, '10.0.0.66', one);
    stranger.says(LIST);
    stranger.says(TABLE);
    scope.run(60);
    expect([one, two].map((registrar) => registrar.told('peerUp').length)).toEqual(before);
    expect(one.peerIds()).toEqual([2]);
    expect(two.peerIds()).toEqual([1]);
    expect(stranger.heard.map(({ type }) => type)).toEqual(['ENRP_HANDLE_TABLE_RESPONSE']);
    expect(stranger.ends).toEqual([]);
    expect(
      overheard.filter(({ from }) => from === READER).map(({ message }) => message.type),
    ).toEqual(['ENRP_LIST_REQUEST', 'ENRP_HANDLE_TABLE_REQUEST']);
  });

  test('is not asked to agree to a takeover, however often it reads', () => {
    const [scope, registrars] = whole(3);
    const [dead, one, two] = registrars as [TestRegistrar, TestRegistrar, TestRegistrar];
    dead.register(1);
    scope.run(1);
    const readers = [one, two].map(
      (registrar) => new Stranger(scope, `10.0.0.${60 + registrar.id}`, registrar),
    );
    dead.crash();
    const overheard = scope.listen();
    const hasBegun = () => overheard.some(({ message }) => message.type === 'ENRP_INIT_TAKEOVER');
    for (let tenths = 0; tenths < 300 && !hasBegun(); tenths++) {
      for (const reader of readers) reader.says(TABLE);
      scope.run(0.1);
    }
    scope.run(1); // well below the time that it waits for who does not agree
    expect(one.view().join()).toMatch(/^EchoPool\/1@[23]$/);
    expect(two.view()).toEqual(one.view());
    const answers = readers.flatMap(({ heard }) => heard.map(({ type }) => type));
    expect(new Set(answers)).toEqual(new Set(['ENRP_HANDLE_TABLE_RESPONSE']));
  });

  test('is refused while the registrar starts, and told so', () => {
    const scope = new Scope();
    const one = scope.start({ id: 1, peers: [2] });
    expect(one.enrp.isInService).toBe(false);
    expect(read(scope, one)).toEqual({ type: 'readFailed', why: 'rejected', causeCodes: [] });
  });
});

describe('reading a registrar', () => {
  test('shows all of it, over many pages', () => {
    const [scope, [one, two]] = whole(2) as [Scope, [TestRegistrar, TestRegistrar]];
    for (let id = 1; id <= 500; id++) one.register(id, `pool-${id % 7}`);
    for (let id = 501; id <= 1_000; id++) two.register(id, `pool-${id % 7}`);
    scope.run(5);
    const overheard = scope.listen();
    const view = read(scope, one);
    if (view?.type !== 'read') throw new Error(`not read: ${JSON.stringify(view)}`);
    expect(view.registrarId).toBe(1);
    expect(view.peers.map(({ id }) => id)).toEqual([2]);
    const seen = view.poolElements.map(
      ({ poolHandle, poolElement: { id, homeRegistrarId } }) =>
        `${Buffer.from(poolHandle)}/${id}@${homeRegistrarId}`,
    );
    expect(seen.sort()).toEqual(one.view());
    const requests = overheard.filter(
      ({ message }) => message.type === 'ENRP_HANDLE_TABLE_REQUEST',
    );
    expect(requests.length).toBeGreaterThan(10);
  });

  test('makes no peer of it where it is answered, though it may', () => {
    const [scope, [one]] = whole(2) as [Scope, [TestRegistrar]];
    expect(read(scope, one, { asPeer: true })).toMatchObject({ type: 'read', registrarId: 1 });
    expect(one.told('peerUp').map(({ id }) => id)).toEqual([2]);
    expect(one.peerIds()).toEqual([2]);
  });
});
