/** At which addresses a pool element is registered: only those that its association has shown to be its own. */

import { TRANSPORT_USE, type TransportParameter } from '../../wire/parameters.ts';
import { isInScope } from '../address-scope.ts';
import type { Association } from './associations.ts';
import type { RegistrarOptions } from './options.ts';

/**
 * RFC 5352 §2.2.1: the addresses must be ones of the association, whatever the protocol. Those that are not
 * are left out, as rsplib does; `undefined` when none is left. The order is kept.
 */
export function usableUserTransport(
  transport: TransportParameter,
  { peerAddresses }: Association,
  { minAddressScope }: RegistrarOptions,
): TransportParameter | undefined {
  if (transport.protocol === 'opaque') return transport; // nobody here can read it
  const isPeers = (one: string) => peerAddresses.some(({ address }) => address === one);
  const addresses = transport.addresses.filter(
    (one) => isPeers(one) && isInScope(one, minAddressScope),
  );
  return addresses.length === 0 ? undefined : { ...transport, addresses };
}

/**
 * RFC 5352 §3.1 rule 4: where the element itself is to be called, as the association shows it. Transport Use
 * must be 0 (interop-rsplib A2).
 */
export function asapTransportOf(
  { peerAddresses }: Association,
  { minAddressScope }: RegistrarOptions,
): TransportParameter | undefined {
  const usable = peerAddresses.filter(({ address }) => isInScope(address, minAddressScope));
  const port = usable[0]?.port;
  if (port === undefined) return undefined;
  const addresses = usable.map(({ address }) => address);
  return { protocol: 'sctp', port, transportUse: TRANSPORT_USE.DATA_ONLY, addresses };
}
