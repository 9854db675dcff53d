/** The handlespace as applications embed it: every object is checked, and loads are fractions. */

import vm from 'node:vm';
import { describe, expect, test } from 'vitest';
import { ConfigError, Handlespace, type Registration } from '../../src/handlespace.ts';
import { registration } from '../support/registrations.ts';

const leastUsed = (id: number, load: number) =>
  registration({ id, policy: { type: 'leastUsed', load } as const });

describe('the embedded handlespace', () => {
  test('takes and shows loads as fractions, and selects by them', () => {
    const handlespace = new Handlespace({ seed: 1n });
    handlespace.register(0, leastUsed(1, 0.75));
    handlespace.register(0, leastUsed(2, 0.25));
    handlespace.register(0, leastUsed(3, 1));
    const found = handlespace.resolve('EchoPool', { items: 3 }) ?? [];
    expect(found.map(({ id, policy }) => [id, policy])).toEqual([
      [2, { type: 'leastUsed', load: 0.25 }],
      [1, { type: 'leastUsed', load: 0.75 }],
      [3, { type: 'leastUsed', load: 1 }],
    ]);
    expect(found[0]?.toJSON()).toMatchObject({ policy: { load: 0.25 } });
    const shown = { policy: { type: 'leastUsed', load: 0.75 } };
    expect(handlespace.find('EchoPool', 1)).toMatchObject(shown);
    expect(handlespace.walk({ limit: 1 }).elements[0]).toMatchObject(shown);
  });

  test('takes a registration that it has shown', () => {
    const handlespace = new Handlespace({ seed: 1n });
    handlespace.register(0, leastUsed(1, 0.123_456_789));
    const before = handlespace.find('EchoPool', 1);
    const { poolHandle, id, homeRegistrarId, lifeMs, userTransport, policy } = before ?? {};
    const same = { poolHandle, id, homeRegistrarId, lifeMs, userTransport, policy };
    expect(handlespace.register(0, same as Registration)).toBe('updated');
    expect(handlespace.find('EchoPool', 1)?.encoded).toEqual(before?.encoded);
  });

  test('takes objects and bytes of another realm', () => {
    const handlespace = new Handlespace({ seed: 1n });
    const foreign = vm.runInNewContext(`({
      poolHandle: Uint8Array.of(1, 2), id: 1, homeRegistrarId: 1, lifeMs: 1000,
      policy: { type: 'roundRobin' },
      userTransport: { protocol: 'tcp', port: 7, transportUse: 0, addresses: ['10.0.0.1'] },
    })`);
    handlespace.register(0, foreign);
    expect(handlespace.resolve(Uint8Array.of(1, 2))?.map(({ id }) => id)).toEqual([1]);
  });

  const tcp = registration({}).userTransport;

  test.each<[string, object]>([
    ['idd is unknown: did you mean id?', { idd: 1 }],
    ['id is "1": give a whole number', { id: '1' }],
    ['id is missing', { id: undefined }],
    ['poolHandle is missing: give a string or a Uint8Array.', { poolHandle: undefined }],
    ['poolHandle is 7', { poolHandle: 7 }],
    ['poolHandle has half of a surrogate pair (U+D800)', { poolHandle: '\ud800' }],
    ['homeRegistrarId is missing', { homeRegistrarId: undefined }],
    ['homeRegistrarId is -1', { homeRegistrarId: -1 }],
    ['lifeMs is missing: give Infinity or whole milliseconds', { lifeMs: undefined }],
    ['lifeMs is NaN', { lifeMs: Number.NaN }],
    ['policy.weight is unknown', { policy: { type: 'leastUsed', load: 0, weight: 3 } }],
    ['policy.load is 1073741823.75', { policy: { type: 'leastUsed', load: 0.25 * 0xffff_ffff } }],
    ['policy is missing', { policy: undefined }],
    [
      'userTransport.protocol is "TCP": give "sctp"',
      { userTransport: { ...tcp, protocol: 'TCP' } },
    ],
    ['userTransport.port is 0', { userTransport: { ...tcp, port: 0 } }],
    ['userTransport.address is unknown: did you', { userTransport: { ...tcp, address: 1 } }],
    ['userTransport.addresses is []', { userTransport: { ...tcp, addresses: [] } }],
    ['userTransport.addresses is ["10.0.0.1", ', { userTransport: { ...tcp, addresses: ['10.0.0.1', '10.0.0.2'] } }], // biome-ignore format: one line each
    [
      'userTransport.transportUse is missing',
      { userTransport: { ...tcp, transportUse: undefined } },
    ],
    ['asapTransport is null', { asapTransport: null }],
    ['isWatched is "no": give true or false.', { isWatched: 'no' }],
    ['association is 1.5', { association: 1.5 }],
    ['expiresInMs is -1', { expiresInMs: -1 }],
    ['expiresInMs is 0.5', { expiresInMs: 0.5 }],
  ])('refuses a registration, and nothing has changed: %s', (sentence, change) => {
    const handlespace = new Handlespace({ seed: 1n });
    const wrong = { ...registration({}), ...change } as never;
    expect(() => handlespace.register(0, wrong)).toThrow(ConfigError);
    expect(() => handlespace.register(0, wrong)).toThrow(sentence);
    expect(handlespace.stats()).toMatchObject({ pools: 0, poolElements: 0 });
  });

  test.each<[string, (it: Handlespace) => unknown]>([
    ['options is 3: give an object such as { items: 3 }.', (it) => it.resolve('P', 3 as never)],
    ['options is null', (it) => it.resolve('P', null as never)],
    ['item is unknown: did you mean items?', (it) => it.resolve('P', { item: 3 } as never)],
    ['items is 0: give a whole number from 1', (it) => it.resolve('P', { items: 0 })],
    ['items is "3"', (it) => it.resolve('P', { items: '3' } as never)],
    ['limit is missing', (it) => it.walk({} as never)],
    ['options is missing', (it) => it.walk(undefined as never)],
    ['home is unknown', (it) => it.walk({ limit: 1, home: 1 } as never)],
    ['association is -1', (it) => it.walk({ limit: 1, association: -1 })],
    ['max is unknown: options may have after and limit.', (it) => it.pools({ max: 1 } as never)],
    ['poolHandle has half of', (it) => it.resolve('\ud800')],
    ['poolHandle has half of', (it) => it.find('a\udfff', 1)],
    ['poolHandle has half of', (it) => it.peek('\ud83d')],
    ['poolHandle has half of', (it) => it.deregister('\ud800', 1)],
    ['poolHandle has half of', (it) => it.reportUnreachable('\ud800', 1)],
  ])('refuses what a method cannot use: %s', (sentence, call) => {
    const handlespace = new Handlespace({ seed: 1n });
    handlespace.register(0, registration({ poolHandle: '\ufffd' }));
    expect(() => call(handlespace)).toThrow(ConfigError);
    expect(() => call(handlespace)).toThrow(sentence);
  });

  test.each<[string, unknown]>([
    ['options is missing: give an object such as { seed: 1n }.', undefined],
    ['seed is missing: give a bigint of 64 bits, such as 1n.', {}],
    ['seed is 1: give a bigint', { seed: 1 }],
    ['maxPool is unknown: did you mean maxPools?', { seed: 1n, maxPool: 1 }],
    ['profile is "RFC": give "rsplib" or "rfc".', { seed: 1n, profile: 'RFC' }],
    ['keepAlive.intervalMs is missing', { seed: 1n, keepAlive: { timeoutMs: 1, jitter: 0 } }],
    ['keepAlive.jitter is 2', { seed: 1n, keepAlive: { intervalMs: 1, timeoutMs: 1, jitter: 2 } }],
    ['maxPools is null', { seed: 1n, maxPools: null }],
  ])('refuses options: %s', (sentence, options) => {
    expect(() => new Handlespace(options as never)).toThrow(ConfigError);
    expect(() => new Handlespace(options as never)).toThrow(sentence);
  });
});
