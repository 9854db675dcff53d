/** Who may speak for a pool element (decision 38). rsplib lets anybody (interop-rsplib B4). */

import type { PoolElementState } from '../../handlespace/pool-element.ts';
import { addressesOf } from '../transport-addresses.ts';
import type { Association } from './associations.ts';
import type { RegistrarContext } from './context.ts';
import { hasDepartedFrom } from './departed.ts';

/**
 * Whether `association` is neither the one that registered `element` nor one from its addresses: a pool
 * element that lost its association comes back over another one, before we have noticed perhaps. That a peer
 * says it has the element, at whatever addresses, makes nobody a stranger who is still connected to us.
 */
export function isStranger(
  context: RegistrarContext,
  association: Association,
  element: PoolElementState,
): boolean {
  if (!context.options.refusesStrangers || element.association === association.id) return false;
  if (hasDepartedFrom(context, association.id, element)) return false;
  const known = addressesOf(element.asapTransport ?? element.userTransport);
  return !association.peerAddresses.some(({ address }) => known.includes(address));
}
