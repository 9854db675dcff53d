/**
 * Who may speak under an identifier (RFC 5353 §2.1). Over one association one registrar speaks; and while a registrar is
 * heard over one, nobody else takes its name over another one. Two with the same identifier would undo each other's
 * work at all their peers, so whoever notices them says so.
 */

import type { RegistrarId, SctpAddress } from '../../types.ts';
import { CAUSE } from '../../wire/parameters.ts';
import type { EnrpContext } from './context.ts';
import type { Link } from './links.ts';
import { textOf, UNHEARD } from './peers.ts';

/** Whether a message over this association may be from `sender`. */
export function mayBeFrom(context: EnrpContext, link: Link, sender: RegistrarId): boolean {
  if (sender !== context.id) {
    if (link.peerId !== UNHEARD) return link.peerId === sender;
    if (!isHeardElsewhere(context, link, sender)) return true;
  }
  if (noteDuplicate(context, sender, link.peerAddresses)) tell(context, link, sender);
  return false;
}

/** Its operator may see there as well why nobody answers it. */
function tell({ id, outbox }: EnrpContext, link: Link, receiverId: RegistrarId): void {
  const errors = [{ code: CAUSE.REJECTED_FOR_SECURITY, info: new Uint8Array() }];
  outbox.send(link.id, { type: 'ENRP_ERROR', senderId: id, receiverId, errors });
}

/**
 * Another registrar uses an identifier of which we know whose it is: ours, or a peer's. Told once of each; whether that
 * is now.
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
  log.error({ id, isOurs: id === own, addresses: where }, 'two registrars have one identifier');
  outbox.push({ type: 'duplicateId', id, addresses });
  return true;
}

/** The peer of that name lives, and not there. A silent one, or one without association, may have started anew there. */
function isHeardElsewhere({ peers, links }: EnrpContext, link: Link, id: RegistrarId): boolean {
  const known = peers.find(id);
  if (known?.association === undefined || known.isAsked) return false;
  const there = links.get(known.association)?.peerAddresses ?? [];
  const here = link.peerAddresses.map(({ address }) => address);
  return !there.some(({ address }) => here.includes(address));
}

/** Remembered as told; of very many, the first are told of again. */
const MAX_IMPOSTORS = 1_024;
