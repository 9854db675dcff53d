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

function ask(context: EnrpContext, now: Milliseconds, peer: Peer): void {
  peer.isAsked = true;
  peer.deadline = now + context.options.peerMaxTimeNoResponseMs;
  sendPresence(context, peer, true);
}

export function forget(context: EnrpContext, peer: Peer): void {
  endLink(context, peer);
  context.peers.forget(peer);
}
