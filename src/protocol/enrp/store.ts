/** Pool elements of peers in our handlespace: as their home tells of them, watched by nobody here. */

import { HandlespaceError } from '../../errors.ts';
import type { PoolElementState } from '../../handlespace/pool-element.ts';
import { formatPoolHandle, type Milliseconds, type RegistrarId } from '../../types.ts';
import type { PoolElementParameter } from '../../wire/parameters.ts';
import { hasTooManyAddresses } from '../transport-addresses.ts';
import type { EnrpContext } from './context.ts';
import type { RemoteRemovalReason } from './events.ts';
import { hasRoomForHome, noteHome } from './orphans.ts';

/** Pools that are remembered as logged. */
const MAX_DISSENT = 1_024;

/**
 * Stores an element under a home that is not ours; it lapses with its registration life when its home says
 * nothing more. False: it cannot be stored.
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
  const outcome = store(context, now, poolHandle, element, { home, isWatched: false, expiresInMs });
  if (outcome === undefined) return false;
  noteHome(context, now, home);
  if (outcome === 'created') {
    const poolElement = handlespace.find(poolHandle, element.id) as PoolElementState;
    outbox.push({ type: 'poolElementAdded', poolElement, reason: 'toldByPeer' });
    if (poolElement.disagrees) noteDissent(context, poolElement);
  }
  return true;
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
  const outcome = store(context, now, poolHandle, element, {
    home: id,
    isWatched: true,
    expiresInMs: Number.POSITIVE_INFINITY,
  });
  if (outcome === undefined) return;
  const poolElement = handlespace.find(poolHandle, element.id) as PoolElementState;
  if (outcome === 'created') {
    outbox.push({ type: 'poolElementAdded', poolElement, reason: 'toldByPeer' });
  }
  outbox.push({ type: 'adopted', poolElement });
}

export function removeRemote(
  context: EnrpContext,
  poolElement: PoolElementState,
  reason: RemoteRemovalReason,
): void {
  context.handlespace.deregister(poolElement.poolHandle, poolElement.id);
  context.outbox.push({ type: 'poolElementRemoved', poolElement, reason });
}

interface Place {
  readonly home: RegistrarId;
  readonly isWatched: boolean;
  readonly expiresInMs: Milliseconds;
}

function store(
  context: EnrpContext,
  now: Milliseconds,
  poolHandle: Uint8Array,
  element: PoolElementParameter,
  { home, isWatched, expiresInMs }: Place,
): 'created' | 'updated' | undefined {
  const { id, lifeMs, policy, userTransport, asapTransport } = element;
  const reason = refusalOf(context, element, home);
  if (reason !== undefined) return refused(context, poolHandle, element, reason);
  try {
    return context.handlespace.register(now, {
      poolHandle,
      id,
      homeRegistrarId: home,
      lifeMs,
      policy,
      userTransport,
      asapTransport,
      association: 0,
      mayDisagree: true,
      isWatched,
      expiresInMs,
    });
  } catch (error) {
    if (!(error instanceof HandlespaceError)) throw error;
    return refused(context, poolHandle, element, error.message);
  }
}

/**
 * What no registration here could have. Nobody can look after an element that cannot be called (decision 13), and a
 * message on it alone must be able to hold it.
 */
function refusalOf(
  context: EnrpContext,
  { userTransport, asapTransport }: PoolElementParameter,
  home: RegistrarId,
): string | undefined {
  const { maxTransportAddresses: limit } = context;
  if (asapTransport === undefined) return 'It has no ASAP transport.';
  if ([userTransport, asapTransport].some((one) => hasTooManyAddresses(one, limit))) {
    return `A transport of it has more than ${limit} addresses.`;
  }
  return hasRoomForHome(context, home) ? undefined : 'There are too many unknown homes already.';
}

function refused(
  { log }: EnrpContext,
  poolHandle: Uint8Array,
  { id }: PoolElementParameter,
  reason: string,
): undefined {
  const pool = formatPoolHandle(poolHandle);
  log.warn({ pool, poolElementId: id, reason }, 'pool element of a peer not stored');
}

/** Decision 39: once for each pool. Of very many pools, the first are told of again. */
function noteDissent({ dissent, log }: EnrpContext, { poolHandle, id }: PoolElementState): void {
  const pool = formatPoolHandle(poolHandle);
  if (dissent.has(pool)) return;
  if (dissent.size >= MAX_DISSENT) dissent.clear();
  dissent.add(pool);
  log.warn({ pool, poolElementId: id }, 'not selected: it has another policy than its pool');
}
