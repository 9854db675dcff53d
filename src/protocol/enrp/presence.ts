/** ENRP_PRESENCE (RFC 5353 §3.4): who is heard lives, and who is new is asked back. */

import type { Milliseconds, RegistrarId, SctpAddress } from '../../types.ts';
import type { EnrpPresence } from '../../wire/enrp-messages.ts';
import type { TransportParameter } from '../../wire/parameters.ts';
import { isInScope } from '../address-scope.ts';
import { audit } from './audit.ts';
import type { EnrpContext } from './context.ts';
import { forget } from './failure-detection.ts';
import { presenceFor, sendPresence } from './heartbeat.ts';
import { noteDuplicate } from './identity.ts';
import { invite } from './invitation.ts';
import { bind, type Link } from './links.ts';
import { onMentorCandidate } from './mentor.ts';
import { overlaps, type Peer, textOf } from './peers.ts';
import { askForList } from './server-list.ts';
import { onSignOfLife } from './takeover.ts';

/** One that came over an association. */
export function onPresence(
  context: EnrpContext,
  now: Milliseconds,
  link: Link,
  message: EnrpPresence,
): void {
  const { counters, outbox } = context;
  counters.presences += 1;
  const peer = hear(context, now, link, message.senderId, addressesOf(context, message, link));
  if (peer === undefined) return;
  if (message.wantsReply) outbox.send(link.id, presenceFor(context, peer.id, false));
  onMentorCandidate(context, now, link, peer);
  if (peer.list === 'wanted') askForList(context, link, peer);
  audit(context, now, link, peer, message.checksum);
}

/** One to the group (decision 5). Its sender's address counts, with the port that it tells. */
export function onAnnouncedPresence(
  context: EnrpContext,
  now: Milliseconds,
  source: SctpAddress,
  { senderId, serverInformation }: EnrpPresence,
): void {
  const { peers, counters, minAddressScope } = context;
  counters.presences += 1;
  const transport = serverInformation?.transport;
  if (transport === undefined || transport.protocol === 'opaque') return;
  const { port } = transport;
  const addresses = [{ address: source.address, port }];
  if (senderId === context.id) onOwnPresence(context, transport, addresses);
  else if (!isInScope(source.address, minAddressScope)) counters.ignoredMessages += 1;
  else if (peers.find(senderId) === undefined) invite(context, now, addresses);
}

/** Our own come back from the group, from whatever address they have left us by. */
function onOwnPresence(
  context: EnrpContext,
  { port, addresses }: Exclude<TransportParameter, { protocol: 'opaque' }>,
  source: readonly SctpAddress[],
): void {
  const told = addresses.map((address) => ({ address, port }));
  if (!overlaps(told, context.ownAddresses)) noteDuplicate(context, context.id, source);
}

/**
 * Notes that a registrar has sent something over an association (RFC 5353 §3.4): it is alive, and a peer from now on.
 * Returns `undefined` if the peer list is full.
 * @param addresses where to call it, if it has said so
 */
export function hear(
  context: EnrpContext,
  now: Milliseconds,
  link: Link,
  id: RegistrarId,
  addresses?: readonly SctpAddress[],
): Peer | undefined {
  const known = context.peers.find(id);
  if (known === undefined) return meet(context, now, link, id, addresses ?? link.peerAddresses);
  bind(context, link, known);
  known.addresses = addresses ?? known.addresses;
  known.isAsked = false;
  known.hasLeft = false;
  known.deadline = now + context.options.peerMaxTimeLastHeardMs;
  onSignOfLife(context, id);
  return known;
}

/** A new peer is asked to say more. */
function meet(
  context: EnrpContext,
  now: Milliseconds,
  link: Link,
  id: RegistrarId,
  addresses: readonly SctpAddress[],
): Peer | undefined {
  const { peers, options, counters, log, outbox } = context;
  if (peers.findUnheard(addresses) === undefined && !hasRoom(context)) {
    counters.ignoredMessages += 1;
    return undefined;
  }
  const peer = peers.add(id, addresses);
  bind(context, link, peer);
  peer.addresses = addresses;
  peer.deadline = now + options.peerMaxTimeLastHeardMs;
  onSignOfLife(context, id);
  log.info({ peerId: id, addresses: textOf(addresses) }, 'peer is up');
  outbox.push({ type: 'peerUp', id, addresses });
  // Who does not know us yet learns of us before anything is asked of him (decision 28).
  sendPresence(context, peer, true);
  return peer;
}

/** Whether there is room for one more peer. Who is not heard makes way, the longest silent one first. */
function hasRoom(context: EnrpContext): boolean {
  const { peers, options } = context;
  if (peers.size < options.maxPeers) return true;
  const lost = peers.longestUnheard();
  if (lost === undefined) return false;
  forget(context, lost);
  return true;
}

/**
 * Where to call a peer that has called us: of what it tells about itself only what the association shows to
 * be true, or nothing of it where that leaves none.
 */
function addressesOf(
  { minAddressScope }: EnrpContext,
  { serverInformation }: EnrpPresence,
  link: Link,
): readonly SctpAddress[] {
  const transport = serverInformation?.transport;
  if (transport === undefined || transport.protocol === 'opaque') return link.peerAddresses;
  const { port, addresses } = transport;
  const known = link.peerAddresses.filter(
    ({ address }) => addresses.includes(address) && isInScope(address, minAddressScope),
  );
  const proven = known.length > 0 ? known : link.peerAddresses;
  return proven.map(({ address }) => ({ address, port }));
}
