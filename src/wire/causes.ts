/**
 * The Operation Error parameter and its causes (RFC 5354 §3.12). What each cause's information means is left
 * to its reader: it is bytes here.
 *
 *     +-------------------------------+-------------------------------+
 *     |        Type = 0x000c          |            Length             |
 *     +-------------------------------+-------------------------------+
 *     |          Cause Code           |         Cause Length          |   once or more
 *     +-------------------------------+-------------------------------+
 *     :           Cause-specific information, then padding            :
 *     +---------------------------------------------------------------+
 */

import { aligned, type ByteWriter, EMPTY, readU16 } from './bytes.ts';
import { type ErrorCause, PARAMETER } from './parameters.ts';
import {
  beginParameter,
  endParameter,
  HEADER_LENGTH,
  invalid,
  type Parameter,
  type Scope,
} from './tlv.ts';

/** At least one cause. */
export function readErrorCauses(scope: Scope, parameter: Parameter): ErrorCause[] {
  const { bytes } = scope;
  const { valueOffset, end } = parameter;
  const causes: ErrorCause[] = [];
  for (let offset = valueOffset; offset < end; ) {
    const length = end - offset < HEADER_LENGTH ? 0 : readU16(bytes, offset + 2);
    if (length < HEADER_LENGTH || length > end - offset) {
      throw invalid(scope, parameter, 'An error cause of an impossible length', offset);
    }
    const hasInfo = length > HEADER_LENGTH;
    const info = hasInfo ? bytes.subarray(offset + HEADER_LENGTH, offset + length) : EMPTY;
    causes.push({ code: readU16(bytes, offset), info });
    offset += aligned(length);
  }
  if (causes.length === 0) throw invalid(scope, parameter, 'An operation error without a cause');
  return causes;
}

/** Writes nothing when there is no cause. */
export function writeErrorCauses(writer: ByteWriter, causes: readonly ErrorCause[]): void {
  if (causes.length === 0) return;
  const parameter = beginParameter(writer, PARAMETER.OPERATION_ERROR);
  for (const { code, info } of causes) {
    // A cause is framed as a parameter is: 16 bits of code, 16 bits of length, padding outside.
    const cause = beginParameter(writer, code);
    writer.raw(info, 'information of a cause');
    endParameter(writer, cause);
  }
  endParameter(writer, parameter);
}
