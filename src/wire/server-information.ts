/**
 * What registrars tell of themselves: the Server Information and PE Checksum parameters.
 *
 *     +-------------------------------+-------------------------------+
 *     |        Type = 0x000b          |            Length             |   Server Information,
 *     +-------------------------------+-------------------------------+   RFC 5354 §3.11
 *     |                       Server Identifier                       |
 *     +---------------------------------------------------------------+
 *     :                   SCTP Transport parameter                    :
 *     +---------------------------------------------------------------+
 *
 *     +-------------------------------+-------------------------------+
 *     |        Type = 0x000f          |          Length = 6           |   PE Checksum, RFC 5354 §3.15
 *     +-------------------------------+-------------------------------+
 *     |           Checksum            |            Padding            |
 *     +-------------------------------+-------------------------------+
 */

import type { RegistrarId } from '../types.ts';
import { type ByteWriter, readU16, readU32 } from './bytes.ts';
import type { ServerInformation } from './enrp-messages.ts';
import { PARAMETER, type TransportParameter } from './parameters.ts';
import {
  beginParameter,
  endParameter,
  forEachParameter,
  invalid,
  type Parameter,
  requireLength,
  type Scope,
} from './tlv.ts';
import { readTransport, writeTransport } from './transports.ts';

export function readServerInformation(
  scope: Scope,
  parameter: Parameter,
  mayBeZero: boolean,
): ServerInformation {
  const { valueOffset, end } = parameter;
  if (end - valueOffset < 4) throw invalid(scope, parameter, 'A server information is cut off');
  const id = readU32(scope.bytes, valueOffset) as RegistrarId;
  if (id === 0 && !mayBeZero) {
    throw invalid(scope, parameter, 'A server information has the identifier 0', valueOffset);
  }
  let transport: TransportParameter | undefined;
  forEachParameter(scope, valueOffset + 4, end, (inner) => {
    if (inner.type !== PARAMETER.SCTP_TRANSPORT) return false;
    if (transport !== undefined) {
      throw invalid(scope, inner, 'A server information has two transports');
    }
    transport = readTransport(scope, inner);
    return true;
  });
  if (transport === undefined) {
    throw invalid(scope, parameter, 'A server information has no SCTP transport');
  }
  return { id, transport };
}

export function writeServerInformation(
  writer: ByteWriter,
  { id, transport }: ServerInformation,
  mayBeZero: boolean,
): void {
  if (id === 0 && !mayBeZero) throw new RangeError('The identifier of a registrar cannot be 0.');
  if (transport.protocol !== 'sctp') throw new RangeError('The transport of a registrar is SCTP.');
  const parameter = beginParameter(writer, PARAMETER.SERVER_INFORMATION);
  writer.u32(id, 'identifier of a registrar');
  writeTransport(writer, transport);
  endParameter(writer, parameter);
}

export function readChecksum(scope: Scope, parameter: Parameter): number {
  requireLength(scope, parameter, 6);
  return readU16(scope.bytes, parameter.valueOffset);
}

export function writeChecksum(writer: ByteWriter, checksum: number): void {
  const parameter = beginParameter(writer, PARAMETER.PE_CHECKSUM);
  writer.u16(checksum, 'checksum');
  endParameter(writer, parameter);
}
