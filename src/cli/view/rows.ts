/** Peers and pool elements as they are shown: words for people, values for programs. */

import type { ListedPeer, ListedPoolElement } from '../../client/registrar-view.ts';
import { formatAddress, formatId, formatPoolHandle } from '../../types.ts';
import type { TransportParameter } from '../../wire/parameters.ts';
import { describeLife, describePolicy, hasControl, hex, transportValue } from '../describe.ts';

export const POOL_ELEMENT_COLUMNS = ['pool', 'id', 'home', 'policy', 'transport', 'asap', 'life'];
export const PEER_COLUMNS = ['id', 'addresses'];

/** In words, every difference in them: two that are not the same do not read the same. */
export function poolElementText(element: ListedPoolElement) {
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

/** As cells of a table. */
export function poolElementCells(element: ListedPoolElement) {
  return { ...poolElementText(element), life: describeLife(element.lifeMs) };
}

/** For programs. `asap`: null where there is none. */
export function poolElementRow(element: ListedPoolElement) {
  const { userTransport, asapTransport } = element;
  return {
    ...poolElementText(element),
    transport: transportValue(userTransport),
    asap: asapTransport === undefined ? null : transportValue(asapTransport),
  };
}

export function peerRow({ id, addresses }: ListedPeer) {
  return { id: formatId(id), addresses: addresses.map(formatAddress) };
}

/** `tcp 10.1.2.3:7`; with all addresses, for two transports may differ in any of them. */
function describeAll(transport: TransportParameter): string {
  if (transport.protocol === 'opaque') {
    return `opaque ${hex(transport.bytes)}`;
  }
  const { protocol, port, addresses } = transport;
  const places = addresses.map((address) => formatAddress({ address, port }));
  const control = hasControl(transport) ? ['with control channel'] : [];
  return [protocol, ...places, ...control].join(' ');
}
