/** The audit (RFC 5353 §3.6): what a peer says of its elements' checksum against what we know of them. */

import type { Milliseconds } from '../../types.ts';
import type { EnrpContext } from './context.ts';
import type { Link } from './links.ts';
import type { Peer } from './peers.ts';
import { synchronise } from './synchronisation.ts';

/** What a reading of the peer's table did not help against: elements of its that cannot be stored here. */
export interface LastingDifference {
  /** Their checksum without ours. The same changes at both of us do not change it. */
  readonly checksum: number;
  /** Until then it is not looked into again. */
  readonly until: Milliseconds;
}

const LASTING_MS = 300_000;

export function audit(
  context: EnrpContext,
  now: Milliseconds,
  link: Link,
  peer: Peer,
  checksum: number | undefined,
): void {
  const { handlespace, counters, start, log } = context;
  if (!start.isOver || peer.synchronisation !== undefined || checksum === undefined) return;
  const { id } = peer;
  const differenceNow = () => (checksum - handlespace.checksum(id) + ONES) % ONES;
  const difference = differenceNow();
  const { lasting } = peer;
  if (difference === 0) peer.lasting = undefined;
  if (difference === 0 || (difference === lasting?.checksum && now < lasting.until)) return;
  counters.synchronisations += 1;
  log.info({ peerId: id }, 'the view of a peer differs from ours: reading its table');
  const onEnd = (at: Milliseconds, isComplete: boolean) => {
    // Where it has helped, the same difference is another one when it comes again.
    if (!isComplete || differenceNow() !== difference) return;
    peer.lasting = { checksum: difference, until: at + LASTING_MS };
  };
  synchronise(context, now, link, peer, { ownOnly: true, onEnd });
}

/** Checksums are sums in ones' complement of 16 bits (RFC 5354 §3.15): 0 and 0xffff are the same. */
const ONES = 0xffff;
