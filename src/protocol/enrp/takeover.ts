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
import { SLICE } from '../backlog.ts';
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
    drop(context, now, peer, peer.hasLeft ? 'left' : 'silent');
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
  const { id, peers, takeovers, options, counters } = context;
  const sender = peers.find(link.peerId);
  if (sender === undefined) {
    counters.ignoredMessages += 1;
    return;
  }
  if (targetId === id) {
    counters.ignoredMessages += 1;
    sayThatWeLive(context, now);
    return;
  }
  if (isFirstTime(context, targetId, sender.id)) {
    const isOurs = options.takeoverArbitration === 'lower' ? id < sender.id : id > sender.id;
    if (isOurs && takeovers.has(targetId)) return;
    giveWay(context, now, targetId, sender.id);
  }
  tell(context, sender, 'ENRP_INIT_TAKEOVER_ACK', targetId);
}

/**
 * Whether `sender` has not had our way for this one yet. Who has, and says it over and over again, would else keep the
 * target's pool elements from ever having a home.
 */
function isFirstTime({ yielded }: EnrpContext, target: RegistrarId, sender: RegistrarId): boolean {
  return yielded.get(target)?.has(sender) !== true;
}

/** Somebody else does it. Should nothing come of it, the target's silence counts anew. */
function giveWay(
  context: EnrpContext,
  now: Milliseconds,
  targetId: RegistrarId,
  sender: RegistrarId,
): void {
  const { peers, takeovers, handlespace, yielded, options } = context;
  const target = peers.find(targetId);
  takeovers.delete(targetId);
  if (target === undefined && handlespace.ownedBy(targetId) === 0) return;
  yielded.set(targetId, (yielded.get(targetId) ?? new Set()).add(sender));
  if (target === undefined) noteHome(context, now, targetId);
  else {
    target.takenOverBy = sender;
    if (target.isAsked) target.deadline = now + 2 * options.takeoverExpiryIntervalMs;
  }
}

/** To who believes that we do not; there is no need to say it more often than peers can forget it. */
function sayThatWeLive(context: EnrpContext, now: Milliseconds): void {
  const { reassurances, peers } = context;
  if (!reassurances.isOpen(now)) return;
  reassurances.take();
  for (const peer of peers.heard()) sendPresence(context, peer, false);
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
    // One that is finished may release others.
    if (now < takeover.deadline || !context.takeovers.has(takeover.target)) continue;
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

/** Anything that a registrar says shows that nobody is to take it over. */
export function onSignOfLife(context: EnrpContext, id: RegistrarId): void {
  const { peers, takeovers, orphans, yielded, log } = context;
  const peer = peers.find(id);
  if (peer !== undefined) peer.takenOverBy = undefined;
  orphans.delete(id);
  yielded.delete(id);
  if (takeovers.delete(id)) log.info({ peerId: id }, 'peer answered, takeover cancelled');
}

function finish(context: EnrpContext, now: Milliseconds, { target }: Takeover): void {
  const { id, peers, takeovers, handlespace, backlog, outbox, counters, yielded } = context;
  takeovers.delete(target);
  yielded.delete(target);
  counters.takeovers += 1;
  const peer = peers.find(target);
  if (peer !== undefined) drop(context, now, peer, 'takenOver');
  for (const one of peers.heard()) tell(context, one, 'ENRP_TAKEOVER_SERVER', target);
  let poolElements = 0;
  backlog.start(now, () => {
    // When it has come back meanwhile the rest is its own.
    const adopted = peers.find(target) ? [] : handlespace.adopt(target, id, SLICE);
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
    if (target === id) sayThatWeLive(context, now);
    return;
  }
  takeovers.delete(target);
  context.yielded.delete(target);
  if (peer !== undefined) drop(context, now, peer, 'takenOverByPeer');
  rehome(context, now, target, successor.id);
}

function rehome(
  context: EnrpContext,
  now: Milliseconds,
  target: RegistrarId,
  successor: RegistrarId,
): void {
  const { peers, handlespace, backlog, outbox } = context;
  let poolElements = 0;
  let after: WalkToken | undefined;
  const told = () => {
    outbox.push({ type: 'takeover', target, successor, poolElements });
    return false;
  };
  backlog.start(now, (at) => {
    // It has come back meanwhile: the rest is its own.
    if (peers.find(target) !== undefined) return told();
    const page = handlespace.walk({ homeRegistrarId: target, after, limit: SLICE });
    for (const element of page.elements) {
      storeRemote(context, at, element.poolHandle, element, successor);
    }
    poolElements += page.elements.length;
    after = page.next;
    return after !== undefined || told();
  });
}

function drop(context: EnrpContext, now: Milliseconds, peer: Peer, reason: PeerDownReason): void {
  const { id } = peer;
  context.log[reason === 'left' ? 'info' : 'warn']({ peerId: id, reason }, 'peer is down');
  abandon(now, peer);
  endLink(context, peer);
  context.peers.lose(peer, now + REMEMBERED_MS);
  context.takeovers.delete(id);
  context.outbox.push({ type: 'peerDown', id, reason });
  release(context, now, id);
}
