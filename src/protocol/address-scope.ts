/**
 * How far an IP address reaches, and which addresses of a peer are of use to others. The levels and their
 * order are rsplib's (-minaddressscope), for unicast; multicast, unspecified and reserved addresses are of no
 * use to anybody.
 */

import type { IpAddress } from '../types.ts';
import { parseIpAddress } from '../wire/addresses.ts';
import { readU16 } from '../wire/bytes.ts';

/** The smallest reach that an address must have to be given to others. */
export type AddressScope = 'loopback' | 'sitelocal' | 'global';

const LEVEL = { none: 0, loopback: 2, linkLocal: 4, siteLocal: 6, global: 10 } as const;
const LEAST_LEVEL: Record<AddressScope, number> = {
  loopback: LEVEL.loopback,
  sitelocal: LEVEL.siteLocal,
  global: LEVEL.global,
};

/** Whether `address` reaches at least as far as `scope`. */
export function isInScope(address: IpAddress, scope: AddressScope): boolean {
  return levelOf(address) >= LEAST_LEVEL[scope];
}

/**
 * Decision 43: site-local, so that nobody is sent to an address of his own; loopback when there is nothing
 * but loopback, as in a demonstration on one machine.
 */
export function defaultAddressScope(localAddresses: readonly IpAddress[]): AddressScope {
  const isLoopback = (address: IpAddress) => levelOf(address) === LEVEL.loopback;
  return localAddresses.length > 0 && localAddresses.every(isLoopback) ? 'loopback' : 'sitelocal';
}

function levelOf(address: IpAddress): number {
  const bytes = parseIpAddress(address);
  return bytes.length === 4 ? levelOfV4(bytes) : levelOfV6(bytes);
}

function levelOfV4([a = 0, b = 0]: Uint8Array): number {
  if (a === 0 || a >= 224) return LEVEL.none;
  if (a === 127) return LEVEL.loopback;
  if (a === 169 && b === 254) return LEVEL.linkLocal;
  const isPrivate = a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168);
  return isPrivate ? LEVEL.siteLocal : LEVEL.global;
}

function levelOfV6(bytes: Uint8Array): number {
  const last = bytes[15] as number;
  if (last <= 1 && bytes.subarray(0, 15).every((byte) => byte === 0)) {
    return last === 1 ? LEVEL.loopback : LEVEL.none;
  }
  const first = readU16(bytes, 0);
  if (first >= 0xff00) return LEVEL.none;
  if (first >= 0xfe80 && first <= 0xfebf) return LEVEL.linkLocal;
  // RFC 4193 §3.3: the scope of unique local addresses (fc00::/7) is global.
  return first >= 0xfec0 && first <= 0xfeff ? LEVEL.siteLocal : LEVEL.global;
}
