/**
 * A whole registrar: its ASAP half and, where it has peers, its ENRP half, on endpoints of one stack and with
 * one handlespace. Carries values between the two, which know nothing of each other, and hands out what
 * neither does itself: announces and events.
 */

import { Handlespace } from '../handlespace/handlespace.ts';
import { Enrp } from '../protocol/enrp/enrp.ts';
import type {
  EnrpEvent,
  EnrpInput,
  EnrpOutput,
  PoolElementChange,
} from '../protocol/enrp/events.ts';
import type { EnrpOptions } from '../protocol/enrp/options.ts';
import type { Logger } from '../protocol/logger.ts';
import type {
  RegistrarEvent,
  RegistrarInput,
  RegistrarOutput,
} from '../protocol/registrar/events.ts';
import { handlespaceOptionsOf, type RegistrarOptions } from '../protocol/registrar/options.ts';
import { Registrar } from '../protocol/registrar/registrar.ts';
import type { SctpStack } from '../transport/transport.ts';
import type { IpAddress, Milliseconds, RegistrarId, SctpAddress } from '../types.ts';
import type { ExceptionHandler } from './application-calls.ts';
import type { Clock } from './clock.ts';
import { Driver } from './driver.ts';
import { Steps } from './steps.ts';

export interface RegistrarHalvesSetUp {
  readonly id: RegistrarId;
  readonly options: RegistrarOptions;
  /** SCTP port of ASAP. */
  readonly port: number;
  /** `undefined`: it keeps its handlespace alone. */
  readonly enrp: EnrpHalfSetUp | undefined;
  readonly stack: SctpStack;
  readonly clock: Clock;
  /** Of selections, jitter and hashes: a new one with every call. */
  seed(): bigint;
  /** Does not throw: `guardedLogger`. */
  readonly log: Logger;
  /** To the ASAP and the ENRP multicast group. */
  announce(payload: Uint8Array): void;
  announcePresence(payload: Uint8Array): void;
  /**
   * Hands an event to the application, when everything else of its step is done in both halves:
   * peers know of the change and the pool element has its answer. May throw.
   */
  tell(event: AnyRegistrarEvent): void;
  /** Receives what `tell` throws. Default: it is thrown again on the next tick. */
  readonly onException?: ExceptionHandler | undefined;
}

export interface EnrpHalfSetUp {
  readonly options: EnrpOptions;
  /** SCTP port of ENRP. */
  readonly port: number;
  /** Configured peers: the addresses of each. */
  readonly peers: readonly (readonly SctpAddress[])[];
  /** Presences go to a multicast group as well. */
  readonly announces: boolean;
}

export type AnyRegistrarEvent =
  | RegistrarEvent
  | EnrpEvent
  | Extract<EnrpOutput, { type: 'inService' }>;

/** What an event is to peers; `undefined`: nothing. */
function changeBy(event: RegistrarEvent): PoolElementChange | undefined {
  switch (event.type) {
    case 'poolElementAdded':
      return 'added';
    case 'poolElementReregistered':
      return 'updated';
    case 'poolElementRemoved':
      return event.reason === 'associationLost' ? 'lost' : 'removed';
    default:
      return undefined;
  }
}

export class RegistrarHalves {
  readonly handlespace: Handlespace;
  readonly asap: Registrar;
  readonly enrp: Enrp | undefined;
  readonly #setUp: RegistrarHalvesSetUp;
  readonly #steps: Steps;
  readonly #asapDriver: Driver<RegistrarInput, RegistrarOutput>;
  readonly #enrpDriver: Driver<EnrpInput, EnrpOutput> | undefined;
  #onStopped = () => {};

  constructor(setUp: RegistrarHalvesSetUp) {
    const { id, options, port, stack, clock, log } = setUp;
    const steps = new Steps(setUp.onException);
    this.#setUp = setUp;
    this.#steps = steps;
    this.handlespace = new Handlespace(handlespaceOptionsOf(options, setUp.seed()));
    try {
      if (stack.arenas) this.handlespace.useArenas(stack.arenas.inbound, stack.arenas.outbound);
      this.asap = new Registrar({
        id,
        handlespace: this.handlespace,
        options,
        port,
        log,
        seed: setUp.seed(),
        localAddresses: stack.localAddresses,
        waitsForService: setUp.enrp !== undefined,
      });
      this.#asapDriver = new Driver({
        machine: this.asap,
        stack,
        port,
        accepts: true,
        answersRequests: true,
        clock,
        log,
        steps,
        perform: (output) => this.#performAsap(output),
        onSettled: () => this.#enrpDriver?.settle(),
        inPlace: stack.arenas ? this.asap : undefined,
      });
      if (setUp.enrp === undefined) return;
      this.enrp = new Enrp({
        id,
        handlespace: this.handlespace,
        log,
        seed: setUp.seed(),
        ...setUp.enrp,
        profile: options.profile,
        minAddressScope: options.minAddressScope,
        maxTransportAddresses: options.limits.maxTransportAddresses,
        localAddresses: stack.localAddresses,
      });
      this.#enrpDriver = new Driver({
        machine: this.enrp,
        stack,
        port: setUp.enrp.port,
        accepts: true,
        clock,
        log,
        steps,
        perform: (output) => this.#performEnrp(output),
        onSettled: () => this.#asapDriver.settle(),
      });
    } catch (error) {
      this.handlespace.close(); // a port may be in use
      throw error;
    }
  }

  /** Associations aborted because their peers did not read. */
  get slowReaders(): number {
    return this.#asapDriver.slowReaders + (this.#enrpDriver?.slowReaders ?? 0);
  }

  /** Announces itself and looks for a mentor, as far as it is to. */
  start(): void {
    this.#asapDriver.input({ type: 'timeout' });
    this.#enrpDriver?.input({ type: 'timeout' });
  }

  /** A datagram to the ENRP multicast group. */
  presenceHeard(payload: Uint8Array, source: SctpAddress): void {
    this.#enrpDriver?.input({ type: 'presenceHeard', source, payload });
  }

  /** Others reach us at these addresses from now on. */
  localAddressesChanged(addresses: readonly IpAddress[]): void {
    this.#asapDriver.input({ type: 'localAddressesChanged', addresses });
    this.#enrpDriver?.input({ type: 'localAddressesChanged', addresses });
  }

  /**
   * Hands the pool elements over to peers, then ends every association, gracefully where it answers in time.
   * The ENRP half goes first: peers are not to hear that the rest of the pool elements is gone (decision 41).
   */
  async stop(): Promise<void> {
    const limitMs: Milliseconds = this.#setUp.options.stopTimeoutMs;
    const stopped = new Promise<void>((resolve) => {
      this.#onStopped = resolve;
    });
    if (this.#enrpDriver === undefined) this.#asapDriver.input({ type: 'stop' });
    else this.#enrpDriver.input({ type: 'stop' });
    await stopped;
    await this.#enrpDriver?.gracefulEnds(limitMs);
  }

  /** Gives the ports back, at once. The handlespace is closed by its owner, afterwards. */
  close(): void {
    this.#enrpDriver?.close();
    this.#asapDriver.close();
  }

  #performAsap(output: RegistrarOutput): void {
    if (output.type === 'announce') this.#setUp.announce(output.payload);
    else if (output.type === 'stopped') this.#onStopped();
    else this.#tellOf(output as RegistrarEvent);
  }

  #tellOf(event: RegistrarEvent): void {
    const change = changeBy(event);
    if (change !== undefined && 'poolElement' in event) {
      const { poolElement } = event;
      this.#enrpDriver?.feed({ type: 'poolElementChanged', change, poolElement });
    }
    this.#tell(event);
  }

  #performEnrp(output: EnrpOutput): void {
    if (output.type === 'announcePresence') this.#setUp.announcePresence(output.payload);
    else if (isForAsap(output)) this.#asapDriver.feed(output);
    else if (output.type === 'stopped') this.#asapDriver.feed({ type: 'stop' });
    else {
      const event = output as EnrpEvent | Extract<EnrpOutput, { type: 'inService' }>;
      if (event.type === 'inService') this.#asapDriver.feed({ type: 'inService' });
      else if (event.type === 'poolElementRemoved') {
        this.#asapDriver.feed({ type: 'abandoned', poolElement: event.poolElement });
      }
      this.#tell(event);
    }
  }

  #tell(event: AnyRegistrarEvent): void {
    this.#steps.callLater(() => this.#setUp.tell(event));
  }
}

type ForAsap = Extract<EnrpOutput, { type: (typeof FOR_ASAP)[number] }>;

/** Who is to be asked for a sign of life, or may be later. */
const FOR_ASAP = ['adopted', 'takeoverSuggested', 'movedAway'] as const;

function isForAsap(output: EnrpOutput): output is ForAsap {
  return (FOR_ASAP as readonly string[]).includes(output.type);
}
