/**
 * Associations with peers. One is opened when there is something to say, from the port on which we listen:
 * rsplib ignores presences that come from another one (decision 12). The first message over it says whose it
 * is; nobody else may speak over it.
 */

import type { AssociationId, RegistrarId, SctpAddress } from '../../types.ts';
import type { EnrpMessage } from '../../wire/enrp-messages.ts';
import type { AssociationEnd, ConnectAttempt } from '../machine.ts';
import type { EnrpContext } from './context.ts';
import type { TableSession } from './handle-table.ts';
import { type Peer, UNHEARD } from './peers.ts';

/** An association that is up. */
export interface Link {
  readonly id: AssociationId;
  /** Those that the peer has now. */
  peerAddresses: readonly SctpAddress[];
  /** Who speaks over it; `UNHEARD`: nobody yet. */
  peerId: RegistrarId;
  malformedMessages: number;
  /** Its sender has been told that another registrar uses the identifier. */
  isToldOfDuplicate: boolean;
  /** Tables that the peer is reading: of all elements, and of our own. */
  readonly sessions: { all: TableSession | undefined; own: TableSession | undefined };
}

export function onAssociationUp(
  context: EnrpContext,
  id: AssociationId,
  peerAddresses: readonly SctpAddress[],
  attempt: ConnectAttempt | undefined,
): void {
  const { links, peers } = context;
  const sessions = { all: undefined, own: undefined };
  const link: Link = {
    id,
    peerAddresses,
    peerId: UNHEARD,
    sessions,
    malformedMessages: 0,
    isToldOfDuplicate: false,
  };
  links.set(id, link);
  const peer = attempt === undefined ? undefined : peers.findByAttempt(attempt);
  if (peer === undefined) return;
  peer.attempt = undefined;
  // Whether it is still this one that answers there, its first message says.
  if (peer.association === undefined) speakOver(context, id, peer);
}

/** The peer has changed its addresses (RFC 5061). */
export function onAssociationAddresses(
  { links }: EnrpContext,
  id: AssociationId,
  peerAddresses: readonly SctpAddress[],
): void {
  const link = links.get(id);
  if (link !== undefined) link.peerAddresses = peerAddresses;
}

/** That a peer cannot be called now is no news: its silence will tell. */
export function onConnectFailed({ peers }: EnrpContext, attempt: ConnectAttempt): void {
  const peer = peers.findByAttempt(attempt);
  if (peer === undefined) return;
  peer.attempt = undefined;
  peer.waiting = [];
}

export function onAssociationDown(
  context: EnrpContext,
  id: AssociationId,
  why: AssociationEnd,
): void {
  const { links, peers } = context;
  const speaker = links.get(id)?.peerId;
  links.delete(id);
  for (const peer of peers.heard()) {
    const isSpeaker = peer.id === speaker;
    // A registrar that is stopping may still accept a new association, and abort it.
    if (why === 'shutdown') peer.hasLeft ||= isSpeaker || peer.association === id;
    else if (isSpeaker) peer.hasLeft = false;
  }
  part(context, id);
}

/** The peer's process is another one, perhaps under another identifier, and what it was reading is gone. */
export function onAssociationRestarted(context: EnrpContext, id: AssociationId): void {
  const link = context.links.get(id);
  if (link === undefined) return;
  part(context, id);
  link.peerId = UNHEARD;
  link.sessions.all = undefined;
  link.sessions.own = undefined;
}

/** Nobody is spoken to over this association any more. */
function part({ peers }: EnrpContext, id: AssociationId): void {
  for (const peer of peers.all()) {
    if (peer.association === id) peer.association = undefined;
  }
}

/** Ends an association for what its peer has said over it. */
export function abortLink(context: EnrpContext, { id }: Link, reason: string): void {
  onAssociationDown(context, id, 'abort');
  context.outbox.push({ type: 'abort', association: id, reason });
}

/**
 * It is `peer` that speaks over this association, and from now on it is spoken to over it, unless there is another
 * one. Whom we had called at its place is not there any more.
 */
export function bind(context: EnrpContext, link: Link, peer: Peer): void {
  if (link.peerId !== peer.id) part(context, link.id);
  link.peerId = peer.id;
  if (peer.association === undefined) speakOver(context, link.id, peer);
}

/** What waited goes first: a presence, for instance, without which rsplib refuses all else. */
function speakOver({ outbox }: EnrpContext, association: AssociationId, peer: Peer): void {
  peer.association = association;
  for (const payload of peer.waiting.splice(0)) outbox.sendBytes(association, payload);
}

/** Sends a message to a peer, over an association that is opened if need be. */
export function sendToPeer(context: EnrpContext, peer: Peer, message: EnrpMessage): void {
  sendBytesToPeer(context, peer, context.outbox.encode(message));
}

/** `payload` must not change afterwards. */
export function sendBytesToPeer(context: EnrpContext, peer: Peer, payload: Uint8Array): void {
  const { outbox, options } = context;
  if (peer.association !== undefined) {
    outbox.sendBytes(peer.association, payload);
    return;
  }
  // What does not fit is made good by the audit (RFC 5353 §3.6).
  if (peer.waiting.length < options.maxWaitingMessages) peer.waiting.push(payload);
  if (peer.attempt !== undefined) return;
  peer.attempt = context.nextAttempt++;
  outbox.push({ type: 'connect', attempt: peer.attempt, peer: peer.addresses });
}

/** Of a peer that is being called nothing is expected any more; what it was to be told is forgotten. */
export function giveUpCall({ outbox }: EnrpContext, peer: Peer): void {
  if (peer.attempt !== undefined) outbox.push({ type: 'cancelConnect', attempt: peer.attempt });
  peer.attempt = undefined;
  peer.waiting = [];
}

/** Ends what there is with a peer that is given up. */
export function endLink(context: EnrpContext, peer: Peer): void {
  const { association } = peer;
  if (association !== undefined) {
    context.links.delete(association);
    context.outbox.push({ type: 'abort', association, reason: 'the registrar does not answer' });
  }
  peer.association = undefined;
  giveUpCall(context, peer);
}
