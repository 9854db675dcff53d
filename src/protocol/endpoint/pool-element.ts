/**
 * One pool element (RFC 5352 §3.1, §3.2, §3.4) as a machine: finds a registrar, registers, answers its
 * keep-alives, renews the registration, moves to another registrar when it is lost or taken over, and
 * deregisters at the end. Only routes: one procedure per file; what they share is `pool-element-context.ts`.
 */

import { DecodeError } from '../../errors.ts';
import { type AssociationId, type Milliseconds, PAYLOAD_PROTOCOL } from '../../types.ts';
import { decodeAsap } from '../../wire/asap.ts';
import type { AsapMessage } from '../../wire/asap-messages.ts';
import type { Policy } from '../../wire/parameters.ts';
import { SILENT, UNKNOWN_PAYLOAD_PROTOCOL } from '../logger.ts';
import type { Machine } from '../machine.ts';
import { seededRandom } from '../random.ts';
import { end, onDeregistrationResponse, stop } from './deregistration.ts';
import { onEndpointKeepAlive } from './endpoint-keep-alive.ts';
import { Outbox } from './outbox.ts';
import { deadlineOf, type PoolElementContext } from './pool-element-context.ts';
import type {
  PoolElementEvent,
  PoolElementInput,
  PoolElementOutput,
  PoolElementSettings,
} from './pool-element-events.ts';
import {
  onHomeFound,
  onHomeLost,
  onHomeRestarted,
  onRegistrationRejected,
  onRegistrationResponse,
  onT2Registration,
  register,
  registrationOf,
} from './registration.ts';
import { ServerHunt } from './server-hunt.ts';

export class PoolElementMachine implements Machine<PoolElementInput, PoolElementOutput> {
  readonly #context: PoolElementContext;

  /** Throws TypeError or RangeError when no registration can be written with these settings. */
  constructor(settings: PoolElementSettings) {
    const { registrars, options, seed, policy, log = SILENT } = settings;
    const outbox = new Outbox<PoolElementEvent>(options.profile);
    const hunt = new ServerHunt({
      registrars,
      options,
      random: seededRandom(seed),
      emit: (output) => outbox.push(output),
      onNobodyFound: () => outbox.push({ type: 'registrarUnreachable' }),
      log,
    });
    this.#context = {
      settings,
      outbox,
      hunt,
      log,
      policy,
      registrars: new Map(),
      phase: { name: 'idle' },
      accepted: undefined,
      home: undefined,
      failures: 0,
    };
    this.#checkPolicy(policy);
  }

  drain(): readonly PoolElementOutput[] {
    return this.#context.outbox.drain();
  }

  nextDeadline(): Milliseconds {
    return Math.min(this.#context.hunt.nextDeadline, deadlineOf(this.#context.phase));
  }

  /** Throws TypeError or RangeError for a policy that cannot be written, and for nothing else. */
  handle(now: Milliseconds, input: PoolElementInput): void {
    const context = this.#context;
    if (context.phase.name === 'stopped') {
      this.#handleStopped(input);
      return;
    }
    switch (input.type) {
      case 'start':
        if (context.phase.name === 'idle') register(context, now);
        break;
      case 'updatePolicy':
        this.#updatePolicy(now, input.policy);
        break;
      case 'stop':
        stop(context, now);
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
        this.#onAssociationDown(now, input.association);
        break;
      case 'associationRestarted':
        this.#onAssociationRestarted(now, input.association);
        break;
      case 'associationAddresses':
        if (context.registrars.has(input.association)) {
          context.registrars.set(input.association, input.peerAddresses);
        }
        break;
      case 'message':
        this.#onPayload(now, input);
        break;
      case 'timeout':
        context.hunt.onTimeout(now);
        if (now >= deadlineOf(context.phase)) this.#onTimer(now);
    }
  }

  #updatePolicy(now: Milliseconds, policy: Policy): void {
    const context = this.#context;
    this.#checkPolicy(policy);
    context.policy = policy;
    const { name } = context.phase;
    // Else it goes out with the registration that is to come.
    if (name === 'idle' || name === 'registered') register(context, now);
  }

  #checkPolicy(policy: Policy): void {
    const { outbox, settings } = this.#context;
    outbox.encode(registrationOf(settings, policy));
  }

  #onAssociationUp(
    now: Milliseconds,
    { association, peerAddresses, attempt }: Extract<PoolElementInput, { type: 'associationUp' }>,
  ): void {
    const context = this.#context;
    const { hunt, registrars } = context;
    const isAnswer = attempt !== undefined;
    if (isAnswer && !hunt.onAssociationUp(association, attempt)) return;
    registrars.set(association, peerAddresses);
    // Not an answer: a registrar calls, to ask whether we live (RFC 5352 §3.5), perhaps one that we look for.
    const isFound = isAnswer || (hunt.isUnderWay && hunt.knows(now, peerAddresses));
    if (isFound) onHomeFound(context, now, association);
  }

  #onAssociationDown(now: Milliseconds, association: AssociationId): void {
    const context = this.#context;
    context.registrars.delete(association);
    if (association !== context.home?.association) return;
    if (context.phase.name === 'deregistering') end(context);
    else onHomeLost(context, now);
  }

  #onAssociationRestarted(now: Milliseconds, association: AssociationId): void {
    const context = this.#context;
    if (association !== context.home?.association) return;
    if (context.phase.name === 'deregistering') end(context);
    else onHomeRestarted(context, now, association);
  }

  #onTimer(now: Milliseconds): void {
    const context = this.#context;
    const { name } = context.phase;
    if (name === 'registered') register(context, now);
    else if (name === 'registering') onT2Registration(context, now);
    else if (name === 'deregistering') end(context);
  }

  #onPayload(
    now: Milliseconds,
    { association, payloadProtocol, payload }: Extract<PoolElementInput, { type: 'message' }>,
  ): void {
    const context = this.#context;
    if (!context.registrars.has(association)) return; // sent before it heard that we have ended it
    if (payloadProtocol !== PAYLOAD_PROTOCOL.ASAP) {
      context.log.debug({ association, payloadProtocol }, UNKNOWN_PAYLOAD_PROTOCOL);
      return;
    }
    try {
      const { profile } = context.settings.options;
      this.#onMessage(now, association, decodeAsap(payload, { profile }));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      // An answer that nobody can read: the timers know what to do.
      context.log.warn({ association, reason: error.message }, 'message refused');
    }
  }

  #onMessage(now: Milliseconds, association: AssociationId, message: AsapMessage): void {
    const context = this.#context;
    if (message.type === 'ASAP_ENDPOINT_KEEP_ALIVE') {
      if (this.#isAboutUs(message)) onEndpointKeepAlive(context, now, association, message);
      return;
    }
    if (association !== context.home?.association) return;
    if (message.type === 'ASAP_REGISTRATION_RESPONSE') {
      if (this.#isAboutUs(message)) onRegistrationResponse(context, now, message);
    } else if (message.type === 'ASAP_DEREGISTRATION_RESPONSE') {
      if (this.#isAboutUs(message)) onDeregistrationResponse(context, now);
    } else if (message.type === 'ASAP_ERROR') {
      if (context.phase.name === 'deregistering') end(context);
      else onRegistrationRejected(context, now, message.errors);
    }
  }

  /** A keep-alive need not say which pool element of the pool it means (decision 16). */
  #isAboutUs({ poolHandle, poolElementId }: NamesPoolElement): boolean {
    const { settings } = this.#context;
    const isOurId = poolElementId === undefined || poolElementId === settings.id;
    return isOurId && Buffer.compare(poolHandle, settings.poolHandle) === 0;
  }

  #handleStopped(input: PoolElementInput): void {
    // Up before it was given up.
    if (input.type === 'associationUp') {
      this.#context.outbox.push({ type: 'shutdown', association: input.association });
    }
  }
}

interface NamesPoolElement {
  readonly poolHandle: Uint8Array;
  readonly poolElementId?: number | undefined;
}
