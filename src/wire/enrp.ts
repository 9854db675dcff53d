/**
 * ENRP messages (RFC 5353 §2) from and to bytes. What each message holds is in `enrp-peers.ts` and its
 * neighbours; how it is framed in `message-codec.ts`.
 */

import { handleTableRequest, handleTableResponse, handleUpdate } from './enrp-handle-table.ts';
import type { EnrpMessage } from './enrp-messages.ts';
import { error, listRequest, listResponse, presence } from './enrp-peers.ts';
import { initTakeover, initTakeoverAck, takeoverServer } from './enrp-takeover.ts';
import { type Decoded, MessageCodec } from './message-codec.ts';
import type { MessageFormat } from './message-format.ts';
import type { WireOptions } from './parameters.ts';

const FORMATS = [
  presence,
  handleTableRequest,
  handleTableResponse,
  handleUpdate,
  listRequest,
  listResponse,
  initTakeover,
  initTakeoverAck,
  takeoverServer,
  error,
];

// Every format takes one type of message only; the codec looks at the type before it asks a format.
const codec = new MessageCodec('ENRP', FORMATS as unknown as MessageFormat<EnrpMessage>[]);

/**
 * Reads one message from the beginning of `bytes`; what is behind it is ignored. Byte strings in the result
 * are views of `bytes`. Throws `DecodeError` for anything that is no valid message.
 */
export function decodeEnrp(bytes: Uint8Array, options?: WireOptions): Decoded<EnrpMessage> {
  return codec.decode(bytes, options);
}

/** The bytes of a message, padded to a multiple of 4. TypeError, RangeError: it cannot be written so. */
export function encodeEnrp(message: EnrpMessage, options?: WireOptions): Uint8Array {
  return codec.encode(message, options);
}

/**
 * The same into a buffer of the caller from `offset` on; returns how many bytes were written. RangeError
 * also when they do not fit; what they would have covered is undefined then.
 */
export function encodeEnrpInto(
  message: EnrpMessage,
  out: Uint8Array,
  offset: number,
  options?: WireOptions,
): number {
  return codec.encodeInto(message, out, offset, options);
}
