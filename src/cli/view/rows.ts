/** Peers and pool elements as they are shown: cells for people, values for programs. */

import type { ListedPeer, ListedPoolElement } from '../../client/registrar-view.ts';
import { formatAddress, formatId, formatPoolHandle } from '../../types.ts';
import type { TransportParameter } from '../../wire/parameters.ts';
import { describePolicy } from '../describe.ts';

export const POOL_ELEMENT_COLUMNS = ['pool', 'id', 'home', 'policy', 'transport', 'asap', 'lifeMs'];
export const PEER_COLUMNS = ['id', 'addresses'];

/** The same words for both: what `--json` prints is what the table has, and all of it. */
export function poolElementRow(element: ListedPoolElement) {
  const { poolHandle, id, homeRegistrarId, policy, userTransport, asapTransport, lifeMs } = element;
  return {
    pool: formatPoolHandle(poolHandle),
    id: formatId(id),
    home: formatId(homeRegistrarId),
    policy: describePolicy(policy),
    transport: describeAll(userTransport),
    asap: asapTransport === undefined ? '' : describeAll(asapTransport),
    lifeMs: Number.isFinite(lifeMs) ? lifeMs : 'unlimited',
  };
}

export function peerRow({ id, addresses }: ListedPeer) {
  return { id: formatId(id), addresses: addresses.map(formatAddress) };
}

/** `tcp 10.1.2.3:7`; with all addresses, for two transports may differ in any of them. */
function describeAll(transport: TransportParameter): string {
  if (transport.protocol === 'opaque') {
    return `opaque 0x${Buffer.from(transport.bytes).toString('hex')}`;
  }
  const { protocol, port, transportUse, addresses } = transport;
  const places = addresses.map((address) => formatAddress({ address, port }));
  // Transport Use means something for SCTP alone (RFC 5354 §3.4).
  const control = protocol === 'sctp' && transportUse !== 0 ? ['with control channel'] : [];
  return [protocol, ...places, ...control].join(' ');
}
