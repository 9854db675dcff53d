/**
 * ASAP messages (RFC 5352 §2.2) from and to bytes. Here are the header and the choice of the format; what
 * each message holds is in `asap-registration.ts` and its neighbours, without objects in `asap-views.ts`.
 */

import { DecodeError } from '../errors.ts';
import type { AsapFormat } from './asap-format.ts';
import {
  endpointKeepAlive,
  endpointKeepAliveAck,
  endpointUnreachable,
  serverAnnounce,
} from './asap-liveness.ts';
import type { AsapMessage, Decoded } from './asap-messages.ts';
import {
  deregistration,
  deregistrationResponse,
  registration,
  registrationResponse,
} from './asap-registration.ts';
import { handleResolution, handleResolutionResponse } from './asap-resolution.ts';
import { businessCard, cookie, cookieEcho, error } from './asap-session.ts';
import { ByteWriter, readU16 } from './bytes.ts';
import { MessageBody } from './message-body.ts';
import { CAUSE, type Profile } from './parameters.ts';
import { beginMessage, endMessage, HEADER_LENGTH, refuse, type Scope } from './tlv.ts';

export interface WireOptions {
  /** How the two worlds read the same bytes; default `rsplib`. */
  readonly profile?: Profile | undefined;
}

type AnyFormat = AsapFormat<AsapMessage>;

const FORMATS = [
  ...[registration, deregistration, registrationResponse, deregistrationResponse],
  ...[handleResolution, handleResolutionResponse],
  ...[endpointKeepAlive, endpointKeepAliveAck, endpointUnreachable, serverAnnounce],
  ...[cookie, cookieEcho, businessCard, error],
] as unknown as readonly AnyFormat[]; // each one gets its own messages only: see the two maps

const BY_CODE = new Map(FORMATS.map((format) => [format.code, format]));
const BY_TYPE = new Map(FORMATS.map((format) => [format.type, format]));

/**
 * Reads one message from the beginning of `bytes`; what is behind it is ignored. Byte strings in the result
 * are views of `bytes`. Throws `DecodeError` for anything that is no valid message.
 */
export function decodeAsap(
  bytes: Uint8Array,
  { profile = 'rsplib' }: WireOptions = {},
): Decoded<AsapMessage> {
  const format = bytes.length === 0 ? undefined : BY_CODE.get(bytes[0] as number);
  const end = messageEnd(bytes, format?.type);
  if (format === undefined) throw unrecognizedMessage(bytes, end);

  const bodyOffset = HEADER_LENGTH + (format.hasRegistrarId ? 4 : 0);
  const message = { type: format.type, bodyOffset };
  const scope: Scope = { bytes, end, profile, message, unrecognized: [] };
  if (bodyOffset > end) throw refuse(scope, end, CAUSE.INVALID_VALUES, 'A message is cut off');
  const body = new MessageBody(scope, bodyOffset, format.takes);
  const decoded = format.decode(body, bytes[1] as number);
  return scope.unrecognized.length === 0
    ? decoded
    : { ...decoded, unrecognized: scope.unrecognized };
}

/** The bytes of a message, padded to a multiple of 4. TypeError, RangeError: it cannot be written so. */
export function encodeAsap(message: AsapMessage, options?: WireOptions): Uint8Array {
  const writer = ByteWriter.growing();
  write(writer, message, options);
  return writer.written();
}

/**
 * The same into a buffer of the caller from `offset` on; returns how many bytes were written. RangeError
 * also when they do not fit; what they would have covered is undefined then.
 */
export function encodeAsapInto(
  message: AsapMessage,
  out: Uint8Array,
  offset: number,
  options?: WireOptions,
): number {
  const writer = ByteWriter.into(out, offset);
  write(writer, message, options);
  return writer.length;
}

function write(
  writer: ByteWriter,
  message: AsapMessage,
  { profile = 'rsplib' }: WireOptions = {},
): void {
  const format = BY_TYPE.get(message.type);
  if (format === undefined) throw new TypeError(`There is no ASAP message "${message.type}".`);
  const start = beginMessage(writer, format.code, format.flags?.(message) ?? 0);
  format.encode(writer, message, profile);
  endMessage(writer, start);
}

/** Where the message ends by its own length. RFC 5354 has no cause for framing: Unspecified Error. */
function messageEnd(bytes: Uint8Array, messageType: string | undefined): number {
  const end = bytes.length < HEADER_LENGTH ? 0 : readU16(bytes, 2);
  if (end >= HEADER_LENGTH && end <= bytes.length) return end;
  const what = `A message of ${bytes.length} bytes says that it has ${end}.`;
  throw new DecodeError(what, 2, CAUSE.UNSPECIFIED, undefined, { messageType });
}

/** RFC 5354 §4: the highest two bits of an unknown type say whether anybody is told. */
function unrecognizedMessage(bytes: Uint8Array, end: number): DecodeError {
  const scope: Scope = { bytes, end, profile: 'rfc', unrecognized: [] };
  const type = bytes[0] as number;
  const isReported = type >>> 6 === 0b01;
  const what = `An unrecognized message 0x${type.toString(16).padStart(2, '0')}`;
  if (!isReported) return refuse(scope, 0, undefined, what);
  return refuse(scope, 0, CAUSE.UNRECOGNIZED_MESSAGE, what, bytes.subarray(0, end));
}
