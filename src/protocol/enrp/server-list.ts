/** ENRP_LIST_REQUEST and ENRP_LIST_RESPONSE (RFC 5353 §3.2.2): peers of peers. */

import type { Milliseconds, RegistrarId } from '../../types.ts';
import type {
  EnrpListRequest,
  EnrpListResponse,
  ServerInformation,
} from '../../wire/enrp-messages.ts';
import { isInScope } from '../address-scope.ts';
import type { EnrpContext } from './context.ts';
import { invite } from './invitation.ts';
import type { Link } from './links.ts';
import { type Peer, UNHEARD } from './peers.ts';

/** Servers in one list, and addresses of each: no more than a message holds. */
const MAX_SERVERS = 128;
const MAX_ADDRESSES = 16;

export function askForList({ id, outbox }: EnrpContext, link: Link, peer: Peer): void {
  peer.list = 'asked';
  outbox.send(link.id, { type: 'ENRP_LIST_REQUEST', senderId: id, receiverId: peer.id });
}

export function onListRequest(
  context: EnrpContext,
  link: Link,
  { senderId }: EnrpListRequest,
): void {
  const { id, start, outbox } = context;
  outbox.send(link.id, {
    type: 'ENRP_LIST_RESPONSE',
    senderId: id,
    receiverId: senderId,
    isRejected: !start.isOver,
    servers: start.isOver ? serversFor(context, senderId) : [],
  });
}

function serversFor({ peers }: EnrpContext, receiver: RegistrarId): ServerInformation[] {
  return peers
    .heard()
    .filter((peer) => peer.id !== receiver && peer.addresses.length > 0)
    .slice(0, MAX_SERVERS)
    .map(({ id, addresses }) => {
      const [{ port } = { port: 0 }] = addresses;
      const some = addresses.slice(0, MAX_ADDRESSES).map(({ address }) => address);
      return { id, transport: { protocol: 'sctp', port, transportUse: 0, addresses: some } };
    });
}

/** Who is listed is asked whether it lives; it is a peer when it says so. */
export function onListResponse(
  context: EnrpContext,
  now: Milliseconds,
  link: Link,
  { isRejected, servers }: EnrpListResponse,
): void {
  const { id, peers, minAddressScope } = context;
  const asked = peers.find(link.peerId);
  if (asked?.list !== 'asked') {
    context.counters.ignoredMessages += 1;
    return;
  }
  if (isRejected) {
    asked.list = 'wanted'; // its next presence shows that it is ready
    return;
  }
  asked.list = 'known';
  for (const server of servers) {
    const { transport } = server;
    const isNews = server.id !== UNHEARD && server.id !== id && peers.find(server.id) === undefined;
    if (!isNews || transport.protocol === 'opaque') continue;
    const { port, addresses } = transport;
    const usable = addresses.filter((address) => isInScope(address, minAddressScope));
    invite(
      context,
      now,
      usable.map((address) => ({ address, port })),
    );
  }
}
