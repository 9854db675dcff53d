/**
 * Handle resolution of a pool user (RFC 5352 §3.3): from the cache or at a registrar, with T1-ENRPrequest and
 * MAX-REQUEST-RETRANSMIT. SCTP loses nothing: what is not answered in time is asked of another registrar.
 */

import type { Milliseconds } from '../../types.ts';
import type { AsapHandleResolutionResponse } from '../../wire/asap-messages.ts';
import { describeCauses } from '../../wire/cause-text.ts';
import { CAUSE, type ErrorCause } from '../../wire/parameters.ts';
import { keyOf, type PendingResolution } from './pending-resolutions.ts';
import type { PoolUserContext } from './pool-user-context.ts';
import type { PoolUserEvent, PoolUserInput } from './pool-user-events.ts';

type Failure = Extract<PoolUserEvent, { type: 'resolutionFailed' }>['why'];

/** A request of the application, and when it has waited for too long. */
interface Want {
  readonly request: number;
  readonly key: string;
  readonly poolHandle: Uint8Array;
  /** `undefined`: as many as the registrar gives by itself. */
  readonly items: number | undefined;
  readonly giveUpAt: Milliseconds;
}

export function resolve(
  context: PoolUserContext,
  now: Milliseconds,
  { request, poolHandle, items, isFresh }: Extract<PoolUserInput, { type: 'resolve' }>,
): void {
  const { maxRequestRetransmissions, t1EnrpRequestMs } = context.options;
  const giveUpAt = now + (1 + maxRequestRetransmissions) * t1EnrpRequestMs;
  const want = { request, key: keyOf(poolHandle), poolHandle, items, giveUpAt };
  if (isFresh) ask(context, now, want, 'request', items);
  else answerOrAsk(context, now, want);
}

/**
 * C1-C4: the cache if it may and can, else a registrar. The cache needs to know how many elements are wanted. If
 * that is left to the registrar, it is asked so at first, and what it answers is the number from then on.
 */
function answerOrAsk(context: PoolUserContext, now: Milliseconds, want: Want): void {
  const { cache, outbox, options } = context;
  const { request, key } = want;
  const items = want.items ?? cache.numberOf(now, key);
  const evenPart = context.registrar === undefined;
  const poolElements =
    items === undefined ? undefined : cache.select(now, key, items, { evenPart });
  if (poolElements !== undefined) {
    outbox.push({ type: 'resolved', request, poolElements });
  } else if (!cache.keeps(key)) {
    ask(context, now, want, 'request', want.items);
  } else if (items === undefined) {
    shareOrAsk(context, now, want, undefined);
  } else {
    shareOrAsk(context, now, { ...want, items }, Math.max(items, options.cacheItems));
  }
}

/** Several requests may wait for an answer that serves more than one. */
function shareOrAsk(
  context: PoolUserContext,
  now: Milliseconds,
  want: Want,
  asked: number | undefined,
): void {
  const same = context.pending.findShared(want.key, want.items);
  if (same !== undefined) same.requests.set(want.request, want.items);
  else ask(context, now, want, asked === undefined ? 'number' : 'cache', asked);
}

function ask(
  context: PoolUserContext,
  now: Milliseconds,
  { request, key, poolHandle, items, giveUpAt }: Want,
  purpose: PendingResolution['purpose'],
  asked: number | undefined,
): void {
  const type = 'ASAP_HANDLE_RESOLUTION';
  const message = { type, wantsUpdates: false, poolHandle, items: asked } as const;
  const pending: PendingResolution = {
    key,
    asked,
    purpose,
    giveUpAt,
    payload: context.outbox.encode(message),
    requests: new Map([[request, items]]),
    reported: new Set(),
    t1: Number.POSITIVE_INFINITY,
    failures: 0,
  };
  context.pending.add(pending);
  send(context, now, pending);
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
  const { pending, cache, outbox, hunt } = context;
  const key = keyOf(message.poolHandle);
  const question = pending.oldest(key);
  if (question === undefined) return; // late, or never asked for
  pending.remove(question);
  hunt.onProven();
  const causeCodes = message.errors.map(({ code }) => code);
  if (causeCodes.length === 0) {
    onFound(context, now, question, message);
    return;
  }
  cache.remove(key);
  if (causeCodes.some((code) => code !== CAUSE.UNKNOWN_POOL_HANDLE)) {
    fail(context, question, 'rejected', message.errors);
    return;
  }
  for (const request of question.requests.keys()) {
    outbox.push({ type: 'resolved', request, poolElements: undefined });
  }
}

/**
 * The request that has waited longest gets the answer as the registrar has ordered it, the others what is
 * selected from the cache, or else an answer of their own.
 */
function onFound(
  context: PoolUserContext,
  now: Milliseconds,
  question: PendingResolution,
  message: AsapHandleResolutionResponse,
): void {
  const { poolHandle, poolElements } = message;
  const { key, giveUpAt } = question;
  keep(context, now, question, message);
  const [first, ...others] = question.requests;
  if (first !== undefined) {
    const [request, items] = first;
    context.outbox.push({ type: 'resolved', request, poolElements: poolElements.slice(0, items) });
  }
  for (const [request, items] of others) {
    answerOrAsk(context, now, { request, key, poolHandle, items, giveUpAt });
  }
}

/** Keeps an answer, or else what it means for what was kept before. */
function keep(
  { cache, reports }: PoolUserContext,
  now: Milliseconds,
  { key, purpose, asked, reported }: PendingResolution,
  message: AsapHandleResolutionResponse,
): void {
  const { poolElements } = message;
  const isWholePool = asked !== undefined && poolElements.length < asked;
  if (asked === undefined) cache.putNumber(now, key, message);
  if (asked !== undefined && (purpose === 'cache' || isWholePool)) {
    cache.put(now, key, message, asked);
  } else {
    cache.putPart(now, key, message);
  }
  for (const { id } of poolElements) {
    if (reported.has(id)) cache.removeElement(key, id);
    else reports.onNamed(key, id);
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
  for (const request of question.requests.keys()) {
    outbox.push({ type: 'resolutionFailed', request, why, causeCodes, reason });
  }
}
