/** Peers that fall silent (RFC 5353 §3.4.2): asked whether they live, and given up. */

import type { Milliseconds } from '../../types.ts';
import type { EnrpContext } from './context.ts';
import { sendPresence } from './heartbeat.ts';
import { endLink } from './links.ts';
import { type Peer, UNHEARD } from './peers.ts';
import { onPeerDead } from './takeover.ts';

export function onPeerTimers(context: EnrpContext, now: Milliseconds): void {
  for (const peer of context.peers.all()) {
    if (now < peer.deadline) continue;
    if (peer.id === UNHEARD) forget(context, peer);
    else if (peer.isAsked) onPeerDead(context, now, peer);
    else ask(context, now, peer);
  }
}

/**
 * Decision 46: this process has been paused, and its own heartbeat is too late. What peers have said meanwhile has been
 * read by now, as far as it came; nobody is dead for the rest.
 */
export function onPause(context: EnrpContext, now: Milliseconds): void {
  const { peers, takeovers, orphans, options, log } = context;
  log.warn({}, 'process was suspended, peer time-outs extended');
  const soonest = now + options.peerMaxTimeNoResponseMs;
  for (const waiting of [...peers.heard(), ...takeovers.values()]) {
    waiting.deadline = Math.max(waiting.deadline, soonest);
  }
  for (const [home, deadline] of orphans) orphans.set(home, Math.max(deadline, soonest));
}

function ask(context: EnrpContext, now: Milliseconds, peer: Peer): void {
  peer.isAsked = true;
  peer.deadline = now + context.options.peerMaxTimeNoResponseMs;
  sendPresence(context, peer, true);
}

export function forget(context: EnrpContext, peer: Peer): void {
  endLink(context, peer);
  context.peers.forget(peer);
}
