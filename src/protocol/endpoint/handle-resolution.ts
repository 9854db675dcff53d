/**
 * Handle resolution of a pool user (RFC 5352 §3.3): from the cache or at a registrar, with T1-ENRPrequest and
 * MAX-REQUEST-RETRANSMIT. SCTP loses nothing: what is not answered in time is asked of another registrar.
 */

import type { Milliseconds } from '../../types.ts';
import type { AsapHandleResolutionResponse } from '../../wire/asap-messages.ts';
import { describeCauses } from '../../wire/cause-text.ts';
import { CAUSE, type ErrorCause } from '../../wire/parameters.ts';
import { Answer } from './answer.ts';
import { keyOf, type PendingResolution } from './pending-resolutions.ts';
import type { PoolUserContext } from './pool-user-context.ts';
import type { PoolUserEvent, PoolUserInput } from './pool-user-events.ts';

type Failure = Extract<PoolUserEvent, { type: 'resolutionFailed' }>['why'];

/** C1-C4: the cache if it may and can, else a registrar. */
export function resolve(
  context: PoolUserContext,
  now: Milliseconds,
  { request, poolHandle, items, isFresh }: Extract<PoolUserInput, { type: 'resolve' }>,
): void {
  const { cache, pending, outbox, options } = context;
  const key = keyOf(poolHandle);
  const known = isFresh ? undefined : cache.find(now, key);
  if (known?.suffices(items)) {
    outbox.push({ type: 'resolved', request, poolElements: known.use(items) });
    return;
  }
  const same = pending.find(key, items);
  if (same !== undefined) {
    same.requests.add(request);
    return;
  }
  const tries = 1 + options.maxRequestRetransmissions;
  const message = {
    type: 'ASAP_HANDLE_RESOLUTION',
    wantsUpdates: false,
    poolHandle,
    items,
  } as const;
  const question: PendingResolution = {
    ...{ key, items, payload: outbox.encode(message) },
    requests: new Set([request]),
    giveUpAt: now + tries * options.t1EnrpRequestMs,
    t1: Number.POSITIVE_INFINITY,
    failures: 0,
  };
  pending.add(question);
  send(context, now, question);
}

/** A registrar is found: it is asked everything that waits. */
export function sendPending(context: PoolUserContext, now: Milliseconds): void {
  for (const question of context.pending.all()) send(context, now, question);
}

/** Asks the registrar; without one it is looked for first. */
function send(context: PoolUserContext, now: Milliseconds, question: PendingResolution): void {
  const { registrar, hunt, outbox, options } = context;
  if (registrar === undefined) {
    hunt.start(now);
    return;
  }
  question.t1 = now + options.t1EnrpRequestMs;
  outbox.sendBytes(registrar.association, question.payload);
}

/**
 * A try was in vain: the registrar was lost, does not answer, or cannot be found. Those who have tried often
 * enough end here; the others wait for the next registrar.
 */
export function onTryFailed(context: PoolUserContext): void {
  const { pending, options } = context;
  for (const question of pending.all()) {
    question.t1 = Number.POSITIVE_INFINITY;
    question.failures += 1;
    const isLast = question.failures > options.maxRequestRetransmissions;
    if (isLast || question.requests.size === 0) fail(context, question, 'unreachable');
  }
}

/** True: T1 of some resolution has run out, and the registrar is to be left. */
export function onResolutionTimers(context: PoolUserContext, now: Milliseconds): boolean {
  const questions = context.pending.all();
  const isSilent = questions.some(({ t1 }) => t1 <= now);
  for (const question of questions) {
    if (question.giveUpAt <= now) {
      tellFailed(context, question, 'unreachable');
      context.pending.abandon(question);
    }
  }
  return isSilent;
}

export function onHandleResolutionResponse(
  context: PoolUserContext,
  now: Milliseconds,
  message: AsapHandleResolutionResponse,
): void {
  const { pending, reports, cache, outbox, hunt, random } = context;
  const key = keyOf(message.poolHandle);
  const question = pending.oldest(key);
  if (question === undefined) return; // late, or never asked for
  pending.remove(question);
  hunt.onProven();
  const causeCodes = message.errors.map(({ code }) => code);
  if (causeCodes.length > 0) {
    cache.remove(key);
    if (!causeCodes.includes(CAUSE.UNKNOWN_POOL_HANDLE)) {
      fail(context, question, 'rejected', message.errors);
      return;
    }
    for (const request of question.requests) {
      outbox.push({ type: 'resolved', request, poolElements: undefined });
    }
    return;
  }
  for (const { id } of message.poolElements) reports.onNamed(key, id);
  const answer = new Answer(message, question.items, random);
  cache.put(now, key, answer);
  for (const request of question.requests) {
    outbox.push({ type: 'resolved', request, poolElements: answer.use(question.items) });
  }
}

/** ASAP_ERROR: answers come in the order of the requests, so it is about the oldest. */
export function onResolutionError(context: PoolUserContext, errors: readonly ErrorCause[]): void {
  const question = context.pending.oldest();
  if (question === undefined) return;
  fail(context, question, 'rejected', errors);
}

export function failAll(context: PoolUserContext, why: Failure): void {
  for (const question of context.pending.all()) fail(context, question, why);
}

function fail(
  context: PoolUserContext,
  question: PendingResolution,
  why: Failure,
  errors: readonly ErrorCause[] = [],
): void {
  context.pending.remove(question);
  tellFailed(context, question, why, errors);
}

function tellFailed(
  { outbox, log }: PoolUserContext,
  question: PendingResolution,
  why: Failure,
  errors: readonly ErrorCause[] = [],
): void {
  const causeCodes = errors.map(({ code }) => code);
  const reason = why === 'rejected' ? describeCauses(errors) : undefined;
  log.debug({ why, causeCodes, reason, requests: question.requests.size }, 'resolution failed');
  for (const request of question.requests) {
    outbox.push({ type: 'resolutionFailed', request, why, causeCodes, reason });
  }
}
