/** Registration and what the handlespace refuses (RFC 5352 §3.1, asap.md 3.1.4). */

import { describe, expect, test } from 'vitest';
import { HandlespaceError } from '../../src/errors.ts';
import { Handlespace } from '../../src/handlespace/handlespace.ts';
import type { Registration } from '../../src/handlespace/registration.ts';
import type { Policy, TransportParameter } from '../../src/wire/parameters.ts';
import { refusalOf } from '../support/handlespace-errors.ts';
import { HOME, registration } from '../support/registrations.ts';

const sctp = (transportUse: number): TransportParameter => ({
  ...{ protocol: 'sctp', port: 9, transportUse, addresses: ['10.0.0.1', '2001:db8::1'] },
});

describe('a registration', () => {
  test('is found again with everything it said', () => {
    const handlespace = new Handlespace({ seed: 1n });
    const given = registration({
      ...{ poolHandle: 'EchoPool', id: 0xffff_ffff, lifeMs: 30_000, association: 7 },
      policy: { type: 'priorityLeastUsed', load: 0x8000_0000, loadDegradation: 1 },
      userTransport: sctp(1),
      asapTransport: sctp(0),
      isWatched: true,
      expiresInMs: 40_000,
    });
    expect(handlespace.register(1_000, given)).toBe('created');
    expect(handlespace.find('EchoPool', 0xffff_ffff)).toMatchObject({
      poolHandle: new Uint8Array(Buffer.from('EchoPool')),
      ...{ id: 0xffff_ffff, homeRegistrarId: HOME, lifeMs: 30_000, association: 7 },
      ...{ policy: given.policy, userTransport: given.userTransport },
      ...{ asapTransport: given.asapTransport, isWatched: true, awaitsAcknowledgement: false },
      ...{ unreachableReports: 0, expiresAt: 41_000 },
    });
  });

  test('again replaces what it said, and forgets reports of unreachability', () => {
    const handlespace = new Handlespace({ seed: 1n });
    handlespace.register(
      0,
      registration({ association: 1, isWatched: true, asapTransport: sctp(0) }),
    );
    expect(handlespace.reportUnreachable('EchoPool', 1)).toBe(1);
    expect(handlespace.reportUnreachable('EchoPool', 1)).toBe(2);
    const anew = registration({ association: 2, lifeMs: Number.POSITIVE_INFINITY });
    expect(handlespace.register(5, anew)).toBe('updated');
    expect(handlespace.find('EchoPool', 1)).toMatchObject({
      ...{ association: 2, isWatched: false, unreachableReports: 0 },
      ...{ lifeMs: Number.POSITIVE_INFINITY, expiresAt: Number.POSITIVE_INFINITY },
      asapTransport: undefined,
    });
    expect(handlespace.elementsOf(1)).toBe(0);
    expect(handlespace.elementsOf(2)).toBe(1);
    expect(handlespace.stats()).toMatchObject({ pools: 1, poolElements: 1, associations: 1 });
  });

  test('ends with deregistration, and the pool with its last element', () => {
    const handlespace = new Handlespace({ seed: 1n });
    handlespace.register(0, registration({ id: 1 }));
    handlespace.register(0, registration({ id: 2 }));
    expect(handlespace.deregister('EchoPool', 1)).toBe(true);
    expect(handlespace.deregister('EchoPool', 1)).toBe(false);
    expect(handlespace.deregister('OtherPool', 2)).toBe(false);
    expect(handlespace.resolve('EchoPool')?.map(({ id }) => id)).toEqual([2]);
    expect(handlespace.deregister('EchoPool', 2)).toBe(true);
    expect(handlespace.resolve('EchoPool')).toBeUndefined();
    expect(handlespace.stats()).toMatchObject({ pools: 0, poolElements: 0 });
  });

  test('has a pool handle of any bytes; text is UTF-8', () => {
    const handlespace = new Handlespace({ seed: 1n });
    handlespace.register(0, registration({ poolHandle: 'Größe', id: 1 }));
    expect(handlespace.find(Buffer.from('Größe'), 1)?.id).toBe(1);
    const bytes = Uint8Array.of(0, 255, 0);
    handlespace.register(0, { ...registration({ id: 2 }), poolHandle: bytes });
    expect(handlespace.find(bytes, 2)?.poolHandle).toEqual(bytes);
    expect(handlespace.find(Uint8Array.of(0, 255), 2)).toBeUndefined();
  });

  test('of profile rfc stores the life in seconds (decision 1)', () => {
    const handlespace = new Handlespace({ seed: 1n, profile: 'rfc' });
    handlespace.register(0, registration({ lifeMs: 30_000 }));
    const out = new Uint8Array(256);
    const length = handlespace.resolveInto('EchoPool', 1, out, 0);
    expect(Buffer.from(out.subarray(0, length)).includes(Buffer.of(0, 0, 0, 30))).toBe(true);
    expect(handlespace.find('EchoPool', 1)?.lifeMs).toBe(30_000);
    expect(() => handlespace.register(0, registration({ lifeMs: 1_500 }))).toThrow(RangeError);
  });
});

const roundRobin = registration({ id: 1 });
const unknownPolicy: Policy = {
  type: 'unknown',
  policyType: 0x8000_0001,
  bytes: new Uint8Array(0),
};
const tcp = (transportUse: number): TransportParameter => ({
  ...{ protocol: 'tcp', port: 7, transportUse, addresses: ['10.0.0.1'] },
});
const random: Policy = { type: 'random' };

const REFUSALS: [what: string, Partial<Registration>, causeCode: number, reason: string][] = [
  ['a handle of 0 bytes', { poolHandle: '' }, 3, 'POOL_HANDLE_LENGTH'],
  ['a handle of 33 bytes', { poolHandle: 'x'.repeat(33) }, 3, 'POOL_HANDLE_LENGTH'],
  ['a handle of 65 600 bytes', { poolHandle: new Uint8Array(65_600) }, 3, 'POOL_HANDLE_LENGTH'],
  ['a text of 65 600 bytes', { poolHandle: 'ö'.repeat(32_800) }, 3, 'POOL_HANDLE_LENGTH'],
  ['identifier 0', { id: 0 }, 3, 'ZERO_IDENTIFIER'],
  ['a policy not to select by', { poolHandle: 'New', policy: unknownPolicy }, 5, 'UNKNOWN_POLICY'],
  ['another policy', { id: 2, policy: random }, 5, 'INCONSISTENT_POLICY'],
  ['another protocol', { id: 2, userTransport: sctp(0) }, 7, 'INCONSISTENT_TRANSPORT'],
  [
    'a control channel where the pool has none, before another policy',
    { id: 2, policy: random, userTransport: tcp(1) },
    ...([8, 'INCONSISTENT_CONTROL'] as const),
  ],
];

describe('the handlespace refuses', () => {
  test.each(REFUSALS)(
    '%s with cause and reason, and nothing has changed',
    (_, given, causeCode, reason) => {
      const handlespace = new Handlespace({ seed: 1n });
      handlespace.register(0, roundRobin);
      const refusal = refusalOf(() => handlespace.register(0, { ...roundRobin, ...given }));
      expect(refusal).toBeInstanceOf(HandlespaceError);
      expect(refusal).toMatchObject({ code: 'ERR_RSERPOOL_HANDLESPACE', causeCode, reason });
      expect(handlespace.stats()).toMatchObject({ pools: 1, poolElements: 1 });
      expect(handlespace.find('EchoPool', 1)).toMatchObject({ policy: { type: 'roundRobin' } });
      handlespace.verify();
    },
  );

  test.each<[Partial<Registration>, string]>([
    [{ id: 2, policy: random }, 'The pool uses roundRobin, not random.'],
    [{ id: 2, userTransport: sctp(0) }, 'The pool uses TCP transports, not SCTP.'],
    [
      { poolHandle: 'New', policy: { type: 'leastUsedDpf', load: 1, loadDpf: 1, distanceMs: 1 } },
      'The policy leastUsedDpf is not supported: use one of RFC 5356.',
    ],
  ])('a registration with a message that names policies and transports: %#', (given, message) => {
    const handlespace = new Handlespace({ seed: 1n });
    handlespace.register(0, roundRobin);
    const refusal = refusalOf(() => handlespace.register(0, { ...roundRobin, ...given }));
    expect(refusal).toMatchObject({ message });
  });

  test('more pools or elements than it may hold with cause 6, but not known ones', () => {
    const handlespace = new Handlespace({ seed: 1n, maxPools: 1, maxPoolElements: 2 });
    handlespace.register(0, registration({ id: 1 }));
    const pools = refusalOf(() => handlespace.register(0, registration({ poolHandle: 'Other' })));
    expect(pools).toMatchObject({ causeCode: 6, reason: 'TOO_MANY_POOLS' });
    handlespace.register(0, registration({ id: 2 }));
    const elements = refusalOf(() => handlespace.register(0, registration({ id: 3 })));
    expect(elements).toMatchObject({ causeCode: 6, reason: 'TOO_MANY_ELEMENTS' });
    expect(handlespace.register(0, registration({ id: 2 }))).toBe('updated');
  });

  test('handles longer than its limit only', () => {
    const handlespace = new Handlespace({ seed: 1n, maxPoolHandleBytes: 40 });
    const outcome = handlespace.register(0, registration({ poolHandle: 'x'.repeat(40) }));
    expect(outcome).toBe('created');
  });

  test('a pool element that no answer could hold', () => {
    const handlespace = new Handlespace({ seed: 1n, maxPoolHandleBytes: 65_531 });
    const it = registration({ poolHandle: 'x'.repeat(65_531) });
    const refusal = refusalOf(() => handlespace.register(0, it));
    expect(refusal).toMatchObject({ causeCode: 3, reason: 'RECORD' });
  });
});

describe('what the wire cannot carry', () => {
  const impossible: [string, Partial<Registration>, typeof TypeError | typeof RangeError][] = [
    ['an identifier beyond 32 bits', { id: 0x1_0000_0000 }, RangeError],
    ['a fraction as identifier', { id: 1.5 }, RangeError],
    ['no number as identifier', { id: '1' as unknown as number }, TypeError],
    ['a negative home', { homeRegistrarId: -1 }, RangeError],
    ['a life of NaN', { lifeMs: Number.NaN }, RangeError],
    ['a lapse of NaN', { expiresInMs: Number.NaN }, RangeError],
    ['a lapse in the past', { expiresInMs: -1 }, RangeError],
    ['an association beyond 32 bits', { association: 2 ** 60 }, RangeError],
    ['a weight of -1', { policy: { type: 'weightedRandom', weight: -1 } }, RangeError],
    ['a policy that does not exist', { policy: { type: 'best' } as never }, TypeError],
    ['port 0', { userTransport: { ...sctp(0), port: 0 } as TransportParameter }, RangeError],
    ['no pool handle', { poolHandle: undefined as never }, TypeError],
    ['a number as pool handle', { poolHandle: 7 as never }, TypeError],
  ];

  test.each(impossible)('%s throws, and nothing has changed', (_, wrong, error) => {
    const handlespace = new Handlespace({ seed: 1n });
    expect(() => handlespace.register(0, { ...registration({}), ...wrong })).toThrow(error);
    expect(handlespace.stats()).toMatchObject({ pools: 0, poolElements: 0 });
    handlespace.verify();
  });
});
