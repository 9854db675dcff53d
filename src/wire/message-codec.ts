/**
 * Messages from and to bytes, by their formats: the header, the choice of the format, types that nobody
 * knows. ASAP and ENRP have the same header and separate types (RFC 5354 §4), so each has a codec of its own.
 */

import { DecodeError } from '../errors.ts';
import { ByteWriter, readU16 } from './bytes.ts';
import { MessageBody } from './message-body.ts';
import type { MessageFormat } from './message-format.ts';
import { CAUSE, type Profile, type WireOptions } from './parameters.ts';
import { beginMessage, endMessage, HEADER_LENGTH, refuse, type Scope } from './tlv.ts';
import { profileOf } from './wire-options.ts';

/**
 * A decoded message and what its receiver still has to report: complete parameters of an unknown type
 * whose action bits say "skip and report" (RFC 5354 §3), views of the input, usually none.
 */
export type Decoded<Message> = Message & { readonly unrecognized?: readonly Uint8Array[] };

export class MessageCodec<Message extends { readonly type: string }> {
  readonly #protocol: string;
  readonly #byCode: ReadonlyMap<number, MessageFormat<Message>>;
  readonly #byType: ReadonlyMap<string, MessageFormat<Message>>;

  constructor(protocol: string, formats: readonly MessageFormat<Message>[]) {
    this.#protocol = protocol;
    this.#byCode = new Map(formats.map((format) => [format.code, format]));
    this.#byType = new Map(formats.map((format) => [format.type, format]));
  }

  /** The message with which `bytes` begin. */
  decode(bytes: Uint8Array, options?: WireOptions): Decoded<Message> {
    const unrecognized: Uint8Array[] = [];
    const message = this.#read(bytes, profileOf(options), unrecognized);
    return unrecognized.length === 0 ? message : { ...message, unrecognized };
  }

  encode(message: Message, options?: WireOptions): Uint8Array {
    const writer = ByteWriter.growing();
    this.#write(writer, message, profileOf(options));
    return writer.written();
  }

  /** Into `out` from `offset` on; how many bytes that were. */
  encodeInto(message: Message, out: Uint8Array, offset: number, options?: WireOptions): number {
    const writer = ByteWriter.into(out, offset);
    this.#write(writer, message, profileOf(options));
    return writer.length;
  }

  #read(bytes: Uint8Array, profile: Profile, unrecognized: Uint8Array[]): Message {
    const format = this.#byCode.get(bytes[0] ?? -1);
    const end = messageEnd(bytes, format?.type);
    if (format === undefined) throw unrecognizedMessage(bytes, end);

    const bodyOffset = HEADER_LENGTH + (format.fixedLength ?? 0);
    const message = { type: format.type, bodyOffset };
    const scope: Scope = { bytes, end, profile, message, unrecognized };
    if (bodyOffset > end) throw refuse(scope, end, CAUSE.INVALID_VALUES, 'A message is cut off');
    const body = new MessageBody(scope, bodyOffset, format.takes);
    return format.decode(body, bytes[1] as number);
  }

  #write(writer: ByteWriter, message: Message, profile: Profile): void {
    const format = this.#byType.get(message.type);
    if (format === undefined) {
      throw new TypeError(`There is no ${this.#protocol} message "${message.type}".`);
    }
    const start = beginMessage(writer, format.code, format.flags?.(message) ?? 0);
    format.encode(writer, message, profile);
    endMessage(writer, start);
  }
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
