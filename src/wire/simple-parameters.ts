/**
 * The parameters whose value is one thing: Pool Handle, PE Identifier, Cookie, Handle Resolution Option.
 *
 *     +-------------------------------+-------------------------------+
 *     |        Type = 0x0009          |            Length             |   Pool Handle, RFC 5354 §3.9
 *     +-------------------------------+-------------------------------+
 *     :                      1 to 65531 octets                        :
 *     +---------------------------------------------------------------+
 *
 *     +-------------------------------+-------------------------------+
 *     |        Type = 0x000d          |            Length             |   Cookie, RFC 5354 §3.13
 *     +-------------------------------+-------------------------------+
 *     :                      1 to 65531 octets                        :
 *     +---------------------------------------------------------------+
 *
 *     +-------------------------------+-------------------------------+
 *     |        Type = 0x000e          |          Length = 8           |   PE Identifier, RFC 5354 §3.14
 *     +-------------------------------+-------------------------------+
 *     |                         PE Identifier                         |
 *     +---------------------------------------------------------------+
 *
 *     +-------------------------------+-------------------------------+
 *     |        Type = 0x803f          |          Length = 8           |   Handle Resolution Option,
 *     +-------------------------------+-------------------------------+   draft-dreibholz-rserpool-
 *     |                             Items                             |   asap-hropt
 *     +---------------------------------------------------------------+
 */

import type { PoolElementId } from '../types.ts';
import { type ByteWriter, readU32 } from './bytes.ts';
import { PARAMETER } from './parameters.ts';
import {
  beginParameter,
  endParameter,
  invalid,
  type Parameter,
  requireLength,
  type Scope,
} from './tlv.ts';

/** A pool handle or a cookie: a view of at least one byte. */
export function readOctets(scope: Scope, parameter: Parameter): Uint8Array {
  if (parameter.end === parameter.valueOffset) {
    throw invalid(scope, parameter, 'An empty pool handle or cookie');
  }
  return scope.bytes.subarray(parameter.valueOffset, parameter.end);
}

export function writePoolHandle(writer: ByteWriter, poolHandle: Uint8Array): void {
  writeOctets(writer, PARAMETER.POOL_HANDLE, poolHandle, 'pool handle');
}

export function writeCookie(writer: ByteWriter, cookie: Uint8Array): void {
  writeOctets(writer, PARAMETER.COOKIE, cookie, 'cookie');
}

function writeOctets(writer: ByteWriter, type: number, octets: Uint8Array, what: string): void {
  const parameter = beginParameter(writer, type);
  writer.raw(octets, what);
  if (octets.length === 0) throw new RangeError(`The ${what} cannot be empty.`);
  endParameter(writer, parameter);
}

/** Zero names no pool element; only where a request's identifier is repeated may it appear. */
export function readPoolElementId(
  scope: Scope,
  parameter: Parameter,
  mayBeZero: boolean,
): PoolElementId {
  requireLength(scope, parameter, 8);
  const id = readU32(scope.bytes, parameter.valueOffset);
  if (id === 0 && !mayBeZero) {
    throw invalid(scope, parameter, 'The pool element identifier 0', parameter.valueOffset);
  }
  return id as PoolElementId;
}

export function writePoolElementId(
  writer: ByteWriter,
  id: PoolElementId,
  mayBeZero: boolean,
): void {
  if (id === 0 && !mayBeZero) throw new RangeError('The identifier of a pool element cannot be 0.');
  const parameter = beginParameter(writer, PARAMETER.PE_IDENTIFIER);
  writer.u32(id, 'identifier of a pool element');
  endParameter(writer, parameter);
}

export function readItems(scope: Scope, parameter: Parameter): number {
  requireLength(scope, parameter, 8);
  return readU32(scope.bytes, parameter.valueOffset);
}

export function writeItems(writer: ByteWriter, items: number): void {
  const parameter = beginParameter(writer, PARAMETER.HANDLE_RESOLUTION_OPTION);
  writer.u32(items, 'number of items');
  endParameter(writer, parameter);
}
