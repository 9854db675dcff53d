/**
 * Framing that ASAP and ENRP share (RFC 5354 §2-§4): the message header, parameters as type, length and
 * value, and what becomes of parameters that nobody knows. What is inside a parameter is its own file.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------+---------------+-------------------------------+
 *     |     Type      |     Flags     |        Message Length         |   message, RFC 5354 §4
 *     +---------------+---------------+-------------------------------+
 *     :                        Message Value                          :
 *     +---------------------------------------------------------------+
 *
 *     +-------------------------------+-------------------------------+
 *     |        Parameter Type         |       Parameter Length        |   parameter, RFC 5354 §3
 *     +-------------------------------+-------------------------------+
 *     :        Parameter Value        +-------------------------------+
 *     :                               :      Padding (0-3 octets)     :
 *     +-------------------------------+-------------------------------+
 *
 * A length covers header and value, with the padding between inner parameters but without the padding after
 * the last one. rsplib counts that too: both are understood, the RFC's form is written (decision 33).
 */

import { DecodeError, type RefusedMessage } from '../errors.ts';
import type { PoolElementId } from '../types.ts';
import { aligned, type ByteWriter, checkWhole, readU16, readU32 } from './bytes.ts';
import { CAUSE, PARAMETER, type Profile } from './parameters.ts';

export const HEADER_LENGTH = 4;

/** What is reported back is bounded, so that every report fits in one message. */
const MAX_REPORT_BYTES = 1024;
const MAX_REPORTS = 16;

/** What is being decoded: one message, or one parameter on its own. Offsets are counted in `bytes`. */
export interface Scope {
  readonly bytes: Uint8Array;
  /** Behind the last byte that counts. */
  readonly end: number;
  readonly profile: Profile;
  /** RFC name of the message and where its parameters begin; absent for a parameter on its own. */
  readonly message?: { readonly type: string; readonly bodyOffset: number };
  /** Parameters to be reported by the receiver (`11`). */
  readonly unrecognized: Uint8Array[];
}

/** One parameter where it lies. */
export interface Parameter {
  readonly type: number;
  readonly offset: number;
  readonly valueOffset: number;
  /** Behind the value; padding comes after it. */
  readonly end: number;
}

/**
 * Calls `onParameter` for every parameter from `start` to `end`. It answers whether this type has a place
 * here; what has none is treated as RFC 5354 §3 says.
 */
export function forEachParameter(
  scope: Scope,
  start: number,
  end: number,
  onParameter: (parameter: Parameter) => boolean,
): void {
  for (let offset = start; offset < end; ) {
    const parameter = readParameter(scope, offset, end);
    if (!onParameter(parameter)) passOverUnrecognized(scope, parameter);
    // Parameters begin at multiples of 4; the last one's padding may lie outside.
    offset += aligned(parameter.end - parameter.offset);
  }
}

/** The parameter at `offset`; refused when it does not fit before `end`. */
export function readParameter(scope: Scope, offset: number, end: number): Parameter {
  const { bytes } = scope;
  if (end - offset < HEADER_LENGTH) {
    throw refuse(scope, offset, CAUSE.INVALID_VALUES, 'A parameter is cut off');
  }
  const length = readU16(bytes, offset + 2);
  if (length < HEADER_LENGTH || length > end - offset) {
    const what = `A parameter of length ${length} where ${end - offset} bytes are left`;
    throw refuse(scope, offset + 2, CAUSE.INVALID_VALUES, what, bytes.subarray(offset, end));
  }
  const type = readU16(bytes, offset);
  return { type, offset, valueOffset: offset + HEADER_LENGTH, end: offset + length };
}

/** The four actions of RFC 5354 §3, told by the highest two bits of the type. */
function passOverUnrecognized(scope: Scope, parameter: Parameter): void {
  const { type, offset } = parameter;
  const what = `An unrecognized parameter 0x${type.toString(16).padStart(4, '0')}`;
  const tlv = bytesOf(scope, parameter);
  switch (type >>> 14) {
    case 0b00: // discard the message, tell nobody
      throw refuse(scope, offset, undefined, what);
    case 0b01: // discard the message and report
      throw refuse(scope, offset, CAUSE.UNRECOGNIZED_PARAMETER, what, tlv);
    case 0b11: // skip and report
      if (scope.unrecognized.length < MAX_REPORTS && tlv.length <= MAX_REPORT_BYTES) {
        scope.unrecognized.push(tlv);
      }
  }
}

/** A parameter with its header and without its padding; a view. */
export function bytesOf({ bytes }: Scope, { offset, end }: Parameter): Uint8Array {
  return bytes.subarray(offset, end);
}

/** The error to throw about a parameter with impossible values: Invalid Values (RFC 5354 §3.12). */
export function invalid(
  scope: Scope,
  parameter: Parameter,
  what: string,
  offset?: number,
): DecodeError {
  const info = bytesOf(scope, parameter);
  return refuse(scope, offset ?? parameter.offset, CAUSE.INVALID_VALUES, what, info);
}

/** Checks a parameter that has one length only. */
export function requireLength(scope: Scope, parameter: Parameter, length: number): void {
  if (parameter.end - parameter.offset === length) return;
  const what = `A parameter 0x${parameter.type.toString(16).padStart(4, '0')} must have ${length} bytes`;
  throw invalid(scope, parameter, what, parameter.offset + 2);
}

/** The error to throw; it says whom the refused message was about as far as that can be read. */
export function refuse(
  scope: Scope,
  offset: number,
  causeCode: number | undefined,
  what: string,
  info?: Uint8Array,
): DecodeError {
  const reported = info !== undefined && info.length <= MAX_REPORT_BYTES ? info : undefined;
  return new DecodeError(
    `${what}, at byte ${offset}.`,
    offset,
    causeCode,
    reported,
    subjectOf(scope),
  );
}

/** First pool handle and pool element identifier at the top level, whatever is wrong with the rest. */
function subjectOf({ bytes, end, message }: Scope): RefusedMessage {
  if (message === undefined) return {};
  let poolHandle: Uint8Array | undefined;
  let poolElementId: PoolElementId | undefined;
  for (let at = message.bodyOffset; at + HEADER_LENGTH <= end; ) {
    const length = readU16(bytes, at + 2);
    if (length < HEADER_LENGTH || at + length > end) break;
    const type = readU16(bytes, at);
    if (type === PARAMETER.POOL_HANDLE && length > HEADER_LENGTH) {
      poolHandle ??= bytes.subarray(at + HEADER_LENGTH, at + length);
    }
    if ((type === PARAMETER.POOL_ELEMENT || type === PARAMETER.PE_IDENTIFIER) && length >= 8) {
      poolElementId ??= readU32(bytes, at + HEADER_LENGTH) as PoolElementId;
    }
    at += aligned(length);
  }
  return { messageType: message.type, poolHandle, poolElementId };
}

/** Begins a message; returns what `endMessage` wants. */
export function beginMessage(writer: ByteWriter, type: number, flags: number): number {
  const offset = writer.position;
  writer.u16((type << 8) | flags, 'message type');
  writer.u16(0, 'length');
  return offset;
}

/** Writes the length of a message and its final padding, which the length does not cover. */
export function endMessage(writer: ByteWriter, offset: number): void {
  patchLength(writer, offset, 'message');
  writer.align();
}

/** Begins a parameter behind the padding of what came before; returns what `endParameter` wants. */
export function beginParameter(writer: ByteWriter, type: number): number {
  writer.align();
  const offset = writer.position;
  writer.u16(type, 'parameter type');
  writer.u16(0, 'length');
  return offset;
}

/** Writes the length of a parameter. Its padding is written by what follows. */
export function endParameter(writer: ByteWriter, offset: number): void {
  patchLength(writer, offset, 'parameter');
}

function patchLength(writer: ByteWriter, offset: number, what: string): void {
  const length = writer.position - offset;
  checkWhole(length, 0xffff, `length of a ${what}`);
  writer.bytes[offset + 2] = length >>> 8;
  writer.bytes[offset + 3] = length;
}
