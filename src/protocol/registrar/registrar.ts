/**
 * The registrar (RFC 5352, the ASAP half) as a machine: takes inputs, lets the procedure of that message or
 * event act, gives outputs. Only routes. One procedure per file; what they share is `context.ts`.
 *
 * What the driver guarantees: after a pause of the process everything that had arrived is handed in before
 * the next `timeout`, so that nobody is called silent whose message already lies there (decision 46).
 */

import { DecodeError } from '../../errors.ts';
import type { Handlespace } from '../../handlespace/handlespace.ts';
import {
  type AssociationId,
  type IpAddress,
  type Milliseconds,
  PAYLOAD_PROTOCOL,
  type RegistrarId,
} from '../../types.ts';
import { decodeAsap } from '../../wire/asap.ts';
import type { AsapMessage } from '../../wire/asap-messages.ts';
import { Backlog } from '../backlog.ts';
import { type Logger, SILENT, UNKNOWN_PAYLOAD_PROTOCOL } from '../logger.ts';
import type { Machine } from '../machine.ts';
import { Adoption } from './adoption.ts';
import { onAssociationRestarted } from './association-restart.ts';
import {
  type Association,
  abortAssociation,
  onAssociationAddresses,
  onAssociationDown,
  onAssociationUp,
} from './associations.ts';
import { toldAsEvents } from './changes.ts';
import { noCounts, type RegistrarContext, type RegistrarCounters } from './context.ts';
import { onMovedAway } from './departed.ts';
import { onDeregistration } from './deregistration.ts';
import { EarlyRequests } from './early-requests.ts';
import { onKeepAliveAck, onPlainKeepAliveAck, onPoolElementTimers } from './endpoint-keep-alive.ts';
import { onEndpointUnreachable } from './endpoint-unreachable.ts';
import { onUndecodable, refusedForPoolHandle, reportUnrecognized } from './error-report.ts';
import type { RegistrarInput, RegistrarOutput } from './events.ts';
import { HandleResolution } from './handle-resolution.ts';
import type { RegistrarOptions } from './options.ts';
import { Outbox } from './outbox.ts';
import { PerAssociation } from './per-association.ts';
import { onRegistration } from './registration.ts';
import { ServerAnnounce } from './server-announce.ts';
import { Shutdown } from './shutdown.ts';

export interface RegistrarSetUp {
  readonly id: RegistrarId;
  /** Made with `handlespaceOptionsOf(options, seed)`. The registrar does not close it. */
  readonly handlespace: Handlespace;
  /** Made by `completeRegistrarOptions`. */
  readonly options: RegistrarOptions;
  readonly localAddresses: readonly IpAddress[];
  /** The SCTP port on which it is called. */
  readonly port: number;
  /** Of the jitter of announces. */
  readonly seed: bigint;
  /** Announces begin with `inService`, which the ENRP half says. Default: at once. */
  readonly waitsForService?: boolean | undefined;
  readonly log?: Logger | undefined;
}

export class Registrar implements Machine<RegistrarInput, RegistrarOutput> {
  readonly #context: RegistrarContext;
  readonly #handleResolution: HandleResolution;
  readonly #serverAnnounce: ServerAnnounce;
  readonly #shutdown: Shutdown;
  readonly #adoption: Adoption;
  readonly #earlyRequests: EarlyRequests;

  constructor(setUp: RegistrarSetUp) {
    const { id, handlespace, options, localAddresses, port, seed, log = SILENT } = setUp;
    const { waitsForService = false } = setUp;
    const outbox = new Outbox(options.profile);
    this.#context = {
      id,
      localAddresses,
      port,
      options,
      handlespace,
      associations: new Map(),
      departed: new PerAssociation(options.limits.maxPoolElementsPerAssociation),
      outbox,
      changes: toldAsEvents(outbox, log),
      backlog: new Backlog(),
      counters: noCounts(),
      log,
    };
    this.#handleResolution = new HandleResolution(this.#context);
    this.#serverAnnounce = new ServerAnnounce(this.#context, seed, waitsForService);
    this.#shutdown = new Shutdown(this.#context);
    this.#adoption = new Adoption(this.#context);
    this.#earlyRequests = new EarlyRequests(this.#context, waitsForService, (...request) =>
      this.#onAsap(...request),
    );
  }

  /** Live; counted since the start. */
  get counters(): Readonly<RegistrarCounters> {
    return this.#context.counters;
  }

  get associationCount(): number {
    return this.#context.associations.size;
  }

  handle(now: Milliseconds, input: RegistrarInput): void {
    if (this.#shutdown.isUnderWay) this.#shutdown.handle(now, input);
    else this.#route(now, input);
  }

  drain(): readonly RegistrarOutput[] {
    return this.#context.outbox.drain();
  }

  /** 0 at first: the first `timeout` is wanted at once, it sends the first announce. */
  nextDeadline(): Milliseconds {
    if (this.#shutdown.isUnderWay) return this.#shutdown.nextDeadline;
    if (!this.#context.backlog.isEmpty) return 0;
    return Math.min(
      this.#context.handlespace.nextDeadline(),
      this.#serverAnnounce.nextDeadline,
      this.#adoption.nextDeadline,
      this.#earlyRequests.nextDeadline,
    );
  }

  /**
   * The hot path: answers the handle resolution of `length` octets that lies at `offset` of the handlespace's
   * request arena. Leaves the answer in its response arena, at the position, which it does not move, and
   * returns the answer's octets. 0: nothing was done, hand the message to `handle`. Negative: the response
   * arena has no room, ask again when it has. Makes no object, string or log line.
   */
  answerInPlace(
    now: Milliseconds,
    association: AssociationId,
    offset: number,
    length: number,
  ): number {
    if (this.#shutdown.isUnderWay || this.#earlyRequests.waits(association)) return 0;
    return this.#handleResolution.answerInPlace(now, association, offset, length);
  }

  #route(now: Milliseconds, input: RegistrarInput): void {
    const context = this.#context;
    switch (input.type) {
      case 'message':
        this.#onMessage(now, input.association, input.payloadProtocol, input.payload);
        break;
      case 'timeout':
        this.#onTimeout(now);
        break;
      case 'associationUp':
        onAssociationUp(context, input.association, input.peerAddresses);
        this.#adoption.onAssociationUp(now, input.association, input.attempt);
        break;
      case 'associationRestarted':
        this.#earlyRequests.drop(input.association);
        onAssociationRestarted(context, now, input.association);
        break;
      case 'associationAddresses':
        onAssociationAddresses(context, input.association, input.peerAddresses);
        break;
      case 'associationDown':
        this.#earlyRequests.drop(input.association);
        this.#adoption.onAssociationDown(input.association);
        onAssociationDown(context, now, input.association);
        break;
      case 'adopted':
        this.#adoption.onAdopted(now, input.poolElement);
        break;
      case 'takeoverSuggested':
        this.#adoption.onSuggested(now, input.poolElement);
        break;
      case 'movedAway':
        onMovedAway(context, input.poolElement);
        break;
      case 'abandoned':
        this.#adoption.onAbandoned(now, input.poolElement);
        break;
      case 'inService':
        this.#serverAnnounce.begin(now);
        this.#earlyRequests.onInService(now);
        break;
      case 'localAddressesChanged':
        context.localAddresses = input.addresses;
        this.#serverAnnounce.onLocalAddressesChanged();
        break;
      case 'stop':
        this.#shutdown.start(now);
        break;
      case 'connectFailed':
        this.#adoption.onConnectFailed(now, input.attempt);
    }
  }

  #onTimeout(now: Milliseconds): void {
    this.#context.backlog.run(now);
    // Before anybody's time is up: who could not be called may have called us, and is asked then.
    this.#adoption.onTimeout(now);
    onPoolElementTimers(this.#context, now, this.#adoption);
    this.#serverAnnounce.onTimeout(now);
    this.#earlyRequests.onTimeout(now);
  }

  #onMessage(
    now: Milliseconds,
    id: AssociationId,
    payloadProtocol: number,
    payload: Uint8Array,
  ): void {
    const context = this.#context;
    const association = context.associations.get(id);
    if (association === undefined) return; // sent before the end that we have put to the association
    if (payloadProtocol === PAYLOAD_PROTOCOL.ASAP) {
      try {
        this.#onAsap(now, association, payload);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        onUndecodable(context, now, association, payload, error);
      }
    } else if (payloadProtocol === PAYLOAD_PROTOCOL.ENRP) {
      abortAssociation(context, now, id, 'wrongPayloadProtocol'); // interop-rsplib B6
    } else {
      context.counters.ignoredMessages += 1;
      context.log.debug({ association: id, payloadProtocol }, UNKNOWN_PAYLOAD_PROTOCOL);
    }
  }

  #onAsap(now: Milliseconds, association: Association, payload: Uint8Array): void {
    const context = this.#context;
    if (onPlainKeepAliveAck(context, now, association, payload, this.#adoption)) return;
    const message = decodeAsap(payload, { profile: context.options.profile });
    if (!refusedForPoolHandle(context, association, payload, message)) {
      if (this.#earlyRequests.keeps(now, association, payload, message)) return;
      this.#onReadable(now, association, message);
    }
    if (message.unrecognized) {
      reportUnrecognized(context, association, payload, message.unrecognized);
    }
  }

  #onReadable(now: Milliseconds, association: Association, message: AsapMessage): void {
    const context = this.#context;
    switch (message.type) {
      case 'ASAP_REGISTRATION':
        onRegistration(context, now, association, message);
        break;
      case 'ASAP_DEREGISTRATION':
        onDeregistration(context, now, association, message);
        break;
      case 'ASAP_HANDLE_RESOLUTION':
        this.#handleResolution.onMessage(now, association, message);
        break;
      case 'ASAP_ENDPOINT_KEEP_ALIVE_ACK':
        onKeepAliveAck(context, now, association, message, this.#adoption);
        break;
      case 'ASAP_ENDPOINT_UNREACHABLE':
        onEndpointUnreachable(context, now, association, message, this.#adoption);
        break;
      default:
        // asap.md 3.8: nothing that a registrar has a use for, and nothing that is owed an answer.
        context.counters.ignoredMessages += 1;
        context.log.debug({ association: association.id, message: message.type }, 'ignored');
    }
  }
}
