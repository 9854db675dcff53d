/**
 * One pool element (RFC 5352 §3.1, §3.2, §3.4): finds a registrar, registers, answers its keep-alives, renews
 * the registration, moves to another registrar when it is lost or taken over, and deregisters at the end.
 * Here is what it does when; where the registrar is found is `server-hunt.ts`.
 */

import { DecodeError } from '../../errors.ts';
import {
  type AssociationId,
  type Milliseconds,
  PAYLOAD_PROTOCOL,
  type RegistrarId,
  type SctpAddress,
} from '../../types.ts';
import { decodeAsap, encodeAsap } from '../../wire/asap.ts';
import type {
  AsapEndpointKeepAlive,
  AsapMessage,
  AsapRegistrationResponse,
} from '../../wire/asap-messages.ts';
import { CAUSE, type ErrorCause, type Policy } from '../../wire/parameters.ts';
import type { Machine } from '../machine.ts';
import { seededRandom } from '../random.ts';
import type {
  PoolElementInput,
  PoolElementOutput,
  PoolElementSettings,
} from './pool-element-events.ts';
import { ServerHunt } from './server-hunt.ts';

/** What runs until an answer comes, and its timer: T2, T3 or T4 of RFC 5352 §7.1. */
type Phase =
  | { readonly name: 'idle' }
  | { readonly name: 'registering'; readonly t2: Milliseconds; readonly policy: Policy }
  | { readonly name: 'registered'; readonly t4: Milliseconds }
  | { readonly name: 'deregistering'; readonly t3: Milliseconds }
  | { readonly name: 'stopped' };

export class PoolElementMachine implements Machine<PoolElementInput, PoolElementOutput> {
  readonly #settings: PoolElementSettings;
  readonly #hunt: ServerHunt;
  /** Every association that is up, with the addresses of the registrar at its other end. */
  readonly #registrars = new Map<AssociationId, readonly SctpAddress[]>();
  #outputs: PoolElementOutput[] = [];
  #phase: Phase = { name: 'idle' };
  #policy: Policy;
  /** The association with the home registrar, or with the one that is to become it. */
  #home: AssociationId | undefined;
  /** 0: not known; a registration response does not say. */
  #homeId = 0 as RegistrarId;
  #failures = 0;

  constructor(settings: PoolElementSettings) {
    this.#settings = settings;
    this.#policy = settings.policy;
    this.#hunt = new ServerHunt({
      registrars: settings.registrars,
      options: settings.options,
      random: seededRandom(settings.seed),
      emit: (output) => this.#outputs.push(output),
      onNobodyFound: () => this.#outputs.push({ type: 'registrarUnreachable' }),
    });
  }

  drain(): readonly PoolElementOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  nextDeadline(): Milliseconds {
    return Math.min(this.#hunt.nextDeadline, timerOf(this.#phase));
  }

  handle(now: Milliseconds, input: PoolElementInput): void {
    if (this.#phase.name === 'stopped') return;
    switch (input.type) {
      case 'start':
        if (this.#phase.name === 'idle') this.#register(now);
        break;
      case 'updatePolicy':
        this.#policy = input.policy;
        if (this.#phase.name !== 'registering') this.#register(now);
        break;
      case 'stop':
        this.#stop(now);
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
        this.#registrars.delete(input.association);
        if (input.association === this.#home) this.#onHomeLost(now);
        break;
      case 'associationRestarted':
        // The registrar has started anew and knows nothing of us.
        if (input.association === this.#home && this.#phase.name !== 'deregistering') {
          this.#register(now);
        }
        break;
      case 'message':
        if (input.payloadProtocol === PAYLOAD_PROTOCOL.ASAP) {
          this.#onPayload(now, input.association, input.payload);
        }
        break;
      case 'timeout':
        this.#hunt.onTimeout(now);
        if (now >= timerOf(this.#phase)) this.#onTimer(now);
    }
  }

  /** RFC 5352 §3.1: register, or register anew, at the home; without one look for one first. */
  #register(now: Milliseconds): void {
    if (this.#phase.name === 'deregistering') return;
    if (this.#home === undefined) {
      this.#phase = { name: 'idle' };
      this.#hunt.start(now);
      return;
    }
    const { id, poolHandle, userTransport, options } = this.#settings;
    const policy = this.#policy;
    this.#phase = { name: 'registering', t2: now + options.t2RegistrationMs, policy };
    const { lifeMs } = options;
    this.#send(this.#home, {
      type: 'ASAP_REGISTRATION',
      poolHandle,
      poolElement: { id, homeRegistrarId: this.#homeId, lifeMs, userTransport, policy },
    });
  }

  #onAssociationUp(
    now: Milliseconds,
    { association, peerAddresses, attempt }: Extract<PoolElementInput, { type: 'associationUp' }>,
  ): void {
    this.#registrars.set(association, peerAddresses);
    // Without an attempt of ours a registrar calls, to ask whether we live (RFC 5352 §3.5).
    if (attempt === undefined || !this.#hunt.onAssociationUp(association, attempt)) return;
    this.#home = association;
    this.#homeId = 0 as RegistrarId;
    this.#register(now);
  }

  #onHomeLost(now: Milliseconds): void {
    this.#home = undefined;
    if (this.#phase.name === 'deregistering') {
      this.#end();
      return;
    }
    const wasRegistered = this.#phase.name === 'registered';
    const isWanted = this.#phase.name !== 'idle';
    if (wasRegistered) this.#outputs.push({ type: 'registrationLost' });
    if (isWanted) this.#register(now);
  }

  #onTimer(now: Milliseconds): void {
    if (this.#phase.name === 'registered')
      this.#register(now); // T4
    else if (this.#phase.name === 'deregistering')
      this.#end(); // T3
    else if (this.#phase.name === 'registering') this.#onUnanswered(now); // T2
  }

  /** T2: this registrar does not answer; SCTP has lost nothing, so another one must do better. */
  #onUnanswered(now: Milliseconds): void {
    this.#failures += 1;
    if (this.#failures % this.#settings.options.maxRegistrationAttempts === 0) {
      this.#outputs.push({ type: 'registrarUnreachable' });
    }
    this.#leaveHome('no answer to a registration');
    this.#register(now);
  }

  #onPayload(now: Milliseconds, association: AssociationId, payload: Uint8Array): void {
    let message: AsapMessage;
    try {
      message = decodeAsap(payload, { profile: this.#settings.options.profile });
    } catch (error) {
      if (error instanceof DecodeError) return; // an answer that nobody can read: the timers know what to do
      throw error;
    }
    if (message.type === 'ASAP_ENDPOINT_KEEP_ALIVE') {
      this.#onKeepAlive(now, association, message);
    } else if (association === this.#home) this.#onAnswer(now, message);
  }

  #onAnswer(now: Milliseconds, message: AsapMessage): void {
    const { name } = this.#phase;
    if (message.type === 'ASAP_REGISTRATION_RESPONSE') {
      if (name === 'registering' && this.#isAboutUs(message)) this.#onRegistered(now, message);
    } else if (message.type === 'ASAP_DEREGISTRATION_RESPONSE') {
      if (!this.#isAboutUs(message)) return;
      if (name === 'deregistering') this.#end();
      // Unasked: our registration has lapsed (RFC 5352 §2.2.4).
      else if (name === 'registered') this.#register(now);
    } else if (message.type === 'ASAP_ERROR' && name === 'registering') {
      this.#onRejected(now, message.errors);
    }
  }

  #onRegistered(now: Milliseconds, response: AsapRegistrationResponse): void {
    if (response.isRejected) {
      this.#onRejected(now, response.errors);
      return;
    }
    if (this.#phase.name !== 'registering' || this.#home === undefined) return;
    const { policy } = this.#phase;
    const association = this.#home;
    this.#failures = 0;
    this.#phase = { name: 'registered', t4: now + this.#settings.options.reregistrationIntervalMs };
    const registrar = this.#registrars.get(association) ?? [];
    this.#outputs.push({ type: 'registered', association, registrar, policy });
    if (policy !== this.#policy) this.#register(now); // changed while this was under way
  }

  /**
   * No. The same again would be refused again, here and elsewhere. Only "no usable address" may be this
   * association's fault (rsplib's own causes, decision 20): then another one is tried.
   */
  #onRejected(now: Milliseconds, errors: readonly ErrorCause[]): void {
    const causeCodes = errors.map(({ code }) => code);
    const isAboutAddresses = causeCodes.some((code) => ADDRESS_CAUSES.includes(code));
    this.#failures += 1;
    if (isAboutAddresses && this.#failures < this.#settings.options.maxRegistrationAttempts) {
      this.#leaveHome('no usable addresses');
      this.#register(now);
      return;
    }
    this.#phase = { name: 'idle' };
    this.#outputs.push({ type: 'registrationRejected', causeCodes });
  }

  /** RFC 5352 §3.4. Answered where it came from; for another pool element dropped in silence. */
  #onKeepAlive(
    now: Milliseconds,
    association: AssociationId,
    message: AsapEndpointKeepAlive,
  ): void {
    const { id, poolHandle } = this.#settings;
    if (!this.#isAboutUs({ ...message, poolElementId: message.poolElementId ?? id })) return;
    // Refused, or not started: nobody is to believe that we are registered. Looking for a registrar is
    // different: then this may be the one that has taken over from the one we lost.
    if (this.#phase.name === 'idle' && !this.#hunt.isUnderWay) return;
    this.#send(association, {
      type: 'ASAP_ENDPOINT_KEEP_ALIVE_ACK',
      poolHandle,
      poolElementId: id,
    });
    if (!message.wantsToBeHome) {
      if (association === this.#home) this.#homeId = message.registrarId;
      return;
    }
    this.#moveHome(now, association, message.registrarId);
  }

  /** H bit: "adopt the new home ENRP server" (RFC 5352 §3.4). The old association is of no more use. */
  #moveHome(now: Milliseconds, association: AssociationId, registrarId: RegistrarId): void {
    const isChange = this.#homeId !== registrarId || association !== this.#home;
    this.#homeId = registrarId;
    if (association !== this.#home) {
      this.#leaveHome('another registrar has taken over');
      this.#hunt.stop();
      this.#home = association;
    }
    // What was asked of the old home will not be answered any more.
    if (this.#phase.name === 'registering' || this.#phase.name === 'idle') this.#register(now);
    if (isChange) this.#outputs.push({ type: 'homeChanged', registrarId });
  }

  #stop(now: Milliseconds): void {
    this.#hunt.stop();
    const { id, poolHandle, options } = this.#settings;
    const hasRegistered = this.#phase.name === 'registered' || this.#phase.name === 'registering';
    if (this.#home === undefined || !hasRegistered) {
      this.#end();
      return;
    }
    this.#phase = { name: 'deregistering', t3: now + options.t3DeregistrationMs };
    this.#send(this.#home, { type: 'ASAP_DEREGISTRATION', poolHandle, poolElementId: id });
  }

  #end(): void {
    this.#phase = { name: 'stopped' };
    for (const association of this.#registrars.keys()) {
      this.#outputs.push({ type: 'shutdown', association });
    }
    this.#outputs.push({ type: 'stopped' });
  }

  #leaveHome(reason: string): void {
    const association = this.#home;
    if (association === undefined) return;
    this.#home = undefined;
    this.#homeId = 0 as RegistrarId;
    this.#registrars.delete(association);
    this.#outputs.push({ type: 'abort', association, reason });
  }

  #isAboutUs(message: { poolHandle: Uint8Array; poolElementId: number }): boolean {
    const { id, poolHandle } = this.#settings;
    return message.poolElementId === id && isSame(message.poolHandle, poolHandle);
  }

  #send(association: AssociationId, message: AsapMessage): void {
    const payload = encodeAsap(message, { profile: this.#settings.options.profile });
    this.#outputs.push({
      ...{ type: 'send', association, payload },
      payloadProtocol: PAYLOAD_PROTOCOL.ASAP,
    });
  }
}

const ADDRESS_CAUSES: readonly number[] = [
  CAUSE.RSPLIB_NO_USABLE_ASAP_ADDRESSES,
  CAUSE.RSPLIB_NO_USABLE_USER_ADDRESSES,
];

function timerOf(phase: Phase): Milliseconds {
  if (phase.name === 'registering') return phase.t2;
  if (phase.name === 'registered') return phase.t4;
  return phase.name === 'deregistering' ? phase.t3 : Number.POSITIVE_INFINITY;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
