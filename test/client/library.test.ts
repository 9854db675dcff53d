/** The library as applications use it: a registrar, pool elements and pool users over embedded SCTP. */

import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import {
  ClosedError,
  ConfigError,
  createPoolElement,
  createPoolUser,
  createRegistrar,
  type PoolElementSettings,
  type RegistrarServer,
  type RegistrarSettings,
  RejectedError,
  UnreachableError,
} from '../../src/index.ts';
import { openSctpStack } from '../../src/transport/open.ts';

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

/** Closes it after the test, whatever comes of it. */
async function opening<Closable extends { close(): Promise<void> }>(
  promise: Promise<Closable>,
): Promise<Closable> {
  const one = await promise;
  opened.push(one);
  return one;
}

function aRegistrar(settings: RegistrarSettings = {}): Promise<RegistrarServer> {
  const asap = { addresses: ['127.0.0.1'], announce: false as const };
  return opening(createRegistrar({ asap, udpPort: 0, ...settings }));
}

const at = (registrar: RegistrarServer) => ({
  registrars: ['127.0.0.1:3863'],
  registrarUdpPort: registrar.udpPort,
});

function aPoolElement(registrar: RegistrarServer, settings: Partial<PoolElementSettings> = {}) {
  return opening(
    createPoolElement({
      poolHandle: 'EchoPool',
      addresses: ['127.0.0.2'],
      userTransport: { protocol: 'tcp', port: 7 },
      ...at(registrar),
      ...settings,
    }),
  );
}

describe('the library', () => {
  test('registers, resolves, updates the policy and deregisters', async () => {
    const registrar = await aRegistrar({ id: 0xcafe });
    const policy = { type: 'leastUsed', load: 0.5 } as const;
    const element = await aPoolElement(registrar, { id: 1, policy });
    await aPoolElement(registrar, { id: 2, policy: { type: 'leastUsed', load: 0.9 } });
    const user = await opening(createPoolUser(at(registrar)));

    const found = await user.resolve('EchoPool', { items: 2 });
    expect(found?.map(({ id }) => id)).toEqual([1, 2]);
    expect(found?.[0]).toMatchObject({
      homeRegistrarId: 0xcafe,
      userTransport: { protocol: 'tcp', port: 7, addresses: ['127.0.0.2'] },
      policy,
    });

    await element.updatePolicy({ load: 1 });
    const again = await user.resolve('EchoPool', { items: 2, isFresh: true });
    expect(again?.map(({ id }) => id)).toEqual([2, 1]);

    const removed = once(registrar, 'poolElementRemoved');
    await element.close();
    expect(await removed).toMatchObject([{ reason: 'deregistered', poolElement: { id: 1 } }]);
    expect(registrar.stats()).toMatchObject({ pools: 1, poolElements: 1, deregistrations: 1 });
  });

  test('ends its associations gracefully', async () => {
    const heard: string[] = [];
    const stack = openSctpStack({
      transport: 'udp',
      localAddresses: ['127.0.0.1'],
      udpPort: 0,
    });
    opened.push(stack);
    const note = (what: string) => heard.push(what);
    stack.open(
      { port: 3863, accepts: true },
      {
        ...{ onUp: () => note('up'), onRestart: () => note('restart'), onPath: () => {} },
        ...{ onMessage: () => {}, onWritable: () => {} },
        onDown: (_association, why) => note(why),
      },
    );
    const place = { registrars: ['127.0.0.1:3863'], registrarUdpPort: stack.udpPort };
    const user = await createPoolUser(place);
    const unanswered = user.resolve('P').catch((error) => error);
    await expect.poll(() => heard).toEqual(['up']);
    await user.close();
    expect(await unanswered).toBeInstanceOf(ClosedError);
    await expect.poll(() => heard).toEqual(['up', 'shutdown']);
  });

  test('gives pool elements that the application may change, the cache keeps its own', async () => {
    const registrar = await aRegistrar();
    await aPoolElement(registrar, { id: 1 });
    const user = await opening(createPoolUser({ addresses: ['127.0.0.3'], ...at(registrar) }));
    const answers = [];
    for (let request = 0; request < 3; request++) {
      const answer = await user.resolve('EchoPool', { items: 1 });
      answers.push(structuredClone(answer));
      Object.assign(answer?.[0]?.userTransport ?? {}, { port: 1, addresses: [] });
    }
    expect(answers[0]).toMatchObject([{ id: 1, userTransport: { port: 7 } }]);
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  test('says undefined for a pool that nobody is in', async () => {
    const registrar = await aRegistrar();
    const user = await opening(createPoolUser(at(registrar)));
    await expect(user.resolve('NoSuchPool')).resolves.toBeUndefined();
  });

  test('rejects a registration that the registrar refuses, with its causes', async () => {
    const registrar = await aRegistrar();
    await aPoolElement(registrar);
    const refused = aPoolElement(registrar, { policy: { type: 'random' } });
    await expect(refused).rejects.toThrow(RejectedError);
    await expect(refused).rejects.toMatchObject({
      causeCodes: [5],
      message:
        'The registrar rejected the registration: the pool uses roundRobin, not random (cause 5).',
    });
  });

  test('says so when no registrar can be reached, and takes an AbortSignal', async () => {
    const nobody = {
      registrars: ['127.0.0.1:3863'],
      registrarUdpPort: 9,
      options: { t5ServerHuntMs: 100 },
    };
    const userTransport = { protocol: 'tcp', port: 7 } as const;
    const settings = { poolHandle: 'P', userTransport, ...nobody };
    await expect(createPoolElement(settings)).rejects.toThrow(UnreachableError);
    const early = new AbortController();
    const registering = createPoolElement({ ...settings, signal: early.signal });
    early.abort(new Error('enough')); // before it has opened its transport
    await expect(registering).rejects.toThrow('enough');

    const user = await opening(createPoolUser({ ...nobody, options: { t5ServerHuntMs: 60_000 } }));
    const stop = new AbortController();
    const waiting = user.resolve('P', { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  test('rejects what waits when it is closed, and everything afterwards', async () => {
    const user = await createPoolUser({ registrars: ['127.0.0.1'], registrarUdpPort: 9 });
    const waiting = user.resolve('P');
    const closed = user.close();
    await expect(waiting).rejects.toThrow(ClosedError);
    await closed;
    await expect(user.resolve('P')).rejects.toThrow(ClosedError);
    await user.close(); // again is harmless
  });

  test.each([
    ['an address that is not here', { asap: { addresses: ['192.0.2.1'] } }, /192\.0\.2\.1/],
    ['no IP address', { asap: { addresses: ['here'] } }, /here/],
    ['a bad option', { registrar: { maxBadPeReports: 0 } }, /maxBadPeReports/],
    ['a bad id', { id: -1 }, /^id is -1/],
    ['a bad time to live', { asap: { addresses: ['127.0.0.1'], announceTtl: 256 } }, /announceTtl/],
  ])('refuses %s', async (_what, settings, sentence) => {
    const starting = aRegistrar({ udpPort: 0, ...settings });
    await expect(starting).rejects.toThrow(sentence);
  });

  test('has a pool element find another registrar when its own ends', async () => {
    const first = await aRegistrar();
    const second = await aRegistrar({
      asap: { addresses: ['127.0.0.3'], announce: false },
      udpPort: first.udpPort,
    });
    const element = await aPoolElement(first, { registrars: ['127.0.0.1:3863', '127.0.0.3:3863'] });
    const [home, other] =
      first.stats().poolElements === 1 ? ([first, second] as const) : ([second, first] as const);

    const added = once(other, 'poolElementAdded');
    await home.close();
    expect(await added).toMatchObject([{ poolElement: { id: element.id }, reason: 'registered' }]);
  });

  test('is refused a UDP port that is in use, with the port in the sentence', async () => {
    const { udpPort } = await aRegistrar();
    const second = aRegistrar({ udpPort });
    await expect(second).rejects.toThrow(ConfigError);
    await expect(second).rejects.toThrow(String(udpPort));
  });

  test('finds a registrar that nobody named by its announces (RFC 5352 §3.6)', async () => {
    const group = { address: '239.0.0.60', port: 20_000 + (process.pid % 20_000) };
    const registrar = await aRegistrar({
      asap: { addresses: ['127.0.0.1'], announce: group },
      registrar: { serverAnnounceCycleMs: 100 },
    });
    const announces = { registrars: [], announces: group, registrarUdpPort: registrar.udpPort };
    await aPoolElement(registrar, { id: 7, ...announces });
    const user = await opening(createPoolUser({ addresses: ['127.0.0.1'], ...announces }));
    const found = await user.resolve('EchoPool');
    expect(found?.map(({ id }) => id)).toEqual([7]);
  });

  test('says once in the log that announces cannot be heard, and works with a static list', async () => {
    const registrar = await aRegistrar();
    await aPoolElement(registrar, { id: 7 });
    const warnings: string[] = [];
    const nothing = () => {};
    const log = { trace: nothing, debug: nothing, info: nothing, error: nothing };
    const announces = { address: '192.0.2.1', port: 3863 }; // no multicast group, not our address
    const warned = new Promise<void>((resolve) => {
      const warn = (_fields: object, text: string) => resolve(void warnings.push(text));
      const settings = { addresses: ['127.0.0.1'], announces, log: { ...log, warn } };
      opening(createPoolUser({ ...at(registrar), ...settings }));
    });

    await warned;
    const user = opened.at(-1) as Awaited<ReturnType<typeof createPoolUser>>;
    expect((await user.resolve('EchoPool'))?.map(({ id }) => id)).toEqual([7]);
    expect(warnings).toEqual([expect.stringContaining('192.0.2.1')]);
  });
});
