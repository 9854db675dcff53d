/**
 * One pool user (RFC 5352 §3.3, §3.5): resolves pool handles at a registrar or from its cache, goes to another
 * registrar when one does not answer, and reports pool elements that cannot be reached.
 */

import { DecodeError } from '../../errors.ts';
import { type AssociationId, type Milliseconds, PAYLOAD_PROTOCOL } from '../../types.ts';
import { decodeAsap, encodeAsap } from '../../wire/asap.ts';
import type { AsapHandleResolutionResponse, AsapMessage } from '../../wire/asap-messages.ts';
import { CAUSE } from '../../wire/parameters.ts';
import type { Machine } from '../machine.ts';
import { seededRandom } from '../random.ts';
import { Cache } from './cache.ts';
import { FailureReports } from './failure-reports.ts';
import { keyOf, type PendingResolution, PendingResolutions } from './pending-resolutions.ts';
import type { PoolUserInput, PoolUserOutput, PoolUserSettings } from './pool-user-events.ts';
import { ServerHunt } from './server-hunt.ts';

type ResolveInput = Extract<PoolUserInput, { type: 'resolve' }>;

export class PoolUserMachine implements Machine<PoolUserInput, PoolUserOutput> {
  readonly #settings: PoolUserSettings;
  readonly #hunt: ServerHunt;
  readonly #cache: Cache;
  readonly #pending = new PendingResolutions();
  readonly #reports = new FailureReports();
  #outputs: PoolUserOutput[] = [];
  #registrar: AssociationId | undefined;
  #isStopped = false;

  constructor(settings: PoolUserSettings) {
    this.#settings = settings;
    const random = seededRandom(settings.seed);
    this.#cache = new Cache(settings.options.staleCacheMs, random);
    this.#hunt = new ServerHunt({
      registrars: settings.registrars,
      options: settings.options,
      random,
      emit: (output) => this.#outputs.push(output),
      onNobodyFound: () => this.#failAll('unreachable'),
    });
  }

  drain(): readonly PoolUserOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  nextDeadline(): Milliseconds {
    return Math.min(this.#hunt.nextDeadline, this.#pending.nextDeadline);
  }

  handle(now: Milliseconds, input: PoolUserInput): void {
    if (this.#isStopped) {
      if (input.type === 'resolve') this.#fail(input.request, 'stopped');
      return;
    }
    switch (input.type) {
      case 'resolve':
        this.#resolve(now, input);
        break;
      case 'cancel':
        this.#pending.cancel(input.request);
        break;
      case 'reportUnreachable':
        this.#cache.removeElement(keyOf(input.poolHandle), input.poolElementId);
        this.#report(now, input);
        break;
      case 'stop':
        this.#stop();
        break;
      case 'announceHeard':
        this.#hunt.onAnnounce(now, input.source, input.payload);
        break;
      case 'associationUp':
        this.#onAssociationUp(now, input);
        break;
      case 'connectFailed':
        this.#hunt.onConnectFailed(now, input.attempt);
        break;
      case 'associationDown':
        if (input.association === this.#registrar) this.#onRegistrarLost(now);
        break;
      case 'associationRestarted':
        // The registrar has started anew: what it had not answered it never will.
        if (input.association === this.#registrar) this.#sendAll(now);
        break;
      case 'message':
        if (input.association === this.#registrar) this.#onPayload(now, input);
        break;
      case 'timeout':
        this.#hunt.onTimeout(now);
        this.#onTimeout(now);
    }
  }

  /** C1-C4: the cache if it may and can, else a registrar. */
  #resolve(now: Milliseconds, input: ResolveInput): void {
    const { request, poolHandle, items } = input;
    if (!input.isFresh) {
      const poolElements = this.#cache.take(now, keyOf(poolHandle), items ?? Number.MAX_VALUE);
      if (poolElements !== undefined) {
        this.#outputs.push({ type: 'resolved', request, poolElements });
        return;
      }
    }
    const pending = this.#pending.add(poolHandle, items, request);
    if (pending !== undefined) this.#send(now, pending);
  }

  /** Asks the registrar; without one it is looked for first. */
  #send(now: Milliseconds, pending: PendingResolution): void {
    if (this.#registrar === undefined) {
      this.#hunt.start(now);
      return;
    }
    const { poolHandle, items } = pending;
    pending.t1 = now + this.#settings.options.t1EnrpRequestMs;
    this.#sendMessage(this.#registrar, {
      ...{ type: 'ASAP_HANDLE_RESOLUTION', wantsUpdates: false },
      ...{ poolHandle, items },
    });
  }

  #sendAll(now: Milliseconds): void {
    for (const pending of this.#pending.all()) this.#send(now, pending);
  }

  #onAssociationUp(
    now: Milliseconds,
    { association, attempt }: Extract<PoolUserInput, { type: 'associationUp' }>,
  ): void {
    // Nobody has a reason to call a pool user.
    if (attempt === undefined) this.#outputs.push({ type: 'shutdown', association });
    else if (this.#hunt.onAssociationUp(association, attempt)) {
      this.#registrar = association;
      for (const report of this.#reports.takeWaiting()) this.#sendMessage(association, report);
      this.#sendAll(now);
    }
  }

  #onRegistrarLost(now: Milliseconds): void {
    this.#registrar = undefined;
    this.#pending.stopTimers();
    if (!this.#pending.isEmpty) this.#hunt.start(now);
  }

  /** T1: SCTP has lost nothing, so this registrar will not answer; another one is asked. */
  #onTimeout(now: Milliseconds): void {
    const late = this.#pending.due(now);
    if (late.length === 0) return;
    for (const pending of late) {
      pending.retransmissions += 1;
      if (pending.retransmissions > this.#settings.options.maxRequestRetransmissions) {
        this.#pending.remove(pending);
        for (const request of pending.requests) this.#fail(request, 'unreachable');
      }
    }
    const association = this.#registrar;
    if (association === undefined) return;
    this.#outputs.push({ type: 'abort', association, reason: 'no answer to a handle resolution' });
    this.#onRegistrarLost(now);
  }

  #onPayload(now: Milliseconds, input: Extract<PoolUserInput, { type: 'message' }>): void {
    if (input.payloadProtocol !== PAYLOAD_PROTOCOL.ASAP) return;
    try {
      const { profile } = this.#settings.options;
      const message = decodeAsap(Uint8Array.from(input.payload), { profile }); // kept beyond the call
      if (message.type === 'ASAP_HANDLE_RESOLUTION_RESPONSE') this.#onResponse(now, message);
      else if (message.type === 'ASAP_ERROR') this.#onError(message.errors.map(({ code }) => code));
    } catch (error) {
      if (error instanceof DecodeError) return; // T1 knows what to do about an answer nobody can read
      throw error;
    }
  }

  #onResponse(now: Milliseconds, message: AsapHandleResolutionResponse): void {
    const key = keyOf(message.poolHandle);
    const pending = this.#pending.answered(key);
    if (pending === undefined) return; // late, or never asked for
    const { poolElements, errors } = message;
    this.#reports.onAnswer(key);
    const causeCodes = errors.map(({ code }) => code);
    const isUnknown = causeCodes.includes(CAUSE.UNKNOWN_POOL_HANDLE);
    if (causeCodes.length > 0) this.#cache.remove(key);
    else this.#cache.put(now, key, message.policy?.type ?? 'roundRobin', poolElements);
    for (const request of pending.requests) {
      if (isUnknown) this.#outputs.push({ type: 'resolved', request, poolElements: undefined });
      else if (causeCodes.length > 0) this.#fail(request, 'rejected', causeCodes);
      else this.#outputs.push({ type: 'resolved', request, poolElements });
    }
  }

  /** Answers come in the order of the requests: an error is about the oldest. */
  #onError(causeCodes: readonly number[]): void {
    const [oldest] = this.#pending.all();
    if (oldest === undefined) return;
    this.#pending.remove(oldest);
    for (const request of oldest.requests) this.#fail(request, 'rejected', causeCodes);
  }

  #report(now: Milliseconds, input: Extract<PoolUserInput, { type: 'reportUnreachable' }>): void {
    const message = this.#reports.take(input.poolHandle, input.poolElementId);
    if (message === undefined) return;
    if (this.#registrar !== undefined) this.#sendMessage(this.#registrar, message);
    else {
      this.#reports.wait(message);
      this.#hunt.start(now);
    }
  }

  #stop(): void {
    this.#isStopped = true;
    this.#hunt.stop();
    this.#failAll('stopped');
    const association = this.#registrar;
    if (association !== undefined) this.#outputs.push({ type: 'shutdown', association });
    this.#outputs.push({ type: 'stopped' });
  }

  #failAll(why: 'unreachable' | 'stopped'): void {
    for (const pending of [...this.#pending.all()]) {
      this.#pending.remove(pending);
      for (const request of pending.requests) this.#fail(request, why);
    }
    // Nobody waits for an answer any more: the next request looks again.
    if (why === 'unreachable' && this.#reports.isEmpty) this.#hunt.stop();
  }

  #fail(
    request: number,
    why: 'rejected' | 'unreachable' | 'stopped',
    causeCodes: readonly number[] = [],
  ): void {
    this.#outputs.push({ type: 'resolutionFailed', request, why, causeCodes });
  }

  #sendMessage(association: AssociationId, message: AsapMessage): void {
    const payload = encodeAsap(message, { profile: this.#settings.options.profile });
    this.#outputs.push({
      ...{ type: 'send', association, payload },
      payloadProtocol: PAYLOAD_PROTOCOL.ASAP,
    });
  }
}
