/**
 * Takeover (RFC 5353 §3.5; enrp.md §7.3): the pool elements of a peer that is dead get a new home. It is
 * agreed upon with all others first; of two that want the same, the lower identifier goes on, as rsplib has
 * it (decision 8).
 */

import type { WalkToken } from '../../handlespace/handlespace.ts';
import type { Milliseconds, RegistrarId } from '../../types.ts';
import {
  type EnrpInitTakeover,
  type EnrpInitTakeoverAck,
  type EnrpTakeoverServer,
  UPDATE_ACTION,
} from '../../wire/enrp-messages.ts';
import { SLICE } from '../registrar/backlog.ts';
import type { EnrpContext } from './context.ts';
import type { PeerDownReason } from './events.ts';
import { announce } from './handle-update.ts';
import { sendPresence } from './heartbeat.ts';
import { endLink, type Link, sendToPeer } from './links.ts';
import { noteHome } from './orphans.ts';
import type { Peer } from './peers.ts';
import { storeRemote } from './store.ts';
import { abandon } from './synchronisation.ts';

/** One that we have begun. */
export interface Takeover {
  readonly target: RegistrarId;
  /** Who has not agreed yet. */
  readonly missing: Set<RegistrarId>;
  deadline: Milliseconds;
  isSecondAttempt: boolean;
}

/** Decision 40: so long is a lost peer called now and then. */
const REMEMBERED_MS = 3_600_000;

/** A peer has not answered in time. */
export function onPeerDead(context: EnrpContext, now: Milliseconds, peer: Peer): void {
  const { handlespace, peers, takeovers, options } = context;
  if (handlespace.ownedBy(peer.id) === 0) {
    drop(context, now, peer, 'silent');
    return;
  }
  const other = peer.takenOverBy === undefined ? undefined : peers.find(peer.takenOverBy);
  if (other !== undefined && !other.isAsked) {
    // Somebody else does it; should he fail, it is tried again.
    peer.takenOverBy = undefined;
    peer.deadline = now + 2 * options.takeoverExpiryIntervalMs;
    return;
  }
  peer.deadline = Number.POSITIVE_INFINITY; // the takeover's counts
  if (!takeovers.has(peer.id)) takeOver(context, now, peer.id);
}

/** Begins to: all who live are asked. */
export function takeOver(context: EnrpContext, now: Milliseconds, target: RegistrarId): void {
  const { peers, takeovers, options, log } = context;
  const peer = peers.find(target);
  const others = peers.heard().filter((one) => one !== peer && !one.isAsked);
  const takeover: Takeover = {
    target,
    missing: new Set(others.map(({ id }) => id)),
    deadline: now + options.takeoverExpiryIntervalMs,
    isSecondAttempt: false,
  };
  log.warn({ peerId: target, peers: others.length }, 'taking over a peer that does not answer');
  takeovers.set(target, takeover);
  const asked = peer === undefined ? others : [...others, peer];
  for (const one of asked) tell(context, one, 'ENRP_INIT_TAKEOVER', target);
  if (takeover.missing.size === 0) finish(context, now, takeover);
}

function tell(
  context: EnrpContext,
  peer: Peer,
  type: 'ENRP_INIT_TAKEOVER' | 'ENRP_INIT_TAKEOVER_ACK' | 'ENRP_TAKEOVER_SERVER',
  targetId: RegistrarId,
): void {
  sendToPeer(context, peer, { type, senderId: context.id, receiverId: peer.id, targetId });
}

export function onInitTakeover(
  context: EnrpContext,
  now: Milliseconds,
  link: Link,
  { targetId }: EnrpInitTakeover,
): void {
  const { id, peers, takeovers, handlespace, options, counters } = context;
  const sender = peers.find(link.peerId);
  if (sender === undefined) {
    counters.ignoredMessages += 1;
    return;
  }
  if (targetId === id) {
    for (const peer of peers.heard()) sendPresence(context, peer, false);
    return;
  }
  if (takeovers.has(targetId)) {
    const isOurs = options.takeoverArbitration === 'lower' ? id < sender.id : id > sender.id;
    if (isOurs) return;
    takeovers.delete(targetId);
  }
  const target = peers.find(targetId);
  if (target !== undefined) {
    target.takenOverBy = sender.id;
    // Should nothing come of it, its silence counts anew.
    if (target.isAsked) target.deadline = now + 2 * options.takeoverExpiryIntervalMs;
  } else if (handlespace.ownedBy(targetId) > 0) noteHome(context, now, targetId); // likewise
  tell(context, sender, 'ENRP_INIT_TAKEOVER_ACK', targetId);
}

export function onInitTakeoverAck(
  context: EnrpContext,
  now: Milliseconds,
  link: Link,
  { targetId }: EnrpInitTakeoverAck,
): void {
  const takeover = context.takeovers.get(targetId);
  if (takeover === undefined || !takeover.missing.delete(link.peerId)) {
    context.counters.ignoredMessages += 1;
    return;
  }
  if (takeover.missing.size === 0) finish(context, now, takeover);
}

/** Who does not answer is asked once more, then it is done without him (enrp.md §7.3). */
export function onTakeoverTimers(context: EnrpContext, now: Milliseconds): void {
  for (const takeover of [...context.takeovers.values()]) {
    if (now < takeover.deadline) continue;
    if (takeover.isSecondAttempt) {
      finish(context, now, takeover);
      continue;
    }
    takeover.isSecondAttempt = true;
    takeover.deadline = now + context.options.takeoverExpiryIntervalMs;
    for (const id of takeover.missing) {
      const peer = context.peers.find(id);
      if (peer !== undefined) tell(context, peer, 'ENRP_INIT_TAKEOVER', takeover.target);
    }
  }
}

/** A dead peer need not agree to anything any more. */
function release(context: EnrpContext, now: Milliseconds, id: RegistrarId): void {
  for (const takeover of [...context.takeovers.values()]) {
    if (takeover.missing.delete(id) && takeover.missing.size === 0) finish(context, now, takeover);
  }
}

/** Anything that a peer says shows that nobody is to take it over. */
export function onSignOfLife({ takeovers, log }: EnrpContext, peer: Peer): void {
  peer.takenOverBy = undefined;
  if (takeovers.delete(peer.id)) log.info({ peerId: peer.id }, 'it lives: not taken over');
}

function finish(context: EnrpContext, now: Milliseconds, { target }: Takeover): void {
  const { id, peers, takeovers, handlespace, backlog, outbox, counters } = context;
  takeovers.delete(target);
  counters.takeovers += 1;
  const peer = peers.find(target);
  if (peer !== undefined) drop(context, now, peer, 'takenOver');
  for (const one of peers.heard()) tell(context, one, 'ENRP_TAKEOVER_SERVER', target);
  let poolElements = 0;
  backlog.start(now, () => {
    const adopted = handlespace.adopt(target, id, SLICE);
    for (const poolElement of adopted) {
      outbox.push({ type: 'adopted', poolElement });
      // rsplib's peers learn of the new home by this alone (interop-rsplib A12).
      announce(context, UPDATE_ACTION.ADD_PE, poolElement);
    }
    poolElements += adopted.length;
    if (adopted.length === SLICE) return true;
    outbox.push({ type: 'takeover', target, successor: id, poolElements });
    return false;
  });
}

/** RFC 5353 §3.5.2. Not believed of a peer that we hear ourselves, nor of ourselves. */
export function onTakeoverServer(
  context: EnrpContext,
  now: Milliseconds,
  link: Link,
  { targetId: target }: EnrpTakeoverServer,
): void {
  const { id, peers, takeovers, counters } = context;
  const successor = peers.find(link.peerId);
  const peer = peers.find(target);
  const isAlive = target === id || (peer !== undefined && !peer.isAsked);
  if (successor === undefined || isAlive || target === successor.id) {
    counters.ignoredMessages += 1;
    if (target === id) for (const one of peers.heard()) sendPresence(context, one, false);
    return;
  }
  takeovers.delete(target);
  if (peer !== undefined) drop(context, now, peer, 'takenOverByPeer');
  rehome(context, now, target, successor.id);
}

function rehome(
  context: EnrpContext,
  now: Milliseconds,
  target: RegistrarId,
  successor: RegistrarId,
): void {
  const { handlespace, backlog, outbox } = context;
  let poolElements = 0;
  let after: WalkToken | undefined;
  backlog.start(now, (at) => {
    const page = handlespace.walk({ homeRegistrarId: target, after, limit: SLICE });
    for (const element of page.elements) {
      storeRemote(context, at, element.poolHandle, element, successor);
    }
    poolElements += page.elements.length;
    after = page.next;
    if (after !== undefined) return true;
    outbox.push({ type: 'takeover', target, successor, poolElements });
    return false;
  });
}

function drop(context: EnrpContext, now: Milliseconds, peer: Peer, reason: PeerDownReason): void {
  const { id } = peer;
  context.log.warn({ peerId: id, reason }, 'peer is down');
  abandon(now, peer);
  endLink(context, peer);
  context.peers.lose(peer, now + REMEMBERED_MS);
  context.takeovers.delete(id);
  context.outbox.push({ type: 'peerDown', id, reason });
  release(context, now, id);
}
