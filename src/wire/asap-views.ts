/**
 * The two messages that arrive by the hundred thousand, read where they lie: no object, no view, no string is
 * made. A view says true only for a plain, well-formed message, and then `decodeAsap` reads the same; for
 * anything else, right or wrong, it says false and the caller asks `decodeAsap`.
 *
 * Layouts: `asap-resolution.ts`, `asap-liveness.ts`.
 */

import { aligned } from './bytes.ts';
import { PARAMETER } from './parameters.ts';
import { HEADER_LENGTH } from './tlv.ts';

const HANDLE_RESOLUTION = 0x05;
const KEEP_ALIVE_ACK = 0x08;
/** Of the message's first word. */
const WANTS_UPDATES = 0x01_0000;
const WORD_PARAMETER_LENGTH = 8;

// Of this file and not of others, since these the compiler knows to be constant.
const { POOL_HANDLE, PE_IDENTIFIER, HANDLE_RESOLUTION_OPTION } = PARAMETER;
const HEADER_BYTES = HEADER_LENGTH;
const HANDLE_OFFSET = 2 * HEADER_LENGTH;

/** An ASAP_HANDLE_RESOLUTION (RFC 5352 §2.2.5) somewhere in `bytes`; offsets are those of `bytes`. */
export class HandleResolutionView {
  poolHandleOffset = 0;
  poolHandleLength = 0;
  /** How many pool elements are wanted; 0: not said. */
  items = 0;
  wantsUpdates = false;
  readonly #data: DataView;

  constructor(readonly bytes: Uint8Array) {
    this.#data = dataOf(bytes);
  }

  /** Reads the message at `[offset, offset + length)`. False: the fields mean nothing. */
  read(offset: number, length: number): boolean {
    const data = this.#data;
    const handleLength = leadingHandleLength(data, offset, length, HANDLE_RESOLUTION);
    if (handleLength === 0) return false;
    const header = data.getInt32(offset);
    const end = offset + (header & 0xffff);
    const next = offset + HANDLE_OFFSET + aligned(handleLength);
    this.items = 0;
    if (next < end) {
      if (!isLastWord(data, next, end, HANDLE_RESOLUTION_OPTION)) return false;
      this.items = data.getUint32(next + HEADER_BYTES);
    }
    this.poolHandleOffset = offset + HANDLE_OFFSET;
    this.poolHandleLength = handleLength;
    this.wantsUpdates = (header & WANTS_UPDATES) !== 0;
    return true;
  }
}

/** An ASAP_ENDPOINT_KEEP_ALIVE_ACK (RFC 5352 §2.2.8) somewhere in `bytes`; offsets are those of `bytes`. */
export class KeepAliveAckView {
  poolHandleOffset = 0;
  poolHandleLength = 0;
  poolElementId = 0;
  readonly #data: DataView;

  constructor(readonly bytes: Uint8Array) {
    this.#data = dataOf(bytes);
  }

  /** Reads the message at `[offset, offset + length)`. False: the fields mean nothing. */
  read(offset: number, length: number): boolean {
    const data = this.#data;
    const handleLength = leadingHandleLength(data, offset, length, KEEP_ALIVE_ACK);
    if (handleLength === 0) return false;
    const end = offset + data.getUint16(offset + 2);
    const next = offset + HANDLE_OFFSET + aligned(handleLength);
    if (!isLastWord(data, next, end, PE_IDENTIFIER)) return false;
    this.poolHandleOffset = offset + HANDLE_OFFSET;
    this.poolHandleLength = handleLength;
    this.poolElementId = data.getUint32(next + HEADER_BYTES);
    return this.poolElementId !== 0;
  }
}

/** Whether it is worth a view. */
export function seemsKeepAliveAck(payload: Uint8Array): boolean {
  return payload[0] === KEEP_ALIVE_ACK;
}

/** Reads whole words, in network byte order: a third quicker than octet by octet. */
function dataOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** Octets of the pool handle that a message of this type begins with; 0: it is none of these, or does not fit. */
function leadingHandleLength(data: DataView, offset: number, length: number, type: number): number {
  if (length < HANDLE_OFFSET || offset + length > data.byteLength) return 0;
  const message = data.getInt32(offset);
  const handle = data.getInt32(offset + HEADER_BYTES);
  const messageLength = message & 0xffff;
  const handleLength = (handle & 0xffff) - HEADER_BYTES;
  if (message >>> 24 !== type || messageLength > length) return 0;
  if (handle >>> 16 !== POOL_HANDLE || handleLength <= 0) return 0;
  return HANDLE_OFFSET + handleLength <= messageLength ? handleLength : 0;
}

/** Whether a parameter of this type with 32 bits of value is all that is left. */
function isLastWord(data: DataView, at: number, end: number, type: number): boolean {
  return (
    at + WORD_PARAMETER_LENGTH === end &&
    data.getInt32(at) === ((type << 16) | WORD_PARAMETER_LENGTH)
  );
}
