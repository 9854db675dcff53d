/**
 * One pool user (RFC 5352 §3.3, §3.5) as a machine: resolves pool handles, goes to another registrar when one
 * does not answer, and reports pool elements that cannot be reached. Here is which registrar is used when;
 * what is asked of it is `handle-resolution.ts`, what is reported `failure-reports.ts`.
 */

import { DecodeError } from '../../errors.ts';
import { type AssociationId, type Milliseconds, PAYLOAD_PROTOCOL } from '../../types.ts';
import { decodeAsap } from '../../wire/asap.ts';
import { SILENT, UNKNOWN_PAYLOAD_PROTOCOL } from '../logger.ts';
import type { Machine } from '../machine.ts';
import { seededRandom } from '../random.ts';
import { Cache } from './cache.ts';
import { FailureReports } from './failure-reports.ts';
import {
  failAll,
  onHandleResolutionResponse,
  onResolutionError,
  onResolutionTimers,
  onTryFailed,
  resolve,
  sendPending,
} from './handle-resolution.ts';
import { Outbox } from './outbox.ts';
import { keyOf, PendingResolutions } from './pending-resolutions.ts';
import type { PoolUserContext } from './pool-user-context.ts';
import type {
  PoolUserEvent,
  PoolUserInput,
  PoolUserOutput,
  PoolUserSettings,
} from './pool-user-events.ts';
import type { RegistrarAddresses } from './registrar-list.ts';
import { ServerHunt } from './server-hunt.ts';

type InputOf<Type extends PoolUserInput['type']> = Extract<PoolUserInput, { type: Type }>;

export class PoolUserMachine implements Machine<PoolUserInput, PoolUserOutput> {
  readonly #context: PoolUserContext;
  #isStopped = false;

  constructor({ registrars, options, seed, log = SILENT }: PoolUserSettings) {
    const outbox = new Outbox<PoolUserEvent>(options.profile);
    const random = seededRandom(seed);
    const hunt = new ServerHunt({
      registrars,
      options,
      random,
      log,
      emit: (output) => outbox.push(output),
      onNobodyFound: () => this.#onNobodyFound(),
    });
    this.#context = {
      options,
      outbox,
      hunt,
      log,
      random,
      cache: new Cache(options, seed),
      pending: new PendingResolutions(),
      reports: new FailureReports(),
      registrar: undefined,
    };
  }

  drain(): readonly PoolUserOutput[] {
    return this.#context.outbox.drain();
  }

  nextDeadline(): Milliseconds {
    return Math.min(this.#context.hunt.nextDeadline, this.#context.pending.nextDeadline);
  }

  /** Throws TypeError or RangeError for a request that cannot be written, and for nothing else. */
  handle(now: Milliseconds, input: PoolUserInput): void {
    const context = this.#context;
    if (this.#isStopped) {
      this.#handleStopped(input);
      return;
    }
    switch (input.type) {
      case 'resolve':
        resolve(context, now, input);
        break;
      case 'cancel':
        context.pending.cancel(input.request);
        this.#stopHuntForNothing();
        break;
      case 'reportUnreachable':
        this.#report(now, input);
        break;
      case 'stop':
        this.#stop();
        break;
      case 'announceHeard':
        context.hunt.onAnnounce(now, input.source, input.payload);
        break;
      case 'associationUp':
        this.#onAssociationUp(now, input);
        break;
      case 'connectFailed':
        context.hunt.onConnectFailed(now, input.attempt);
        break;
      case 'associationDown':
        if (this.#isRegistrar(input.association)) this.#onRegistrarLost(now);
        break;
      case 'associationRestarted':
        if (this.#isRegistrar(input.association)) this.#onRegistrarRestarted(now);
        break;
      case 'associationAddresses':
        this.#onAssociationAddresses(input);
        break;
      case 'message':
        if (this.#isRegistrar(input.association)) this.#onPayload(now, input);
        break;
      case 'timeout':
        context.hunt.onTimeout(now);
        this.#onTimers(now);
    }
  }

  #isRegistrar(association: AssociationId): boolean {
    return association === this.#context.registrar?.association;
  }

  #onAssociationUp(
    now: Milliseconds,
    { association, attempt, peerAddresses }: InputOf<'associationUp'>,
  ): void {
    const context = this.#context;
    if (attempt === undefined) {
      context.outbox.push({ type: 'shutdown', association }); // nobody has a reason to call a pool user
    } else if (context.hunt.onAssociationUp(association, attempt)) {
      context.registrar = { association, addresses: peerAddresses };
      for (const report of context.reports.takeWaiting()) {
        context.outbox.sendBytes(association, report);
      }
      sendPending(context, now);
    }
  }

  #onAssociationAddresses({ association, peerAddresses }: InputOf<'associationAddresses'>): void {
    const { registrar } = this.#context;
    if (registrar?.association !== association) return;
    this.#context.registrar = { association, addresses: peerAddresses };
  }

  /** "establish a new Home ENRP server" (RFC 5352 §3.6), as soon as one is needed. */
  #onRegistrarLost(now: Milliseconds, avoided?: RegistrarAddresses): void {
    const context = this.#context;
    context.registrar = undefined;
    onTryFailed(context);
    if (!context.pending.isEmpty) context.hunt.start(now, avoided);
  }

  /** The registrar has started anew: what it had not answered it never will. */
  #onRegistrarRestarted(now: Milliseconds): void {
    onTryFailed(this.#context);
    sendPending(this.#context, now);
  }

  #onNobodyFound(): void {
    onTryFailed(this.#context);
    this.#context.reports.dropWaiting();
    this.#stopHuntForNothing();
  }

  /** Nobody waits for a registrar any more: the next request looks again. */
  #stopHuntForNothing(): void {
    const { pending, reports, hunt } = this.#context;
    if (pending.isEmpty && reports.isEmpty) hunt.stop();
  }

  /** T1: this registrar does not answer; another one must do better. */
  #onTimers(now: Milliseconds): void {
    const { registrar, outbox, log } = this.#context;
    const isSilent = onResolutionTimers(this.#context, now);
    if (isSilent && registrar !== undefined) {
      const { association, addresses } = registrar;
      log.info({ association }, 'leaving a registrar that does not answer');
      outbox.push({ type: 'abort', association, reason: 'no answer to a handle resolution' });
      this.#onRegistrarLost(now, addresses);
    }
    this.#stopHuntForNothing();
  }

  #onPayload(
    now: Milliseconds,
    { association, payloadProtocol, payload }: InputOf<'message'>,
  ): void {
    const context = this.#context;
    if (payloadProtocol !== PAYLOAD_PROTOCOL.ASAP) {
      context.log.debug({ association, payloadProtocol }, UNKNOWN_PAYLOAD_PROTOCOL);
      return;
    }
    try {
      const { profile } = context.options;
      const message = decodeAsap(Uint8Array.from(payload), { profile }); // kept beyond the call
      if (message.type === 'ASAP_HANDLE_RESOLUTION_RESPONSE') {
        onHandleResolutionResponse(context, now, message);
      } else if (message.type === 'ASAP_ERROR') onResolutionError(context, message.errors);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      // T1 knows what to do about an answer that nobody can read.
      context.log.warn({ association, reason: error.message }, 'message refused');
    }
  }

  /** RFC 5352 §3.5; the element is taken out of the cache in any case. */
  #report(now: Milliseconds, { poolHandle, poolElementId }: InputOf<'reportUnreachable'>): void {
    const { cache, pending, reports, registrar, outbox, hunt } = this.#context;
    const key = keyOf(poolHandle);
    const message = { type: 'ASAP_ENDPOINT_UNREACHABLE', poolHandle, poolElementId } as const;
    const payload = outbox.encode(message);
    cache.removeElement(key, poolElementId);
    pending.onReported(key, poolElementId);
    if (!reports.isNews(key, poolElementId)) return;
    if (registrar !== undefined) outbox.sendBytes(registrar.association, payload);
    else {
      reports.wait(key, poolElementId, payload);
      hunt.start(now);
    }
  }

  #stop(): void {
    const { hunt, cache, registrar, outbox } = this.#context;
    this.#isStopped = true;
    hunt.stop();
    cache.close();
    failAll(this.#context, 'stopped');
    if (registrar) outbox.push({ type: 'shutdown', association: registrar.association });
    outbox.push({ type: 'stopped' });
  }

  #handleStopped(input: PoolUserInput): void {
    const { outbox } = this.#context;
    if (input.type === 'resolve') {
      const { request } = input;
      outbox.push({ type: 'resolutionFailed', request, why: 'stopped', causeCodes: [] });
    } else if (input.type === 'associationUp') {
      // Up before it was given up.
      outbox.push({ type: 'shutdown', association: input.association });
    }
  }
}
