/** Reach of addresses (-minaddressscope, decision 43). */

import { describe, expect, test } from 'vitest';
import {
  type AddressScope,
  defaultAddressScope,
  isInScope,
} from '../../src/protocol/address-scope.ts';

describe('the scope of an address', () => {
  const scopes: readonly AddressScope[] = ['loopback', 'sitelocal', 'global'];

  test.each([
    ['127.0.0.1', ['loopback']],
    ['127.255.255.254', ['loopback']],
    ['169.254.1.1', ['loopback']],
    ['10.0.0.1', ['loopback', 'sitelocal']],
    ['172.16.0.1', ['loopback', 'sitelocal']],
    ['172.31.255.1', ['loopback', 'sitelocal']],
    ['192.168.1.1', ['loopback', 'sitelocal']],
    ['172.15.0.1', scopes],
    ['172.32.0.1', scopes],
    ['192.169.0.1', scopes],
    ['8.8.8.8', scopes],
    ['0.0.0.0', []],
    ['224.0.0.1', []],
    ['239.0.0.50', []],
    ['255.255.255.255', []],
    ['::', []],
    ['::1', ['loopback']],
    ['fe80::1', ['loopback']],
    ['FE80::1', ['loopback']],
    ['fec0::1', ['loopback', 'sitelocal']],
    ['fd00::1', scopes],
    ['2001:db8::1', scopes],
    ['ff02::1', []],
    ['::ffff:10.0.0.1', ['loopback', 'sitelocal']],
    ['::ffff:127.0.0.1', ['loopback']],
  ])('%s reaches %j', (address, expected) => {
    expect(scopes.filter((scope) => isInScope(address, scope))).toEqual(expected);
  });
});

describe('the default scope', () => {
  test.each([
    [['127.0.0.1', '::1'], 'loopback'],
    [['127.0.0.1', '10.0.0.1'], 'sitelocal'],
    [['10.0.0.1'], 'sitelocal'],
    [[], 'sitelocal'],
  ])('of a registrar at %j is %s', (localAddresses, scope) => {
    expect(defaultAddressScope(localAddresses)).toBe(scope);
  });
});
