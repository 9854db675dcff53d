/**
 * Address and transport parameters (RFC 5354 §3.1-3.7, §3.16): where something can be reached, and by what
 * protocol.
 *
 *     +-------------------------------+-------------------------------+
 *     |  Type = 0x0001 or 0x0002      |     Length = 8 or 20          |   IPv4, IPv6 Address
 *     +-------------------------------+-------------------------------+
 *     :                     4 or 16 octets of address                 :
 *     +---------------------------------------------------------------+
 *
 *     +-------------------------------+-------------------------------+
 *     |  Type = 0x0004 to 0x0007      |            Length             |   SCTP, TCP, UDP, UDP-Lite
 *     +-------------------------------+-------------------------------+
 *     |             Port              | Transport Use (SCTP), or 0    |
 *     +-------------------------------+-------------------------------+
 *     :      Address parameters: SCTP one or more, the others one     :
 *     +---------------------------------------------------------------+
 *
 *     +-------------------------------+-------------------------------+
 *     |        Type = 0x0003          |            Length             |   DCCP
 *     +-------------------------------+-------------------------------+
 *     |             Port              |           Reserved            |
 *     +-------------------------------+-------------------------------+
 *     |                          Service Code                         |
 *     +---------------------------------------------------------------+
 *     :                     one Address parameter                     :
 *     +---------------------------------------------------------------+
 *
 *     +-------------------------------+-------------------------------+
 *     |        Type = 0x0010          |            Length             |   Opaque
 *     +-------------------------------+-------------------------------+
 *     :                           any octets                          :
 *     +---------------------------------------------------------------+
 */

import type { IpAddress } from '../types.ts';
import { formatIpAddress, parseIpAddress } from './addresses.ts';
import { type ByteWriter, readU16, readU32 } from './bytes.ts';
import { PARAMETER, type TransportParameter, type TransportProtocol } from './parameters.ts';
import {
  beginParameter,
  endParameter,
  forEachParameter,
  invalid,
  type Parameter,
  requireLength,
  type Scope,
} from './tlv.ts';

type AddressedTransport = Exclude<TransportParameter, { protocol: 'opaque' }>;

const PARAMETER_TYPE: Readonly<Record<TransportProtocol, number>> = {
  dccp: PARAMETER.DCCP_TRANSPORT,
  sctp: PARAMETER.SCTP_TRANSPORT,
  tcp: PARAMETER.TCP_TRANSPORT,
  udp: PARAMETER.UDP_TRANSPORT,
  'udp-lite': PARAMETER.UDP_LITE_TRANSPORT,
  opaque: PARAMETER.OPAQUE_TRANSPORT,
};

const PROTOCOL = new Map(
  Object.entries(PARAMETER_TYPE).map(([protocol, type]) => [type, protocol as TransportProtocol]),
);

/** Whether a parameter type is that of a transport. */
export function isTransport(type: number): boolean {
  return PROTOCOL.has(type);
}

/** Reads a parameter whose type `isTransport`. */
export function readTransport(scope: Scope, parameter: Parameter): TransportParameter {
  const { bytes } = scope;
  const { valueOffset, end } = parameter;
  const protocol = PROTOCOL.get(parameter.type) as TransportProtocol;
  if (protocol === 'opaque') return { protocol, bytes: bytes.subarray(valueOffset, end) };

  const fixedLength = protocol === 'dccp' ? 8 : 4;
  if (end - valueOffset < fixedLength) throw invalid(scope, parameter, 'A transport is cut off');
  const port = readU16(bytes, valueOffset);
  if (port === 0) throw invalid(scope, parameter, 'A transport has the port 0', valueOffset);
  const transportUse = readU16(bytes, valueOffset + 2);
  const addresses = readAddresses(scope, parameter, valueOffset + fixedLength);
  if (addresses.length === 0) throw invalid(scope, parameter, 'A transport has no address');
  if (protocol === 'sctp') return { protocol, port, transportUse, addresses };
  if (addresses.length > 1) {
    throw invalid(scope, parameter, `A ${protocol} transport has more than one address`);
  }
  if (protocol !== 'dccp') return { protocol, port, transportUse, addresses };
  const serviceCode = readU32(bytes, valueOffset + 4);
  return { protocol, port, transportUse, serviceCode, addresses };
}

function readAddresses(scope: Scope, transport: Parameter, start: number): IpAddress[] {
  const addresses: IpAddress[] = [];
  forEachParameter(scope, start, transport.end, (parameter) => {
    const isIpv4 = parameter.type === PARAMETER.IPV4_ADDRESS;
    if (!isIpv4 && parameter.type !== PARAMETER.IPV6_ADDRESS) return false;
    requireLength(scope, parameter, isIpv4 ? 8 : 20);
    addresses.push(formatIpAddress(scope.bytes.subarray(parameter.valueOffset, parameter.end)));
    return true;
  });
  return addresses;
}

export function writeTransport(writer: ByteWriter, transport: TransportParameter): void {
  const type = PARAMETER_TYPE[transport.protocol];
  if (type === undefined) throw new TypeError(`There is no transport "${transport.protocol}".`);
  const parameter = beginParameter(writer, type);
  if (transport.protocol === 'opaque') {
    writer.raw(transport.bytes, 'opaque transport');
  } else {
    checkTransport(transport);
    writer.u16(transport.port, 'port');
    writer.u16(transport.transportUse, 'transport use');
    if (transport.protocol === 'dccp') writer.u32(transport.serviceCode, 'service code');
    for (const address of transport.addresses) writeAddress(writer, address);
  }
  endParameter(writer, parameter);
}

function checkTransport({ protocol, port, addresses }: AddressedTransport): void {
  if (port === 0) throw new RangeError('The port of a transport cannot be 0.');
  const isRightCount = protocol === 'sctp' ? addresses.length >= 1 : addresses.length === 1;
  if (isRightCount) return;
  const wanted = protocol === 'sctp' ? 'at least one address' : 'one address';
  throw new RangeError(`A transport of ${protocol} has ${wanted}, not ${addresses.length}.`);
}

function writeAddress(writer: ByteWriter, address: IpAddress): void {
  const bytes = parseIpAddress(address);
  const type = bytes.length === 4 ? PARAMETER.IPV4_ADDRESS : PARAMETER.IPV6_ADDRESS;
  const parameter = beginParameter(writer, type);
  writer.raw(bytes, 'address');
  endParameter(writer, parameter);
}
