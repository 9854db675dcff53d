import { SocketAddress } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatIpAddress, parseIpAddress } from '../../src/wire/addresses.ts';
import { bytesOf, hexOf } from './round-trip.ts';

describe('IP addresses', () => {
  test.each([
    ['0a010203', '10.1.2.3'],
    ['00000000', '0.0.0.0'],
    ['20010db8 00000000 00000000 00000005', '2001:db8::5'],
    ['00000000 00000000 00000000 00000000', '::'],
    ['00000000 00000000 00000000 00000001', '::1'],
    ['fe800000 00000000 00000000 00000000', 'fe80::'],
    ['20010000 00010000 00000000 00010001', '2001:0:1::1:1'],
    ['20010000 00000001 00000000 00010001', '2001::1:0:0:1:1'], // the first of two equal runs
    ['20010000 00010002 00030004 00050006', '2001:0:1:2:3:4:5:6'], // a single group stays
  ])('%s is written %s (RFC 5952)', (hex, text) => {
    expect(formatIpAddress(bytesOf(hex))).toBe(text);
    expect(hexOf(parseIpAddress(text))).toBe(hexOf(bytesOf(hex)));
  });

  test('mapped into IPv6 are IPv4 addresses', () => {
    expect(formatIpAddress(bytesOf('00000000 00000000 0000ffff 0a010203'))).toBe('10.1.2.3');
    expect(hexOf(parseIpAddress('::ffff:10.1.2.3'))).toBe('0a010203');
    expect(hexOf(parseIpAddress('::FFFF:a01:203'))).toBe('0a010203');
  });

  test('are read in other spellings', () => {
    const bytes = '20010db8000000000000000000000005';
    expect(hexOf(parseIpAddress('2001:0DB8:0:0:0::5'))).toBe(bytes);
    expect(hexOf(parseIpAddress('2001:db8::0.0.0.5'))).toBe(bytes);
  });

  test('are written as Node.js writes them', () => {
    const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const text = groups.map((value) => value.toString(16)).join(':');
        const ours = formatIpAddress(parseIpAddress(text));
        const { address } = new SocketAddress({ address: text, family: 'ipv6' });
        // inet_ntop shows ::a.b.c.d with dots for addresses that nobody uses any more
        if (!address.includes('.')) expect(ours).toBe(address);
        expect(hexOf(parseIpAddress(ours))).toBe(hexOf(parseIpAddress(text)));
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ...['', '10.1.2', '10.1.2.256', '10.1.2.03', '10.1.2.3.4', 'localhost', '1.2.3.4:5', ':'],
    ...[':::', '1::2::3', '12345::', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', 'fe80::1%eth0'],
    ...['1:2:3:4:5:6:7::8', '::1.2.3', '::1.2.3.4:5', '1:2:3:4:5:6:7:1.2.3.4', ':1::2', '::g'],
  ])('are not "%s"', (text) => {
    expect(() => parseIpAddress(text)).toThrow(TypeError);
  });

  test('have 4 or 16 bytes', () => {
    expect(() => formatIpAddress(new Uint8Array(5))).toThrow(RangeError);
  });
});
