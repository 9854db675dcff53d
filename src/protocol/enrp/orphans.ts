/**
 * Homes that are no peers: pool elements of theirs have come with the table of a peer, which had not noticed
 * yet that their home is dead. Nobody would ever supervise them here. Such a home has the time that a silent
 * peer has; then it is taken over like one.
 */

import type { Milliseconds, RegistrarId } from '../../types.ts';
import type { EnrpContext } from './context.ts';

/** An element has been stored under this home. */
export function noteHome(context: EnrpContext, now: Milliseconds, home: RegistrarId): void {
  const { peers, orphans, options } = context;
  if (peers.find(home) !== undefined || orphans.has(home)) return;
  const { peerMaxTimeLastHeardMs, peerMaxTimeNoResponseMs } = options;
  orphans.set(home, now + peerMaxTimeLastHeardMs + peerMaxTimeNoResponseMs);
}

/** Those whose time is over: they are to be taken over. */
export function lapsedOrphans(context: EnrpContext, now: Milliseconds): RegistrarId[] {
  const { peers, orphans, takeovers, handlespace } = context;
  const lapsed = [...orphans].filter(([, deadline]) => now >= deadline).map(([home]) => home);
  for (const home of lapsed) orphans.delete(home);
  return lapsed.filter(
    (home) =>
      peers.find(home) === undefined && !takeovers.has(home) && handlespace.ownedBy(home) > 0,
  );
}
