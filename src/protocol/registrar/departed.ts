/**
 * Pool elements that were registered here until a peer said that it has them, and whose association to us is up all the
 * same: what the peer says may be late, or wrong. They may still speak for themselves over that association (decision
 * 38), and are asked when the peer has lost them (decision 52).
 */

import type { PoolElementState } from '../../handlespace/pool-element.ts';
import type { AssociationId } from '../../types.ts';
import { keyOf } from '../pool-element-key.ts';
import type { RegistrarContext } from './context.ts';

/** @param poolElement as it was registered here */
export function onMovedAway(
  { associations, departed }: RegistrarContext,
  poolElement: PoolElementState,
): void {
  const { poolHandle, id } = poolElement;
  const association = poolElement.association as AssociationId;
  if (associations.has(association)) departed.set(keyOf(poolHandle, id), association, poolElement);
}

/** Whether this element, which is a peer's as far as we know, was registered here over `association` before. */
export function hasDepartedFrom(
  { departed }: RegistrarContext,
  association: AssociationId,
  { poolHandle, id, association: current }: PoolElementState,
): boolean {
  if (departed.size === 0 || current !== 0) return false;
  return departed.get(keyOf(poolHandle, id))?.association === association;
}

/** Over which association it was ours, if it is one of them. From now on it is not. */
export function takeDeparted(
  { departed }: RegistrarContext,
  { poolHandle, id }: PoolElementState,
): AssociationId | undefined {
  if (departed.size === 0) return undefined;
  const key = keyOf(poolHandle, id);
  const association = departed.get(key)?.association;
  departed.delete(key);
  return association;
}
