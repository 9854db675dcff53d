/**
 * Handle resolution of a pool user (RFC 5352 §3.3): from the cache or at a registrar, with T1-ENRPrequest and
 * MAX-REQUEST-RETRANSMIT. SCTP loses nothing: what is not answered in time is asked of another registrar.
 */

import { MAX_ITEMS } from '../../handlespace/options.ts';
import type { Milliseconds } from '../../types.ts';
import type { AsapHandleResolutionResponse } from '../../wire/asap-messages.ts';
import { describeCauses } from '../../wire/cause-text.ts';
import { CAUSE, type ErrorCause } from '../../wire/parameters.ts';
import { keyOf, type PendingResolution } from './pending-resolutions.ts';
import type { PoolUserContext } from './pool-user-context.ts';
import type { PoolUserEvent, PoolUserInput } from './pool-user-events.ts';

type Failure = Extract<PoolUserEvent, { type: 'resolutionFailed' }>['why'];

/** What rspregistrar and, for the RFCs, any registrar answers by itself (decision 15). */
const DEFAULT_ITEMS = { rsplib: 3, rfc: MAX_ITEMS } as const;

/**
 * C1-C4: the cache if it may and can, else a registrar. A question whose answer is to be kept asks for enough
 * elements to select among them, and several requests may wait for its answer. Any other question is asked for
 * one request alone.
 */
export function resolve(
  context: PoolUserContext,
  now: Milliseconds,
  { request, poolHandle, items, isFresh }: Extract<PoolUserInput, { type: 'resolve' }>,
): void {
  const { cache, pending, outbox, options } = context;
  const key = keyOf(poolHandle);
  const isForCache = !isFresh && cache.keeps(key);
  const wanted = items ?? DEFAULT_ITEMS[options.profile];
  const poolElements = isFresh ? undefined : cache.select(now, key, wanted);
  if (poolElements !== undefined) {
    outbox.push({ type: 'resolved', request, poolElements });
    return;
  }
  const same = isForCache ? pending.findForCache(key, wanted) : undefined;
  if (same !== undefined) {
    same.requests.set(request, wanted);
    return;
  }
  const question = {
    ...{ key, poolHandle, isForCache },
    asked: isForCache ? Math.max(wanted, options.cacheItems) : items,
    giveUpAt: now + (1 + options.maxRequestRetransmissions) * options.t1EnrpRequestMs,
  };
  ask(context, now, question, request, isForCache ? wanted : items);
}

type Question = Pick<PendingResolution, 'key' | 'asked' | 'isForCache' | 'giveUpAt'> & {
  readonly poolHandle: Uint8Array;
};

function ask(
  context: PoolUserContext,
  now: Milliseconds,
  { poolHandle, ...question }: Question,
  request: number,
  wanted: number | undefined,
): void {
  const { asked: items } = question;
  const message = {
    type: 'ASAP_HANDLE_RESOLUTION',
    wantsUpdates: false,
    poolHandle,
    items,
  } as const;
  const pending: PendingResolution = {
    ...question,
    payload: context.outbox.encode(message),
    requests: new Map([[request, wanted]]),
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
 * selected from the cache. An answer that is not kept is for one request: the others are asked for again.
 */
function onFound(
  context: PoolUserContext,
  now: Milliseconds,
  question: PendingResolution,
  message: AsapHandleResolutionResponse,
): void {
  const { cache, outbox, options } = context;
  const { poolHandle, poolElements } = message;
  const { key, giveUpAt } = question;
  keep(context, now, question, message);
  const [first, ...others] = question.requests;
  if (first !== undefined) {
    const [request, wanted] = first;
    outbox.push({ type: 'resolved', request, poolElements: poolElements.slice(0, wanted) });
  }
  for (const [request, wanted = DEFAULT_ITEMS[options.profile]] of others) {
    const selected = cache.select(now, key, wanted);
    if (selected !== undefined) {
      outbox.push({ type: 'resolved', request, poolElements: selected });
    } else {
      const again = { key, poolHandle, isForCache: false, asked: wanted, giveUpAt };
      ask(context, now, again, request, wanted);
    }
  }
}

/** Keeps an answer, or else what it means for what was kept before. */
function keep(
  { cache, reports, options }: PoolUserContext,
  now: Milliseconds,
  { key, isForCache, asked, reported }: PendingResolution,
  message: AsapHandleResolutionResponse,
): void {
  const { poolElements } = message;
  const askedFor = asked ?? DEFAULT_ITEMS[options.profile];
  const isWholePool = poolElements.length < askedFor;
  if (isForCache || isWholePool) cache.put(now, key, message, askedFor);
  else cache.expire(now, key, message);
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
