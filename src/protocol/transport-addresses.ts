/** The addresses of a transport parameter, and how many are too many. */

import type { IpAddress } from '../types.ts';
import type { TransportParameter } from '../wire/parameters.ts';

/** None of what nobody here can read. */
export function addressesOf(transport: TransportParameter): readonly IpAddress[] {
  return transport.protocol === 'opaque' ? [] : transport.addresses;
}

/** `maxTransportAddresses`; of what nobody here can read, the octets that so many IPv6 addresses take. */
export function hasTooManyAddresses(transport: TransportParameter, limit: number): boolean {
  if (transport.protocol !== 'opaque') return transport.addresses.length > limit;
  return transport.bytes.length > limit * IPV6_ADDRESS_PARAMETER_BYTES;
}

const IPV6_ADDRESS_PARAMETER_BYTES = 20;
