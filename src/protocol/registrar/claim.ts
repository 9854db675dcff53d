/**
 * A pool element becomes ours by what it says over an association, without registering: it acknowledges a keep-alive
 * with the H bit (RFC 5352 §3.4), or leaves here although its home is another registrar (decision 36).
 */

import { HandlespaceError } from '../../errors.ts';
import type { PoolElementState } from '../../handlespace/pool-element.ts';
import type { AssociationId, Milliseconds } from '../../types.ts';
import type { RegistrarContext } from './context.ts';
import { expiryOf } from './registration.ts';

/** What it is from now on, which everybody has been told; `undefined`: the handlespace refuses it. */
export function claim(
  context: RegistrarContext,
  now: Milliseconds,
  association: AssociationId,
  poolElement: PoolElementState,
): PoolElementState | undefined {
  const { id, handlespace, options, changes, log } = context;
  const { poolHandle, lifeMs, policy, userTransport, asapTransport } = poolElement;
  try {
    const outcome = handlespace.register(now, {
      poolHandle,
      id: poolElement.id,
      homeRegistrarId: id,
      lifeMs,
      policy,
      userTransport,
      asapTransport,
      association,
      isWatched: true,
      mayDisagree: true,
      expiresInMs: expiryOf(lifeMs, options),
    });
    const stored = handlespace.find(poolHandle, poolElement.id) as PoolElementState;
    if (outcome === 'created') changes.onAdded(stored);
    else changes.onUpdated(stored);
    return stored;
  } catch (error) {
    if (!(error instanceof HandlespaceError)) throw error;
    log.warn({ poolElement, reason: error.message }, 'pool element not adopted');
    return undefined;
  }
}
