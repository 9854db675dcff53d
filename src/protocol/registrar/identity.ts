/** Who may speak for a pool element (decision 38). rsplib lets anybody (interop-rsplib B4). */

import type { PoolElementState } from '../../handlespace/pool-element.ts';
import type { IpAddress } from '../../types.ts';
import type { TransportParameter } from '../../wire/parameters.ts';
import type { Association } from './associations.ts';
import type { RegistrarContext } from './context.ts';

/**
 * Whether `association` is neither the one that registered `element` nor one from its addresses: a pool
 * element that lost its association comes back over another one, before we have noticed perhaps.
 */
export function isStranger(
  { options }: RegistrarContext,
  association: Association,
  element: PoolElementState,
): boolean {
  if (!options.refusesStrangers || element.association === association.id) return false;
  const known = addressesOf(element.asapTransport ?? element.userTransport);
  return !association.peerAddresses.some(({ address }) => known.includes(address));
}

export function addressesOf(transport: TransportParameter): readonly IpAddress[] {
  return transport.protocol === 'opaque' ? [] : transport.addresses;
}
