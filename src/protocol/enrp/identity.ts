/**
 * Which registrar may use an identifier (RFC 5353 §2.1). Over one association one registrar sends; while it is alive on
 * that one, no other registrar may use its identifier on another one. Two registrars with the same identifier would
 * undo each other's work at all their peers: the registrar that notices them reports it, to both of them as well.
 */

import { DecodeError } from '../../errors.ts';
import { type AssociationId, ENRP_PORT, type RegistrarId, type SctpAddress } from '../../types.ts';
import type { EnrpError, ServerInformation } from '../../wire/enrp-messages.ts';
import {
  decodeServerInformationParameter,
  encodeServerInformationParameter,
} from '../../wire/parameter-codec.ts';
import { CAUSE, type TransportParameter } from '../../wire/parameters.ts';
import type { EnrpContext } from './context.ts';
import type { Link } from './links.ts';
import { overlaps, textOf, UNHEARD } from './peers.ts';

/** Whether a message over this association may be from `sender`. */
export function mayBeFrom(context: EnrpContext, link: Link, sender: RegistrarId): boolean {
  if (sender !== context.id) {
    if (link.peerId !== UNHEARD) return link.peerId === sender;
    if (!isHeardElsewhere(context, link, sender)) return true;
  }
  onDuplicate(context, link, sender);
  return false;
}

/** Reports a duplicate identifier here and to both registrars that use it, so that the operators of all see it. */
function onDuplicate(context: EnrpContext, link: Link, id: RegistrarId): void {
  const { transport, peers } = context;
  const holder = id === context.id ? undefined : peers.find(id);
  if (!link.isToldOfDuplicate) {
    link.isToldOfDuplicate = true;
    const known = holder === undefined ? transport : transportAt(holder.addresses);
    sendDuplicate(context, link.id, { id, transport: known });
  }
  const isNew = noteDuplicate(context, id, link.peerAddresses);
  if (!isNew || holder?.association === undefined) return;
  sendDuplicate(context, holder.association, { id, transport: transportAt(link.peerAddresses) });
}

/** Shows where the other registrar with the receiver's identifier is (decision 53). */
function sendDuplicate(
  { id, outbox }: EnrpContext,
  association: AssociationId,
  other: ServerInformation,
): void {
  const info = encodeServerInformationParameter(other);
  const errors = [{ code: CAUSE.REJECTED_FOR_SECURITY, info }];
  outbox.send(association, { type: 'ENRP_ERROR', senderId: id, receiverId: other.id, errors });
}

function transportAt(addresses: readonly SctpAddress[]): TransportParameter {
  const [{ port } = { port: ENRP_PORT }] = addresses;
  const places = addresses.map(({ address }) => address);
  return { protocol: 'sctp', port, transportUse: 0, addresses: places };
}

/** Reports a duplicate of our own identifier that another registrar has noticed. */
export function onErrorReport(
  context: EnrpContext,
  link: Link,
  { senderId, errors }: Pick<EnrpError, 'senderId' | 'errors'>,
): void {
  for (const { code, info } of errors) {
    if (code !== CAUSE.REJECTED_FOR_SECURITY) continue;
    // Without information, it is a registrar with our identifier that answers.
    const isOurs = senderId === context.id;
    const addresses = duplicateIn(info, context.id) ?? (isOurs ? link.peerAddresses : []);
    if (addresses.length === 0 || overlaps(addresses, context.ownAddresses)) continue;
    noteDuplicate(context, context.id, addresses);
  }
}

function duplicateIn(info: Uint8Array, id: RegistrarId): readonly SctpAddress[] | undefined {
  try {
    const { id: used, transport } = decodeServerInformationParameter(info);
    if (used !== id || transport.protocol === 'opaque') return undefined;
    const { port, addresses } = transport;
    return addresses.map((address) => ({ address, port }));
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/**
 * Logs and reports, once for each place, that another registrar uses an identifier whose holder is known: ours, or a
 * peer's. Returns whether it is new.
 */
export function noteDuplicate(
  { id: own, impostors, outbox, log }: EnrpContext,
  id: RegistrarId,
  addresses: readonly SctpAddress[],
): boolean {
  const where = textOf(addresses);
  const impostor = `${id} ${where}`;
  if (impostors.has(impostor)) return false;
  if (impostors.size >= MAX_IMPOSTORS) impostors.clear();
  impostors.add(impostor);
  const text =
    id === own
      ? 'another registrar uses our identifier, give one of them another'
      : 'two registrars use one identifier, give one of them another';
  log.error({ registrarId: id, addresses: where }, text);
  outbox.push({ type: 'duplicateId', id, addresses });
  return true;
}

/** Returns whether the peer is alive at other hosts. A silent one, or one without association, may have moved there. */
function isHeardElsewhere({ peers, links }: EnrpContext, link: Link, id: RegistrarId): boolean {
  const known = peers.find(id);
  if (known?.association === undefined || known.isAsked) return false;
  const there = links.get(known.association)?.peerAddresses ?? [];
  const here = link.peerAddresses.map(({ address }) => address);
  return !there.some(({ address }) => here.includes(address));
}

/** Duplicates remembered as reported; beyond that, the earlier ones are reported again. */
const MAX_IMPOSTORS = 1_024;
