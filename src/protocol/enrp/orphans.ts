/**
 * Homes that are no peers: pool elements of theirs have come with the table of a peer, which had not noticed
 * yet that their home is dead. Nobody would ever supervise them here. Such a home has the time that a silent
 * peer has; then it is taken over like one.
 */

import type { Milliseconds, RegistrarId } from '../../types.ts';
import type { EnrpContext } from './context.ts';

/** Whether elements may be stored under this home: of homes that nobody has heard there are not any number. */
export function hasRoomForHome(
  { id, peers, orphans, options }: EnrpContext,
  home: RegistrarId,
): boolean {
  const isKnown = home === id || peers.find(home) !== undefined || orphans.has(home);
  return isKnown || orphans.size < options.maxPeers;
}

/** An element has been stored under this home. */
export function noteHome(context: EnrpContext, now: Milliseconds, home: RegistrarId): void {
  const { peers, orphans, options } = context;
  if (peers.find(home) !== undefined || orphans.has(home)) return;
  const { peerMaxTimeLastHeardMs, peerMaxTimeNoResponseMs } = options;
  // All have the same time, so that the first one of the map is due first.
  orphans.set(home, now + peerMaxTimeLastHeardMs + peerMaxTimeNoResponseMs);
}

/** When the first one's time is over; `Infinity`: there is none. */
export function nextOrphanDeadline({ orphans }: EnrpContext): Milliseconds {
  const [first = Number.POSITIVE_INFINITY] = orphans.values();
  return first;
}

/** One whose time is over, if there is one: it is to be taken over. The others follow with the next `timeout`. */
export function lapsedOrphan(context: EnrpContext, now: Milliseconds): RegistrarId | undefined {
  const { peers, orphans, takeovers, handlespace } = context;
  for (const [home, deadline] of orphans) {
    if (now < deadline) return undefined;
    orphans.delete(home);
    const isUnattended = peers.find(home) === undefined && !takeovers.has(home);
    if (isUnattended && handlespace.ownedBy(home) > 0) return home;
  }
  return undefined;
}
