/**
 * How far an IP address reaches, and which addresses of a peer are of use to others. The levels and their
 * order are rsplib's (-minaddressscope), for unicast; multicast, unspecified and reserved addresses are of no
 * use to anybody.
 */

import type { IpAddress } from '../../types.ts';

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
  const lower = address.toLowerCase();
  if (!lower.includes(':')) return levelOfV4(lower);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(lower)?.[1];
  return mapped === undefined ? levelOfV6(lower) : levelOfV4(mapped);
}

function levelOfV4(address: string): number {
  const [a = 0, b = 0] = address.split('.').map(Number);
  if (a === 0 || a >= 224) return LEVEL.none;
  if (a === 127) return LEVEL.loopback;
  if (a === 169 && b === 254) return LEVEL.linkLocal;
  const isPrivate = a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168);
  return isPrivate ? LEVEL.siteLocal : LEVEL.global;
}

function levelOfV6(address: string): number {
  if (address === '::1') return LEVEL.loopback;
  const first = Number.parseInt(address.split(':')[0] || '0', 16);
  if (address === '::' || first >= 0xff00) return LEVEL.none;
  if (first >= 0xfe80 && first <= 0xfebf) return LEVEL.linkLocal;
  // RFC 4193 §3.3: the scope of unique local addresses (fc00::/7) is global.
  return first >= 0xfec0 && first <= 0xfeff ? LEVEL.siteLocal : LEVEL.global;
}
