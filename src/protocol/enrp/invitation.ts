/**
 * Registrars that have only been heard of: in the list of a peer (RFC 5353 §3.2.2), or by an announce to the
 * multicast group (decision 5). They are called, and are peers when they answer: what anybody may write in their name,
 * a datagram above all, makes nobody a peer, keeps nobody one, and wakes no dead.
 */

import type { Milliseconds, SctpAddress } from '../../types.ts';
import type { EnrpContext } from './context.ts';
import { sendPresence } from './heartbeat.ts';
import { overlaps } from './peers.ts';

/** Somebody may take ENRP there. We may have done so ourselves, under the identifier that we had before a restart. */
export function invite(
  context: EnrpContext,
  now: Milliseconds,
  addresses: readonly SctpAddress[],
): void {
  const { peers, options, ownAddresses, counters } = context;
  if (addresses.length === 0 || overlaps(addresses, ownAddresses)) return;
  const known = peers.findUnheard(addresses);
  if (known !== undefined) {
    // It would have to wait for its turn (decision 40).
    if (known.attempt === undefined) sendPresence(context, known, true);
    return;
  }
  // Nobody makes way: else any number of datagrams would have any number of places called.
  if (peers.size >= options.maxPeers) {
    counters.ignoredMessages += 1;
    return;
  }
  const deadline = now + options.peerMaxTimeLastHeardMs + options.peerMaxTimeNoResponseMs;
  sendPresence(context, peers.addUnheard(addresses, deadline), true);
}
