/** Pool elements of peers in our handlespace: as their home tells of them, watched by nobody here. */

import { HandlespaceError } from '../../errors.ts';
import type { PoolElementState } from '../../handlespace/pool-element.ts';
import { formatPoolHandle, type Milliseconds, type RegistrarId } from '../../types.ts';
import type { PoolElementParameter } from '../../wire/parameters.ts';
import type { EnrpContext } from './context.ts';
import { noteHome } from './orphans.ts';

/**
 * Stores an element under a home that is not ours; it lapses with its registration life when its home says
 * nothing more. False: it does not fit into its pool.
 */
export function storeRemote(
  context: EnrpContext,
  now: Milliseconds,
  poolHandle: Uint8Array,
  element: PoolElementParameter,
  home: RegistrarId,
): boolean {
  const { handlespace, outbox } = context;
  const { lifeMs } = element;
  const expiresInMs = lifeMs === 0 ? Number.POSITIVE_INFINITY : lifeMs;
  const outcome = attempt(context, poolHandle, element, () =>
    handlespace.register(now, {
      poolHandle,
      id: element.id,
      homeRegistrarId: home,
      lifeMs,
      policy: element.policy,
      userTransport: element.userTransport,
      asapTransport: element.asapTransport,
      association: 0,
      isWatched: false,
      expiresInMs,
    }),
  );
  if (outcome !== undefined) noteHome(context, now, home);
  if (outcome === 'created') {
    const poolElement = handlespace.find(poolHandle, element.id) as PoolElementState;
    outbox.push({ type: 'remotePoolElementAdded', poolElement });
  }
  return outcome !== undefined;
}

/**
 * Stores an element as our own that nobody has registered with this process: it is to be asked for a sign of
 * life, and goes when it gives none.
 */
export function storeAdopted(
  context: EnrpContext,
  now: Milliseconds,
  poolHandle: Uint8Array,
  element: PoolElementParameter,
): void {
  const { id, handlespace, outbox } = context;
  const outcome = attempt(context, poolHandle, element, () =>
    handlespace.register(now, {
      poolHandle,
      id: element.id,
      homeRegistrarId: id,
      lifeMs: element.lifeMs,
      policy: element.policy,
      userTransport: element.userTransport,
      asapTransport: element.asapTransport,
      association: 0,
      isWatched: true,
      expiresInMs: Number.POSITIVE_INFINITY,
    }),
  );
  if (outcome === undefined) return;
  handlespace.probe(now, poolHandle, element.id);
  const poolElement = handlespace.find(poolHandle, element.id) as PoolElementState;
  outbox.push({ type: 'adopted', poolElement });
}

export function removeRemote(context: EnrpContext, poolElement: PoolElementState): void {
  context.handlespace.deregister(poolElement.poolHandle, poolElement.id);
  context.outbox.push({ type: 'remotePoolElementRemoved', poolElement });
}

function attempt(
  { log }: EnrpContext,
  poolHandle: Uint8Array,
  { id }: PoolElementParameter,
  register: () => 'created' | 'updated',
): 'created' | 'updated' | undefined {
  try {
    return register();
  } catch (error) {
    if (!(error instanceof HandlespaceError)) throw error;
    log.warn(
      { pool: formatPoolHandle(poolHandle), poolElementId: id, reason: error.message },
      'pool element of a peer not stored',
    );
    return undefined;
  }
}
