/** What pool elements, pool users and readers cannot be told: refused by path, with nothing opened. */

import process from 'node:process';
import { afterEach, describe, expect, test } from 'vitest';
import {
  ConfigError,
  createPoolElement,
  createPoolUser,
  createRegistrar,
  type PoolElement,
  type PoolUser,
  readRegistrar,
} from '../../src/index.ts';
import { loopback } from '../support/loopback.ts';

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

type Wrong = [sentence: string, change: unknown];

/** An object that keeps nothing of what is not an object. */
function changed(settings: object, change: unknown): never {
  const isObject = typeof change === 'object' && change !== null && !Array.isArray(change);
  return (isObject ? { ...settings, ...change } : change) as never;
}

/** What keeps the process alive: sockets, timers. */
const resources = () => process.getActiveResourcesInfo().filter((one) => one !== 'FSReqPromise');

async function expectRefusal(create: () => Promise<unknown>, sentence: string): Promise<void> {
  const before = resources();
  const refused = create(); // a promise, whatever is wrong
  await expect(refused).rejects.toThrow(ConfigError);
  await expect(refused).rejects.toThrow(sentence);
  expect(resources()).toEqual(before);
}

/** What every endpoint refuses. */
const OF_ENDPOINTS: Wrong[] = [
  ['settings is null: give an object with ', null],
  ['settings is "x": ', 'x'],
  ['settings is []: ', []],
  ['udpport is unknown: did you mean udpPort?', { udpport: 1 }],
  ['udpPort is "1": give a whole number from 0 to 65535.', { udpPort: '1' }],
  ['udpPort is -1: ', { udpPort: -1 }],
  ['transport is "UDP": give "auto", "kernel", "udp" or "raw".', { transport: 'UDP' }],
  ['enrp is unknown: ', { enrp: true }],
  ['options.foo is unknown: options may have ', { options: { foo: 1 } }],
  ['options.maxParallelCalls is 4: ', { options: { maxParallelCalls: 4 } }],
  ['options is true: ', { options: true }],
  ['registrars is "127.0.0.1": give a list of addresses', { registrars: '127.0.0.1' }],
  ["registrars[0] is 7: give a registrar's address, such as", { registrars: [7] }],
  ['addresses is []: ', { addresses: [] }],
  ['addresses[0] is "localhost": give an IP address', { addresses: ['localhost'] }],
  ['addresses[1] is "127.0.0.1" again', { addresses: ['127.0.0.1', '127.0.0.1'] }],
  ['announces is true: give an IP address and a port', { announces: true }],
  ['announces.port is missing', { announces: { address: '239.0.0.1' } }],
  ['log is {}: give a logger with the methods', { log: {} }],
];

describe('createPoolUser refuses', () => {
  test.each(OF_ENDPOINTS)('%s', async (sentence, change) => {
    const settings = { registrars: ['127.0.0.1'] };
    await expectRefusal(() => createPoolUser(changed(settings, change)), sentence);
  });
});

describe('createPoolElement refuses', () => {
  test.each<Wrong>([
    ...OF_ENDPOINTS,
    ['settings is missing', undefined],
    ['poolHandle is missing: give a string or a Uint8Array.', { poolHandle: undefined }],
    ['poolHandle has half of a surrogate pair (U+D800)', { poolHandle: '\ud800' }],
    ['A pool handle has 1 to 65531 octets, this one has 0.', { poolHandle: '' }],
    ['userTransport is missing', { userTransport: undefined }],
    ['userTransport.prot is unknown', { userTransport: { protocol: 'tcp', port: 7, prot: 1 } }],
    ['userTransport.port is missing', { userTransport: { protocol: 'tcp' } }],
    ['userTransport.addresses[0] is 7', { userTransport: { protocol: 'tcp', port: 7, addresses: [7] } }], // biome-ignore format: one line each
    ['policy.weight is unknown', { policy: { type: 'leastUsed', load: 0, weight: 3 } }],
    ['policy.load is 1.5', { policy: { type: 'leastUsed', load: 1.5 } }],
    ['id is 0: give a whole number from 1 to 4294967295.', { id: 0 }],
    ['signal is "stop": give an AbortSignal.', { signal: 'stop' }],
    ['options.lifeMs is 1: give Infinity or', { options: { lifeMs: 1 } }],
  ])('%s', async (sentence, change) => {
    const userTransport = { protocol: 'tcp', port: 7 } as const;
    const settings = { poolHandle: 'EchoPool', userTransport, registrars: ['127.0.0.1'] };
    await expectRefusal(() => createPoolElement(changed(settings, change)), sentence);
  });
});

describe('readRegistrar refuses', () => {
  test.each<Wrong>([
    ['settings is missing', undefined],
    ['registrar is missing', { registrar: undefined }],
    ['registrars is unknown: did you mean registrar?', { registrars: ['127.0.0.1'] }],
    ['parts is []: give a list of "peers", "poolElements" or both.', { parts: [] }],
    ['parts[0] is "Peers"', { parts: ['Peers'] }],
    ['parts[1] is "peers" again', { parts: ['peers', 'peers'] }],
    ['asPeer is 1', { asPeer: 1 }],
    ['onIntroduced is {}: give a function.', { onIntroduced: {} }],
    ['readerId is 1.5', { readerId: 1.5 }],
    ['timeoutMS is unknown: did you mean timeoutMs?', { timeoutMS: 1 }],
  ])('%s', async (sentence, change) => {
    await expectRefusal(() => readRegistrar(changed({ registrar: '127.0.0.1' }, change)), sentence);
  });
});

async function aPool(): Promise<{ user: PoolUser; element: PoolElement }> {
  const registrar = await createRegistrar({
    ...{ transport: 'udp', udpPort: 0 },
    asap: { addresses: [loopback(1)], announce: false },
  });
  opened.push(registrar);
  const place = { transport: 'udp', registrars: [loopback(1)] } as const;
  const element = await createPoolElement({
    ...{ ...place, registrarUdpPort: registrar.udpPort, addresses: [loopback(2)], id: 1 },
    ...{ poolHandle: 'EchoPool', policy: { type: 'leastUsed', load: 0.25 } },
    userTransport: { protocol: 'tcp', port: 7 },
  });
  opened.push(element);
  const user = await createPoolUser({ ...place, registrarUdpPort: registrar.udpPort });
  opened.push(user);
  return { user, element };
}

describe('in a running pool', () => {
  test('updatePolicy and resolve refuse what they cannot use, and the registration stands', async () => {
    const { user, element } = await aPool();
    for (const values of [undefined, null, 'x', 0.5, [], {}, { weight: 3 }, { load: 7 }]) {
      await expect(element.updatePolicy(values as never)).rejects.toThrow(ConfigError);
    }
    await expect(element.updatePolicy({ weight: 3 })).rejects.toThrow(
      'policy.weight is unknown: policy may have type and load.',
    );
    for (const [options, sentence] of [
      [{ item: 3 }, 'item is unknown: did you mean items?'],
      [{ items: 0 }, 'items is 0: give a whole number from 1 to 4294967295.'],
      [{ items: '3' }, 'items is "3"'],
      [{ isFresh: 'yes' }, 'isFresh is "yes"'],
      [{ signal: {} }, 'signal is {}: give an AbortSignal.'],
      [3, 'options is 3: give an object such as { items: 3 }.'],
      [null, 'options is null'],
    ] as const) {
      const resolving = user.resolve('EchoPool', options as never);
      await expect(resolving).rejects.toThrow(ConfigError);
      await expect(resolving).rejects.toThrow(sentence);
    }
    await expect(user.resolve('\ud800')).rejects.toThrow('half of a surrogate pair');
    await expect(user.reportUnreachable('\ud800', 1)).rejects.toThrow('half of a surrogate pair');
    const policy = { type: 'leastUsed', load: 0.25 };
    expect(element.policy).toEqual(policy);
    expect(await user.resolve('EchoPool')).toMatchObject([{ id: 1, policy }]);
  });

  test('loads are fractions in events, properties and answers', async () => {
    const { user, element } = await aPool();
    const registered = new Promise((resolve) => element.once('registered', resolve));
    await element.updatePolicy({ load: 0.3 });
    const policy = { type: 'leastUsed', load: 0.3 };
    expect(await registered).toMatchObject({ policy });
    expect(element.policy).toEqual(policy);
    expect(await user.resolve('EchoPool', { isFresh: true })).toMatchObject([{ policy }]);
  });
});
