/**
 * Homes that are no peers: pool elements of theirs have come with the table of a peer, which had not noticed
 * yet that their home is dead. Nobody would ever supervise them here. Such a home has the time that a silent
 * peer has; then it is taken over like one.
 */

import type { Milliseconds, RegistrarId } from '../../types.ts';
import type { EnrpContext } from './context.ts';
import { takeOver } from './takeover.ts';

/** An element has been stored under this home. */
export function noteHome(context: EnrpContext, now: Milliseconds, home: RegistrarId): void {
  const { peers, orphans, options } = context;
  if (peers.find(home) !== undefined || orphans.has(home)) return;
  const { peerMaxTimeLastHeardMs, peerMaxTimeNoResponseMs } = options;
  orphans.set(home, now + peerMaxTimeLastHeardMs + peerMaxTimeNoResponseMs);
}

export function onOrphanTimers(context: EnrpContext, now: Milliseconds): void {
  const { peers, orphans, takeovers, handlespace } = context;
  for (const [home, deadline] of orphans) {
    if (now < deadline) continue;
    orphans.delete(home);
    if (peers.find(home) !== undefined || takeovers.has(home)) continue;
    if (handlespace.ownedBy(home) > 0) takeOver(context, now, home);
  }
}
