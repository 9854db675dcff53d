/**
 * The two messages that arrive by the hundred thousand, read where they lie: no object, no view, no string is
 * made. A reader says true only for a plain, well-formed message, and then `decodeAsap` reads the same; for
 * anything else, right or wrong, it says false and the caller asks `decodeAsap`.
 *
 * Layouts: `asap-resolution.ts`, `asap-liveness.ts`.
 */

import { aligned } from './bytes.ts';
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
/** Of the message's first word. */
const WANTS_UPDATES = 0x01_0000;
const WORD_PARAMETER_LENGTH = 8;

// Of this file and not of others, since these the compiler knows to be constant.
const { POOL_HANDLE, PE_IDENTIFIER, HANDLE_RESOLUTION_OPTION } = PARAMETER;
const HEADER_BYTES = HEADER_LENGTH;
const HANDLE_OFFSET = 2 * HEADER_LENGTH;

/** Reads the message at `[offset, offset + length)` of `bytes` into `view`. */
export function readHandleResolution(
  bytes: Uint8Array,
  offset: number,
  length: number,
  view: HandleResolutionView,
): boolean {
  const handleLength = leadingHandleLength(bytes, offset, length, HANDLE_RESOLUTION);
  if (handleLength === 0) return false;
  const header = readWord(bytes, offset);
  const end = offset + (header & 0xffff);
  const next = offset + HANDLE_OFFSET + aligned(handleLength);
  let items = 0;
  if (next < end) {
    if (!isLastWord(bytes, next, end, HANDLE_RESOLUTION_OPTION)) return false;
    items = readWord(bytes, next + HEADER_BYTES) >>> 0;
  }
  view.poolHandleOffset = offset + HANDLE_OFFSET;
  view.poolHandleLength = handleLength;
  view.items = items;
  view.wantsUpdates = (header & WANTS_UPDATES) !== 0;
  return true;
}

/** Reads the message at `[offset, offset + length)` of `bytes` into `view`. */
export function readKeepAliveAck(
  bytes: Uint8Array,
  offset: number,
  length: number,
  view: KeepAliveAckView,
): boolean {
  const handleLength = leadingHandleLength(bytes, offset, length, KEEP_ALIVE_ACK);
  if (handleLength === 0) return false;
  const end = offset + (readWord(bytes, offset) & 0xffff);
  const next = offset + HANDLE_OFFSET + aligned(handleLength);
  if (!isLastWord(bytes, next, end, PE_IDENTIFIER)) return false;
  view.poolHandleOffset = offset + HANDLE_OFFSET;
  view.poolHandleLength = handleLength;
  view.poolElementId = readWord(bytes, next + HEADER_BYTES) >>> 0;
  return view.poolElementId !== 0;
}

/** Octets of the pool handle that a message of this type begins with; 0: it is none of these, or does not fit. */
function leadingHandleLength(
  bytes: Uint8Array,
  offset: number,
  length: number,
  type: number,
): number {
  if (length < HANDLE_OFFSET || offset + length > bytes.length) return 0;
  const message = readWord(bytes, offset);
  const handle = readWord(bytes, offset + HEADER_BYTES);
  const messageLength = message & 0xffff;
  const handleLength = (handle & 0xffff) - HEADER_BYTES;
  if (message >>> 24 !== type || messageLength > length) return 0;
  if (handle >>> 16 !== POOL_HANDLE || handleLength <= 0) return 0;
  return HANDLE_OFFSET + handleLength <= messageLength ? handleLength : 0;
}

/** Whether a parameter of this type with 32 bits of value is all that is left. */
function isLastWord(bytes: Uint8Array, at: number, end: number, type: number): boolean {
  return (
    at + WORD_PARAMETER_LENGTH === end &&
    readWord(bytes, at) === ((type << 16) | WORD_PARAMETER_LENGTH)
  );
}

/** Type, flags and length in one go, as a signed number: that is what the compiler makes the best code of. */
function readWord(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}
