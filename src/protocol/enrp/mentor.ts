/**
 * Start-up (RFC 5353 §3.2): the first peer that is heard becomes the mentor, whose list of peers and whose
 * handle table are read. When it does not answer, another one is asked, its backup; when nobody does, we are alone.
 */

import type { Milliseconds, RegistrarId } from '../../types.ts';
import type { EnrpContext } from './context.ts';
import type { Link } from './links.ts';
import type { Peer } from './peers.ts';
import { abandon, synchronise } from './synchronisation.ts';

/** Enough for a million pool elements. What a slower mentor has not told by then, the audits find. */
const MENTOR_READ_MS = 60_000;

export class StartUp {
  /** When the search for a mentor is given up; `Infinity`: it has not begun. */
  deadline: Milliseconds = Number.POSITIVE_INFINITY;
  mentor: RegistrarId | undefined;
  /** Who has been asked for his table, and has not told all of it. */
  readonly tried = new Set<RegistrarId>();
  /** When the mentor's table must have been read. */
  mentorDeadline: Milliseconds = Number.POSITIVE_INFINITY;
  /** Until then requests for our list and table are rejected. */
  isOver = false;

  get nextDeadline(): Milliseconds {
    if (this.isOver) return Number.POSITIVE_INFINITY;
    return this.mentor === undefined ? this.deadline : this.mentorDeadline;
  }
}

/** Nobody is looked for where nobody can be found. */
export function startUp(context: EnrpContext, now: Milliseconds): void {
  const { peers, announces, options, start } = context;
  const canBeFound = announces || peers.size > 0;
  start.deadline = canBeFound ? now + options.mentorDiscoveryTimeoutMs : now;
}

/** A peer has been heard over an association. */
export function onMentorCandidate(
  context: EnrpContext,
  now: Milliseconds,
  link: Link,
  peer: Peer,
): void {
  const { start } = context;
  if (start.isOver || start.mentor !== undefined) return;
  context.log.info({ mentorId: peer.id }, 'reading the handle table of a mentor');
  start.mentor = peer.id;
  start.mentorDeadline = now + MENTOR_READ_MS;
  synchronise(context, now, link, peer, {
    ownOnly: false,
    onEnd: (at, isComplete) => onTable(context, at, isComplete),
  });
}

/** The mentor's table is complete, or will not be. */
function onTable(context: EnrpContext, now: Milliseconds, isComplete: boolean): void {
  if (isComplete) {
    finish(context);
    return;
  }
  const { start } = context;
  if (start.mentor !== undefined) start.tried.add(start.mentor);
  start.mentor = undefined;
  const backup = backupOf(context);
  if (backup !== undefined) onMentorCandidate(context, now, ...backup);
  // Else the next presence may name one that has been tried, but has started by now.
  else onStartTimer(context, now);
}

/** RFC 5353 §3.2.3: one that is there, and has not been asked yet; also when the search is over by now. */
function backupOf({ peers, links, start }: EnrpContext): [Link, Peer] | undefined {
  for (const peer of peers.heard()) {
    const link = peer.association === undefined ? undefined : links.get(peer.association);
    const isUsable = link !== undefined && !peer.isAsked && peer.synchronisation === undefined;
    if (isUsable && !start.tried.has(peer.id)) return [link, peer];
  }
  return undefined;
}

/** The search may be over while a table is still being read: then that is waited for, but not for ever. */
export function onStartTimer(context: EnrpContext, now: Milliseconds): void {
  const { start, peers } = context;
  if (start.isOver) return;
  if (start.mentor === undefined) {
    if (now >= start.deadline) finish(context);
    return;
  }
  const mentor = peers.find(start.mentor);
  if (now >= start.mentorDeadline && mentor !== undefined) abandon(now, mentor);
}

function finish(context: EnrpContext): void {
  const { start, outbox, log } = context;
  start.isOver = true;
  log.info({ mentorId: start.mentor }, 'in service');
  outbox.push({ type: 'inService', mentor: start.mentor });
}
