/** User and ASAP transports as applications write them (RFC 5354 §3.3 to §3.7, §3.16). */

import type { IpAddress } from '../types.ts';
import { TRANSPORT_USE, type TransportParameter } from '../wire/parameters.ts';
import { type Kind, listOf, type OptionalKind, oneOf, optional, unusable, whole } from './kind.ts';
import { type Fields, join, record } from './record.ts';
import { isPlainObject } from './show.ts';
import { bytes, ipAddress, port, u32 } from './values.ts';

type Protocol = TransportParameter['protocol'];

/** A transport that may leave out what a caller fills in. */
export type PartialTransport =
  | {
      readonly protocol: 'sctp' | 'tcp' | 'udp' | 'udp-lite';
      readonly port: number;
      /** Default 0, data only. */
      readonly transportUse?: number | undefined;
      /** SCTP has one or more, the others exactly one. */
      readonly addresses?: readonly IpAddress[] | undefined;
    }
  | {
      readonly protocol: 'dccp';
      readonly port: number;
      readonly transportUse?: number | undefined;
      readonly serviceCode: number;
      readonly addresses?: readonly IpAddress[] | undefined;
    }
  | { readonly protocol: 'opaque'; readonly bytes: Uint8Array };

const protocol = oneOf<Protocol>('sctp', 'tcp', 'udp', 'udp-lite', 'dccp', 'opaque');
const severalAddresses = listOf(ipAddress, {
  ...{ expected: 'a list of one or more IP addresses', least: 1, unique: true },
});
const one = listOf(ipAddress, { expected: 'a list of one IP address', least: 1 });
const oneAddress: Kind<readonly IpAddress[]> = {
  expected: one.expected,
  read(value, path) {
    const addresses = one.read(value, path);
    if (addresses.length > 1) throw unusable(path, value, one.expected);
    return addresses;
  },
};

const EXPECTED = 'a transport, such as { protocol: "tcp", port: 7, ... }';

/** The fields of all transports but opaque ones; `missable` is applied to what a caller may fill in. */
function kindsOf(
  missable: <Value>(kind: Kind<Value>) => Kind<Value> | OptionalKind<Value>,
): ReadonlyMap<Protocol, Kind<unknown>> {
  const place = { port, transportUse: missable(whole(0, 0xffff)) };
  const recordOf = (fields: object) => record(fields as unknown as Fields<object>);
  const single = (name: Protocol, more: object = {}) =>
    recordOf({ protocol: oneOf(name), ...place, ...more, addresses: missable(oneAddress) });
  return new Map<Protocol, Kind<unknown>>([
    [
      'sctp',
      recordOf({ protocol: oneOf('sctp'), ...place, addresses: missable(severalAddresses) }),
    ],
    ['tcp', single('tcp')],
    ['udp', single('udp')],
    ['udp-lite', single('udp-lite')],
    ['dccp', single('dccp', { serviceCode: u32 })],
    ['opaque', recordOf({ protocol: oneOf('opaque'), bytes })],
  ]);
}

function transportKind<Value>(kinds: ReadonlyMap<Protocol, Kind<unknown>>): Kind<Value> {
  return {
    expected: EXPECTED,
    read(value, path) {
      if (!isPlainObject(value)) throw unusable(path, value, EXPECTED);
      const given = Object.hasOwn(value, 'protocol') ? value.protocol : undefined;
      const name = protocol.read(given, join(path, 'protocol'));
      return (kinds.get(name) as Kind<Value>).read(value, path);
    },
  };
}

/** A transport with all of its fields. */
export const transportParameter: Kind<TransportParameter> = transportKind(kindsOf((kind) => kind));

/** A transport whose addresses and Transport Use may be left out. */
export const partialTransport: Kind<PartialTransport> = transportKind(kindsOf(optional));

/** Fills in the Transport Use and the addresses: all of them for SCTP, the first one for the others. */
export function completeTransport(
  transport: PartialTransport,
  addresses: readonly IpAddress[],
): TransportParameter {
  if (transport.protocol === 'opaque') return transport;
  const own = transport.protocol === 'sctp' ? addresses : addresses.slice(0, 1);
  return Object.assign({}, transport, {
    transportUse: transport.transportUse ?? TRANSPORT_USE.DATA_ONLY,
    addresses: transport.addresses ?? own,
  });
}
