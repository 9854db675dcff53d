/** The audit (RFC 5353 §3.6): what a peer says of its elements' checksum against what we know of them. */

import type { Milliseconds } from '../../types.ts';
import type { EnrpContext } from './context.ts';
import type { Link } from './links.ts';
import type { Peer } from './peers.ts';
import { synchronise } from './synchronisation.ts';

export function audit(
  context: EnrpContext,
  now: Milliseconds,
  link: Link,
  peer: Peer,
  checksum: number | undefined,
): void {
  const { handlespace, counters, start, log } = context;
  const isBusy = !start.isOver || peer.synchronisation !== undefined;
  if (isBusy || checksum === undefined || checksum === handlespace.checksum(peer.id)) return;
  counters.synchronisations += 1;
  log.info({ peerId: peer.id }, 'the view of a peer differs from ours: reading its table');
  synchronise(context, now, link, peer, { ownOnly: true });
}
