/** Callers' mistakes, the units of the two profiles, and single parameters. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecodeError } from '../../src/errors.ts';
import { poolElementId, registrarId } from '../../src/types.ts';
import { decodeAsap, encodeAsap, encodeAsapInto } from '../../src/wire/asap.ts';
import type { AsapMessage } from '../../src/wire/asap-messages.ts';
import {
  decodePolicyParameter,
  decodePoolElementParameter,
  decodeTransportParameter,
  encodePolicyParameter,
  encodePoolElementIdParameter,
  encodePoolElementParameter,
  encodePoolHandleParameter,
  encodeTransportParameter,
} from '../../src/wire/parameter-codec.ts';
import type {
  Policy,
  PoolElementParameter,
  Profile,
  TransportParameter,
} from '../../src/wire/parameters.ts';
import { policyTypeCode } from '../../src/wire/policies.ts';
import { policy, poolElement, transport } from './generators.ts';
import { bytesOf, hexOf } from './round-trip.ts';

const poolHandle = bytesOf('616263');
const sctp = { protocol: 'sctp', port: 7, transportUse: 0, addresses: ['10.1.2.3'] } as const;
const element: PoolElementParameter = {
  id: poolElementId(1),
  homeRegistrarId: registrarId(2),
  lifeMs: 30_000,
  userTransport: sctp,
  policy: { type: 'roundRobin' },
};

/** A message that no type checker would let through. */
const wrong = (message: object) => message as AsapMessage;
const registrationOf = (change: object) =>
  wrong({ type: 'ASAP_REGISTRATION', poolHandle, poolElement: { ...element, ...change } });
const deregistrationOf = (change: object) =>
  wrong({ type: 'ASAP_DEREGISTRATION', poolHandle, poolElementId: 1, ...change });
const through = (change: object) => registrationOf({ userTransport: { ...sctp, ...change } });

describe('a message is not written', () => {
  test.each<[string, AsapMessage, typeof TypeError | typeof RangeError]>([
    ['of an unknown type', wrong({ type: 'ASAP_HELLO' }), TypeError],
    ['with a pool handle that is text', deregistrationOf({ poolHandle: 'abc' }), TypeError],
    ['with an empty pool handle', deregistrationOf({ poolHandle: bytesOf('') }), RangeError],
    [
      'with a pool handle that is too long',
      deregistrationOf({ poolHandle: new Uint8Array(65_532) }),
      RangeError,
    ],
    ['without an identifier', deregistrationOf({ poolElementId: undefined }), TypeError],
    ['with the identifier 0', deregistrationOf({ poolElementId: 0 }), RangeError],
    ['with an identifier above 32 bits', deregistrationOf({ poolElementId: 2 ** 32 }), RangeError],
    ['with half an identifier', deregistrationOf({ poolElementId: 1.5 }), RangeError],
    ['with a negative identifier', deregistrationOf({ poolElementId: -1 }), RangeError],
    ['of a pool element with the identifier 0', registrationOf({ id: 0 }), RangeError],
    ['with a life below 0', registrationOf({ lifeMs: -1 }), RangeError],
    ['with a life that is half a millisecond', registrationOf({ lifeMs: 0.5 }), RangeError],
    ['with a life of 0xffffffff ms', registrationOf({ lifeMs: 0xffff_ffff }), RangeError],
    ['with a life that is not a number', registrationOf({ lifeMs: Number.NaN }), RangeError],
    ['with the port 0', through({ port: 0 }), RangeError],
    ['with the port 65536', through({ port: 65_536 }), RangeError],
    ['with no address', through({ addresses: [] }), RangeError],
    ['with a name for an address', through({ addresses: ['localhost'] }), TypeError],
    [
      'with two addresses for TCP',
      through({ protocol: 'tcp', addresses: ['10.1.2.3', '10.1.2.4'] }),
      RangeError,
    ],
    ['with an unknown transport', through({ protocol: 'quic' }), TypeError],
    [
      'with an ASAP transport of TCP',
      registrationOf({ asapTransport: { ...sctp, protocol: 'tcp' } }),
      RangeError,
    ],
    ['with an unknown policy', registrationOf({ policy: { type: 'best' } }), TypeError],
    [
      'with a policy without its value',
      registrationOf({ policy: { type: 'leastUsed' } }),
      TypeError,
    ],
    [
      'with a policy type that is known under its name',
      registrationOf({ policy: { type: 'unknown', policyType: 1, bytes: bytesOf('') } }),
      RangeError,
    ],
    [
      'with a reserved policy type',
      registrationOf({ policy: { type: 'unknown', policyType: 0x4000_0000, bytes: bytesOf('') } }),
      RangeError,
    ],
    ['as an error without a cause', wrong({ type: 'ASAP_ERROR', errors: [] }), RangeError],
    [
      'as an answer with neither pool elements nor errors',
      wrong({ type: 'ASAP_HANDLE_RESOLUTION_RESPONSE', poolHandle, poolElements: [], errors: [] }),
      RangeError,
    ],
    [
      'as a business card of nobody',
      wrong({ type: 'ASAP_BUSINESS_CARD', poolHandle, poolElements: [] }),
      RangeError,
    ],
    [
      'as an announce of the registrar 0',
      wrong({ type: 'ASAP_SERVER_ANNOUNCE', registrarId: 0, transports: [] }),
      RangeError,
    ],
    [
      'as an announce of a UDP transport',
      wrong({
        type: 'ASAP_SERVER_ANNOUNCE',
        registrarId: 1,
        transports: [{ ...sctp, protocol: 'udp' }],
      }),
      RangeError,
    ],
  ])('%s', (_, message, error) => {
    expect(() => encodeAsap(message)).toThrow(error);
  });

  test('into a buffer that is too small, or outside of it', () => {
    const message = deregistrationOf({});
    const { length } = encodeAsap(message);
    expect(encodeAsapInto(message, new Uint8Array(length + 1), 1)).toBe(length);
    expect(() => encodeAsapInto(message, new Uint8Array(length), 1)).toThrow(RangeError);
    expect(() => encodeAsapInto(message, new Uint8Array(length), -1)).toThrow(RangeError);
    expect(() => encodeAsapInto(message, new Uint8Array(4), 5)).toThrow(RangeError);
  });

  test('longer than its length can say', () => {
    const poolElements = Array.from({ length: 1700 }, () => element);
    const card = (count: number) =>
      wrong({ type: 'ASAP_BUSINESS_CARD', poolHandle, poolElements: poolElements.slice(0, count) });
    expect(encodeAsap(card(1600))).toHaveLength(4 + 8 + 1600 * 40);
    expect(() => encodeAsap(card(1700))).toThrow(RangeError);
  });
});

describe('the registration life (decision 1)', () => {
  const lifeOnTheWire = (lifeMs: number, profile: Profile) =>
    hexOf(encodePoolElementParameter({ ...element, lifeMs }, { profile }).subarray(12, 16));

  test.each([
    [30_000, 'rsplib', '00007530'],
    [30_000, 'rfc', '0000001e'],
    [Number.POSITIVE_INFINITY, 'rsplib', 'ffffffff'],
    [Number.POSITIVE_INFINITY, 'rfc', 'ffffffff'],
    [0, 'rsplib', '00000000'],
    [0xffff_fffe, 'rsplib', 'fffffffe'],
    [0x7fff_ffff * 1000, 'rfc', '7fffffff'],
  ] as const)('of %d ms in profile %s is %s', (lifeMs, profile, hex) => {
    expect(lifeOnTheWire(lifeMs, profile)).toBe(hex);
    const bytes = encodePoolElementParameter({ ...element, lifeMs }, { profile });
    expect(decodePoolElementParameter(bytes, { profile }).lifeMs).toBe(lifeMs);
  });

  test.each([0, 1500, 0x8000_0000 * 1000])('of %d ms cannot be said in seconds', (lifeMs) => {
    expect(() => lifeOnTheWire(lifeMs, 'rfc')).toThrow(RangeError);
  });
});

describe('policies (RFC 5356, and the private ones of rsplib)', () => {
  test.each<[Policy, string]>([
    [{ type: 'roundRobin' }, '00000001'],
    [{ type: 'weightedRoundRobin', weight: 7 }, '00000002 00000007'],
    [{ type: 'random' }, '00000003'],
    [{ type: 'weightedRandom', weight: 7 }, '00000004 00000007'],
    [{ type: 'priority', priority: 7 }, '00000005 00000007'],
    [{ type: 'leastUsed', load: 7 }, '40000001 00000007'],
    [{ type: 'leastUsedDegradation', load: 7, loadDegradation: 8 }, '40000002 00000007 00000008'],
    [{ type: 'priorityLeastUsed', load: 7, loadDegradation: 8 }, '40000003 00000007 00000008'],
    [{ type: 'randomizedLeastUsed', load: 7 }, '40000004 00000007'],
    [
      { type: 'randomizedPriorityLeastUsed', load: 7, loadDegradation: 8 },
      'b0001001 00000007 00000008',
    ],
    [
      { type: 'randomizedLeastUsedDegradation', load: 7, loadDegradation: 8 },
      'b0001002 00000007 00000008',
    ],
    [
      { type: 'priorityLeastUsedDegradation', load: 7, loadDegradation: 8 },
      'b0001003 00000007 00000008',
    ],
    [
      { type: 'randomizedPriorityLeastUsedDegradation', load: 7, loadDegradation: 8 },
      'b0001004 00000007 00000008',
    ],
    [
      { type: 'weightedRandomDpf', weight: 7, weightDpf: 8, distanceMs: 9 },
      'b0002001 00000007 00000008 00000009',
    ],
    [
      { type: 'leastUsedDpf', load: 7, loadDpf: 8, distanceMs: 9 },
      'b0002002 00000007 00000008 00000009',
    ],
    [
      { type: 'leastUsedDegradationDpf', load: 6, loadDegradation: 7, loadDpf: 8, distanceMs: 9 },
      'b0002003 00000006 00000007 00000008 00000009',
    ],
    // in rsplib's table, without a layout
    [{ type: 'unknown', policyType: 0xb000_2004, bytes: bytesOf('01020304') }, 'b0002004 01020304'],
    [{ type: 'unknown', policyType: 0x77, bytes: bytesOf('') }, '00000077'],
  ])('are laid out as listed: $type', (value, hex) => {
    const bytes = encodePolicyParameter(value);
    expect(hexOf(bytes.subarray(4))).toBe(hexOf(bytesOf(hex)));
    expect(decodePolicyParameter(bytes)).toEqual(value);
    expect(policyTypeCode(value)).toBe(Number.parseInt(hex.slice(0, 8), 16));
  });
});

describe('transports (RFC 5354 §3.3-3.7, §3.16)', () => {
  const addresses = ['10.1.2.3'] as const;
  const rest = '00010008 0a010203';
  test.each<[TransportParameter, string]>([
    [{ protocol: 'sctp', port: 7, transportUse: 1, addresses }, `00040010 00070001 ${rest}`],
    [{ protocol: 'tcp', port: 7, transportUse: 1, addresses }, `00050010 00070001 ${rest}`],
    [{ protocol: 'udp', port: 7, transportUse: 0, addresses }, `00060010 00070000 ${rest}`],
    [{ protocol: 'udp-lite', port: 7, transportUse: 0, addresses }, `00070010 00070000 ${rest}`],
    [
      { protocol: 'dccp', port: 7, transportUse: 0, serviceCode: 0x48545054, addresses },
      `00030014 00070000 48545054 ${rest}`,
    ],
    [{ protocol: 'opaque', bytes: bytesOf('010203') }, '00100007 01020300'],
    [
      { protocol: 'sctp', port: 7, transportUse: 0, addresses: ['2001:db8::5', '10.1.2.3'] },
      `00040024 00070000 00020014 20010db8 00000000 00000000 00000005 ${rest}`,
    ],
  ])('are laid out as the figures show: $protocol', (value, hex) => {
    const bytes = encodeTransportParameter(value);
    expect(hexOf(bytes)).toBe(hexOf(bytesOf(hex)));
    expect(decodeTransportParameter(bytes)).toEqual(value);
  });

  test('name an IPv4 address as such, mapped into IPv6 or not', () => {
    const mapped = '00040018 00070000 00020014 00000000 00000000 0000ffff 0a010203';
    const decoded = decodeTransportParameter(bytesOf(mapped.replace('0018', '001c')));
    expect(decoded).toEqual({ ...sctp, addresses: ['10.1.2.3'] });
    const encoded = encodeTransportParameter({ ...sctp, addresses: ['::ffff:10.1.2.3'] });
    expect(hexOf(encoded)).toBe(hexOf(bytesOf(`00040010 00070000 ${rest}`)));
  });
});

describe('single parameters', () => {
  test('are what a message holds, padded', () => {
    const message: AsapMessage = { type: 'ASAP_REGISTRATION', poolHandle, poolElement: element };
    const parameters = [encodePoolHandleParameter(poolHandle), encodePoolElementParameter(element)];
    expect(hexOf(encodeAsap(message).subarray(4))).toBe(parameters.map(hexOf).join(''));
    expect(hexOf(encodePoolHandleParameter(poolHandle))).toBe('0009000761626300');
    expect(hexOf(encodePoolElementIdParameter(poolElementId(7)))).toBe('000e000800000007');
  });

  test('are read back', () => {
    fc.assert(
      fc.property(poolElement('rfc'), transport, policy, (one, where, how) => {
        const options = { profile: 'rfc' } as const;
        expect(
          decodePoolElementParameter(encodePoolElementParameter(one, options), options),
        ).toEqual(one);
        expect(decodeTransportParameter(encodeTransportParameter(where))).toEqual(where);
        expect(decodePolicyParameter(encodePolicyParameter(how))).toEqual(how);
      }),
    );
  });

  test('of another type are refused', () => {
    const bytes = encodePolicyParameter({ type: 'random' });
    expect(() => decodePoolElementParameter(bytes)).toThrow(DecodeError);
    expect(() => decodeTransportParameter(bytes)).toThrow(DecodeError);
    expect(() => decodePolicyParameter(encodePoolHandleParameter(poolHandle))).toThrow(DecodeError);
  });

  test('are unaligned at the end of what is around them without the length counting the padding', () => {
    const info = encodeAsap({ type: 'ASAP_COOKIE', cookie: poolHandle }).subarray(0, 11);
    const bytes = encodeAsap({ type: 'ASAP_ERROR', errors: [{ code: 2, info }] });
    // message 23, operation error 19, cause 15, then 1 octet of padding
    expect(hexOf(bytes)).toBe('0e000017000c00130002000f0b00000b000d000761626300');
    expect(decodeAsap(bytes)).toEqual({ type: 'ASAP_ERROR', errors: [{ code: 2, info }] });
  });
});
