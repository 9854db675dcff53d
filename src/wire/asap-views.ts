/**
 * The two messages that arrive by the hundred thousand, read where they lie: no object, no view, no string is
 * made. A reader says true only for a plain, well-formed message, and then `decodeAsap` reads the same; for
 * anything else, right or wrong, it says false and the caller asks `decodeAsap`.
 *
 * Layouts: `asap-resolution.ts`, `asap-liveness.ts`.
 */

import { aligned, readU16, readU32 } from './bytes.ts';
import { PARAMETER } from './parameters.ts';
import { HEADER_LENGTH } from './tlv.ts';

/** An ASAP_HANDLE_RESOLUTION (RFC 5352 §2.2.5); offsets are those of the buffer it was read from. */
export class HandleResolutionView {
  poolHandleOffset = 0;
  poolHandleLength = 0;
  /** How many pool elements are wanted; 0: not said. */
  items = 0;
  wantsUpdates = false;
}

/** An ASAP_ENDPOINT_KEEP_ALIVE_ACK (RFC 5352 §2.2.8); offsets are those of the buffer it was read from. */
export class KeepAliveAckView {
  poolHandleOffset = 0;
  poolHandleLength = 0;
  poolElementId = 0;
}

const HANDLE_RESOLUTION = 0x05;
const KEEP_ALIVE_ACK = 0x08;
const WANTS_UPDATES = 0x01;
const WORD_PARAMETER_LENGTH = 8;

/** Reads the message at `[offset, offset + length)` of `bytes` into `view`. */
export function readHandleResolution(
  bytes: Uint8Array,
  offset: number,
  length: number,
  view: HandleResolutionView,
): boolean {
  const end = endOfMessage(bytes, offset, length, HANDLE_RESOLUTION);
  const handleEnd = endOfLeadingHandle(bytes, offset, end);
  if (handleEnd === 0) return false;
  const next = offset + aligned(handleEnd - offset);
  view.items = 0;
  if (next < end) {
    if (!isLastWord(bytes, next, end, PARAMETER.HANDLE_RESOLUTION_OPTION)) return false;
    view.items = readU32(bytes, next + HEADER_LENGTH);
  }
  view.poolHandleOffset = offset + 2 * HEADER_LENGTH;
  view.poolHandleLength = handleEnd - view.poolHandleOffset;
  view.wantsUpdates = ((bytes[offset + 1] as number) & WANTS_UPDATES) !== 0;
  return true;
}

/** Reads the message at `[offset, offset + length)` of `bytes` into `view`. */
export function readKeepAliveAck(
  bytes: Uint8Array,
  offset: number,
  length: number,
  view: KeepAliveAckView,
): boolean {
  const end = endOfMessage(bytes, offset, length, KEEP_ALIVE_ACK);
  const handleEnd = endOfLeadingHandle(bytes, offset, end);
  if (handleEnd === 0) return false;
  const next = offset + aligned(handleEnd - offset);
  if (!isLastWord(bytes, next, end, PARAMETER.PE_IDENTIFIER)) return false;
  view.poolElementId = readU32(bytes, next + HEADER_LENGTH);
  view.poolHandleOffset = offset + 2 * HEADER_LENGTH;
  view.poolHandleLength = handleEnd - view.poolHandleOffset;
  return view.poolElementId !== 0;
}

/** Where a message of this type ends; 0 when it is another one, or does not fit. */
function endOfMessage(bytes: Uint8Array, offset: number, length: number, type: number): number {
  if (length < HEADER_LENGTH || offset + length > bytes.length || bytes[offset] !== type) return 0;
  const messageLength = readU16(bytes, offset + 2);
  return messageLength <= length ? offset + messageLength : 0;
}

/** Where the pool handle ends with which the message begins; 0 when it begins otherwise. */
function endOfLeadingHandle(bytes: Uint8Array, offset: number, end: number): number {
  const at = offset + HEADER_LENGTH;
  if (at + HEADER_LENGTH >= end || readU16(bytes, at) !== PARAMETER.POOL_HANDLE) return 0;
  const length = readU16(bytes, at + 2);
  return length > HEADER_LENGTH && length <= end - at ? at + length : 0;
}

/** Whether a parameter of this type with 32 bits of value is all that is left. */
function isLastWord(bytes: Uint8Array, at: number, end: number, type: number): boolean {
  return (
    at + WORD_PARAMETER_LENGTH === end &&
    readU16(bytes, at) === type &&
    readU16(bytes, at + 2) === WORD_PARAMETER_LENGTH
  );
}
