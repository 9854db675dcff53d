/**
 * What to answer to a message that cannot be read: ENRP_ERROR (RFC 5353 §3.7), and never to an error. Who sends
 * too many of them is cut off.
 */

import type { DecodeError } from '../../errors.ts';
import { CAUSE, type ErrorCause } from '../../wire/parameters.ts';
import type { EnrpContext } from './context.ts';
import { abortLink, type Link } from './links.ts';

const ERROR_TYPE = 0x0a;

export function onUndecodable(
  context: EnrpContext,
  link: Link,
  payload: Uint8Array,
  { offset, causeCode, causeInfo, message }: DecodeError,
): void {
  const { counters, options, log } = context;
  counters.malformedMessages += 1;
  link.malformedMessages += 1;
  log.warn({ association: link.id, offset, causeCode, reason: message }, 'malformed message');
  if (link.malformedMessages > options.maxMalformedMessages) {
    abortLink(context, link, 'too many malformed messages');
    return;
  }
  if (causeCode === undefined || payload[0] === ERROR_TYPE) return;
  sendError(context, link, [{ code: causeCode, info: causeInfo ?? new Uint8Array() }]);
}

/** RFC 5354 §3: parameters that were skipped and are to be reported. */
export function reportUnrecognized(
  context: EnrpContext,
  link: Link,
  parameters: readonly Uint8Array[],
): void {
  const code = CAUSE.UNRECOGNIZED_PARAMETER;
  sendError(
    context,
    link,
    parameters.map((info) => ({ code, info })),
  );
}

function sendError({ id, outbox }: EnrpContext, link: Link, errors: ErrorCause[]): void {
  outbox.send(link.id, { type: 'ENRP_ERROR', senderId: id, receiverId: link.peerId, errors });
}
