/**
 * ASAP messages (RFC 5352 §2.2) from and to bytes. What each message holds is in `asap-registration.ts` and
 * its neighbours; how it is framed in `message-codec.ts`; reading without objects is `asap-views.ts`.
 */

import {
  endpointKeepAlive,
  endpointKeepAliveAck,
  endpointUnreachable,
  serverAnnounce,
} from './asap-liveness.ts';
import type { AsapMessage } from './asap-messages.ts';
import {
  deregistration,
  deregistrationResponse,
  registration,
  registrationResponse,
} from './asap-registration.ts';
import { handleResolution, handleResolutionResponse } from './asap-resolution.ts';
import { businessCard, cookie, cookieEcho, error } from './asap-session.ts';
import { type Decoded, MessageCodec } from './message-codec.ts';
import type { MessageFormat } from './message-format.ts';
import type { WireOptions } from './parameters.ts';

const FORMATS = [
  registration,
  deregistration,
  registrationResponse,
  deregistrationResponse,
  handleResolution,
  handleResolutionResponse,
  endpointKeepAlive,
  endpointKeepAliveAck,
  endpointUnreachable,
  serverAnnounce,
  cookie,
  cookieEcho,
  businessCard,
  error,
];

// Every format takes one type of message only; the codec looks at the type before it asks a format.
const codec = new MessageCodec('ASAP', FORMATS as unknown as MessageFormat<AsapMessage>[]);

/**
 * Reads one message from the beginning of `bytes`; what is behind it is ignored. Byte strings in the result
 * are views of `bytes`. Throws `DecodeError` for anything that is no valid message.
 */
export function decodeAsap(bytes: Uint8Array, options?: WireOptions): Decoded<AsapMessage> {
  return codec.decode(bytes, options);
}

/** The bytes of a message, padded to a multiple of 4. TypeError, RangeError: it cannot be written so. */
export function encodeAsap(message: AsapMessage, options?: WireOptions): Uint8Array {
  return codec.encode(message, options);
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
  return codec.encodeInto(message, out, offset, options);
}
