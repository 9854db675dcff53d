/**
 * What we say of ourselves (RFC 5353 §3.4): everybody tells everybody that he lives, with the checksum of his own
 * pool elements.
 */

import type { RegistrarId } from '../../types.ts';
import type { EnrpPresence } from '../../wire/enrp-messages.ts';
import type { EnrpContext } from './context.ts';
import { giveUpCall, sendToPeer } from './links.ts';
import { type Peer, UNHEARD } from './peers.ts';

/**
 * Who does not answer a call is called anew so often: SCTP itself tries more and more seldom, and a network that is
 * whole again would be found late.
 */
const CALL_MS = 2_000;

/** Heartbeats from one look at a peer's list to the next. */
const LIST_PACE = 10;

/** The heartbeat: a presence to every peer, and one to the group. */
export function sendHeartbeat(context: EnrpContext, heartbeat: number): void {
  const { peers, outbox, announces, options } = context;
  const callPace = Math.ceil(CALL_MS / options.peerHeartbeatCycleMs);
  if (announces) {
    const payload = outbox.encode(presenceFor(context, UNHEARD, false));
    outbox.push({ type: 'announcePresence', payload });
  }
  for (const peer of peers.all()) {
    // Lists change: whoever we have heard of from nobody may stand in one by now.
    if (heartbeat % LIST_PACE === 0) peer.list = 'wanted';
    if (peer.id === UNHEARD && heartbeat % callPace === 0) giveUpCall(context, peer);
    // Who has not been heard is asked to say something.
    if (heartbeat % peer.pace === 0) sendPresence(context, peer, peer.id === UNHEARD);
  }
}

export function sendPresence(context: EnrpContext, peer: Peer, wantsReply: boolean): void {
  sendToPeer(context, peer, presenceFor(context, peer.id, wantsReply));
}

export function presenceFor(
  { id, handlespace, transport }: EnrpContext,
  receiverId: RegistrarId,
  wantsReply: boolean,
): EnrpPresence {
  return {
    type: 'ENRP_PRESENCE',
    senderId: id,
    receiverId,
    wantsReply,
    checksum: handlespace.checksum(id),
    serverInformation: { id, transport },
  };
}
