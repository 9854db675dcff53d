/**
 * ENRP_HANDLE_TABLE_REQUEST (RFC 5353 §3.2.3, §3.6.3): a peer reads our handlespace, page by page. Each
 * association has its own place in it, and one more in our own elements, so that two readers never mix. The
 * walk shows every element that stays exactly once, whatever changes between the pages.
 */

import type { WalkToken } from '../../handlespace/handlespace.ts';
import type { PoolElementState } from '../../handlespace/pool-element.ts';
import type { Milliseconds } from '../../types.ts';
import type { EnrpHandleTableRequest, HandleTableEntry } from '../../wire/enrp-messages.ts';
import { encodePoolHandleParameter } from '../../wire/parameter-codec.ts';
import type { PoolElementParameter, TransportParameter } from '../../wire/parameters.ts';
import type { EnrpContext } from './context.ts';
import type { Link } from './links.ts';

/** How far a peer has read. */
export interface TableSession {
  readonly ownOnly: boolean;
  after: WalkToken | undefined;
  /** Taken from the walk already, not sent yet. */
  readonly rest: PoolElementState[];
  /** Those that are exotic: their turn comes last. */
  readonly aside: PoolElementState[];
  isAtEnd: boolean;
  /** Who has not asked on by then reads anew. */
  expiresAt: Milliseconds;
}

/** Which rsplib does not know. */
const EXOTIC: readonly TransportParameter['protocol'][] = ['dccp', 'udp-lite', 'opaque'];

/** Header and identifiers of a page. */
const PAGE_HEADER_BYTES = 12;

export function onHandleTableRequest(
  context: EnrpContext,
  now: Milliseconds,
  link: Link,
  { senderId, ownOnly }: EnrpHandleTableRequest,
): void {
  const { id, start, outbox, options } = context;
  const which = ownOnly ? 'own' : 'all';
  const begun = link.sessions[which];
  const session = begun !== undefined && now < begun.expiresAt ? begun : newSession(ownOnly);
  // A page and the next request may each take as long as the reader waits for an answer.
  session.expiresAt = now + 2 * options.peerMaxTimeNoResponseMs;
  const entries = start.isOver ? nextPage(context, session) : [];
  const hasMore = start.isOver && hasRest(session);
  link.sessions[which] = hasMore ? session : undefined;
  outbox.send(link.id, {
    type: 'ENRP_HANDLE_TABLE_RESPONSE',
    senderId: id,
    receiverId: senderId,
    isRejected: !start.isOver,
    hasMore,
    entries,
  });
}

/** Lets go of what has been taken from the walk for readers who do not ask on. */
export function endStaleSessions({ links }: EnrpContext, now: Milliseconds): void {
  for (const { sessions } of links.values()) {
    if (sessions.all !== undefined && now >= sessions.all.expiresAt) sessions.all = undefined;
    if (sessions.own !== undefined && now >= sessions.own.expiresAt) sessions.own = undefined;
  }
}

function newSession(ownOnly: boolean): TableSession {
  return { ownOnly, after: undefined, rest: [], aside: [], isAtEnd: false, expiresAt: 0 };
}

function hasRest({ rest, aside, isAtEnd }: TableSession): boolean {
  return rest.length > 0 || aside.length > 0 || !isAtEnd;
}

function nextPage(context: EnrpContext, session: TableSession): HandleTableEntry[] {
  const { handlespace, options } = context;
  const entries: { poolHandle: Uint8Array; poolElements: PoolElementParameter[] }[] = [];
  let bytes = PAGE_HEADER_BYTES;
  let count = 0;
  while (count < options.maxElementsPerHandleTableRequest) {
    const taken = take(context, session, count === 0);
    if (taken === undefined) break;
    // It may have changed or gone since it was taken from the walk.
    const element = handlespace.find(taken.poolHandle, taken.id);
    if (element === undefined || !isWanted(context, session, element)) continue;
    const last = entries.at(-1);
    const isSamePool =
      last !== undefined && Buffer.compare(last.poolHandle, element.poolHandle) === 0;
    const handleBytes = isSamePool ? 0 : encodePoolHandleParameter(element.poolHandle).length;
    const more = handleBytes + element.encoded.length;
    if (bytes + more > options.maxHandleTableBytes && count > 0) {
      session.rest.unshift(taken);
      break;
    }
    if (isSamePool) last.poolElements.push(element);
    else entries.push({ poolHandle: element.poolHandle, poolElements: [element] });
    bytes += more;
    count += 1;
  }
  return entries;
}

function take(context: EnrpContext, session: TableSession, isFirst: boolean) {
  const { rest, aside } = session;
  const { maxElementsPerHandleTableRequest: limit } = context.options;
  if (rest.length === 0 && !session.isAtEnd) walkOn(context, session, limit);
  // They have pages of their own, behind all others: rsplib drops a message with one of them (decision 21).
  const isTheirTurn = isFirst && (session.isAtEnd || aside.length >= limit);
  if (rest.length === 0 && isTheirTurn) rest.push(...aside.splice(0));
  return rest.shift();
}

function walkOn({ id, handlespace }: EnrpContext, session: TableSession, limit: number): void {
  const { ownOnly, after, rest, aside } = session;
  const homeRegistrarId = ownOnly ? id : undefined;
  const { elements, next } = handlespace.walk({ homeRegistrarId, after, limit });
  for (const element of elements) (isExotic(element) ? aside : rest).push(element);
  session.after = next;
  session.isAtEnd = next === undefined;
}

function isExotic({ userTransport }: PoolElementState): boolean {
  return EXOTIC.includes(userTransport.protocol);
}

/** Its home may be another one by now. */
function isWanted(
  { id }: EnrpContext,
  { ownOnly }: TableSession,
  { homeRegistrarId }: PoolElementState,
): boolean {
  return !ownOnly || homeRegistrarId === id;
}
