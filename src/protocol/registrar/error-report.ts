/**
 * What to answer to a message that cannot be read: the refusal of the request where it is known whom it was
 * about, otherwise ASAP_ERROR (RFC 5352 §2.2.14). Only requests are answered, and types of message that ask
 * for it; never an ASAP_ERROR, and never a message whose sender expects nothing: rsplib's programs abort
 * their association on whatever they did not ask for (interop-rsplib A10).
 */

import type { DecodeError } from '../../errors.ts';
import type { Milliseconds } from '../../types.ts';
import type { AsapMessage } from '../../wire/asap-messages.ts';
import { CAUSE, type ErrorCause } from '../../wire/parameters.ts';
import { type Association, abortAssociation } from './associations.ts';
import { cause, causeWithPoolHandle } from './causes.ts';
import type { RegistrarContext } from './context.ts';
import { tellRefused } from './refusal.ts';

/** Answers bytes that are no message, if an answer is due; who sends too many of them is cut off. */
export function onUndecodable(
  context: RegistrarContext,
  now: Milliseconds,
  association: Association,
  payload: Uint8Array,
  error: DecodeError,
): void {
  const { options, counters, log } = context;
  counters.malformedMessages += 1;
  association.malformedMessages += 1;
  const { offset, causeCode, message } = error;
  log.warn(
    { association: association.id, offset, causeCode, reason: message },
    'malformed message',
  );
  if (association.malformedMessages > options.limits.maxMalformedMessages) {
    abortAssociation(context, now, association.id, 'malformedMessages');
  } else if (causeCode !== undefined && isOwedAnAnswer(payload)) {
    answer(context, association, error, cause(causeCode, error.causeInfo));
  }
}

/** asap.md §10: "reject response if handle and id are known", otherwise ASAP_ERROR. */
function answer(
  context: RegistrarContext,
  { id }: Association,
  { messageType, poolHandle, poolElementId }: DecodeError,
  refusal: ErrorCause,
): void {
  const { outbox } = context;
  const errors = [refusal];
  const isNamed =
    poolHandle !== undefined && poolElementId !== undefined && !isTooLong(context, poolHandle);
  const isRequest = messageType === 'ASAP_REGISTRATION' || messageType === 'ASAP_DEREGISTRATION';
  if (!isNamed || !isRequest || refusal.code !== CAUSE.INVALID_VALUES) {
    outbox.send(id, { type: 'ASAP_ERROR', errors });
    return;
  }
  const subject = { poolHandle, poolElementId };
  tellRefused(context, { request: messageType, association: id, ...subject }, refusal);
  if (messageType === 'ASAP_REGISTRATION') {
    outbox.send(id, { type: 'ASAP_REGISTRATION_RESPONSE', ...subject, isRejected: true, errors });
  } else {
    outbox.send(id, { type: 'ASAP_DEREGISTRATION_RESPONSE', ...subject, errors });
  }
}

/** RFC 5354 §3: parameters that were skipped and are to be reported. */
export function reportUnrecognized(
  { outbox }: RegistrarContext,
  { id }: Association,
  payload: Uint8Array,
  parameters: readonly Uint8Array[],
): void {
  if (!isOwedAnAnswer(payload)) return;
  const errors = parameters.map((parameter) => cause(CAUSE.UNRECOGNIZED_PARAMETER, parameter));
  outbox.send(id, { type: 'ASAP_ERROR', errors });
}

/**
 * Refuses a message with a pool handle over the limit; true if it was one. No response repeats such a
 * handle: rsplib's programs abort on it (interop-rsplib A8).
 */
export function refusedForPoolHandle(
  context: RegistrarContext,
  { id }: Association,
  payload: Uint8Array,
  message: AsapMessage,
): boolean {
  if (!('poolHandle' in message) || !isTooLong(context, message.poolHandle)) return false;
  context.counters.ignoredMessages += 1;
  if (isOwedAnAnswer(payload)) {
    const refusal = causeWithPoolHandle(CAUSE.INVALID_VALUES, message.poolHandle);
    context.outbox.send(id, { type: 'ASAP_ERROR', errors: [refusal] });
  }
  return true;
}

function isTooLong({ options }: RegistrarContext, poolHandle: Uint8Array): boolean {
  return poolHandle.length > options.limits.maxPoolHandleBytes;
}

/** Registration, deregistration, handle resolution: the requests of RFC 5352 §2.2. */
const REQUEST_TYPES = [0x01, 0x02, 0x05];
const LAST_KNOWN_TYPE = 0x0e;

function isOwedAnAnswer(payload: Uint8Array): boolean {
  const type = payload[0];
  return type === undefined || type > LAST_KNOWN_TYPE || REQUEST_TYPES.includes(type);
}
