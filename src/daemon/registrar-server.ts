/**
 * A registrar as a library: opens the transport and the sockets of its announces, runs the registrar over them,
 * closes it all again. What a registrar does is `protocol/registrar/` and `protocol/enrp/`.
 */

import { shownPoolElement } from '../handlespace/pool-element.ts';
import type { EnrpCounters } from '../protocol/enrp/context.ts';
import { completeEnrpOptions } from '../protocol/enrp/options.ts';
import type { Logger } from '../protocol/logger.ts';
import type { RegistrarCounters } from '../protocol/registrar/context.ts';
import { completeRegistrarOptions, type RegistrarOptions } from '../protocol/registrar/options.ts';
import { systemClock } from '../runtime/clock.ts';
import { Emitter } from '../runtime/emitter.ts';
import { guardedLogger } from '../runtime/guarded-logger.ts';
import { addressesNow, HostAddresses, openStackOn } from '../runtime/host-addresses.ts';
import { reachableAddresses } from '../runtime/local-address.ts';
import { ownCopy } from '../runtime/own-copy.ts';
import { randomId, randomSeed } from '../runtime/random.ts';
import { type AnyRegistrarEvent, RegistrarHalves } from '../runtime/registrar-halves.ts';
import {
  type AnnounceGroup,
  type AnnounceListener,
  type AnnounceSender,
  asapAnnounceGroup,
  enrpAnnounceGroup,
  openAnnounceListener,
  openAnnounceSender,
} from '../transport/announce.ts';
import type { SctpBackend, SctpStack, SctpStats } from '../transport/transport.ts';
import {
  ASAP_PORT,
  ENRP_PORT,
  formatAddress,
  type IpAddress,
  type RegistrarId,
  registrarId,
  type SctpAddress,
} from '../types.ts';
import { registrarSettings } from './check-settings.ts';
import type { EnrpSettings, RegistrarSettings } from './settings.ts';

/**
 * The events of a registrar: named as the machines', each with a copy of the machine's event as its
 * argument. Listeners are called when everything else that belongs to the event is done: first
 * updates of peers, answers and timers, then promises, then listeners, each of them also when an
 * earlier one throws. What they throw is thrown again on the next tick, as an uncaught exception.
 */
export type RegistrarServerEvents = {
  [Type in AnyRegistrarEvent['type']]: [event: Extract<AnyRegistrarEvent, { type: Type }>];
};

/**
 * Starts a registrar. Rejects with ConfigError when a setting cannot be used: a busy port, an address that
 * is not this host's.
 */
export async function createRegistrar(given: RegistrarSettings = {}): Promise<RegistrarServer> {
  const settings = registrarSettings.read(given, '');
  const source = settings.asap?.addresses ?? reachableAddresses;
  const addresses = addressesNow(source);
  const options = completeRegistrarOptions(settings.registrar ?? {}, addresses, 'registrar');
  const enrp = settings.enrp === true ? {} : settings.enrp || undefined;
  const stack = openStackOn(source, {
    transport: settings.transport ?? 'auto',
    localAddresses: addresses,
    udpPort: settings.udpPort,
    autocloseMs: settings.autocloseMs,
    maxAssociations: settings.maxAssociations,
    maxAssociationsPerHost: settings.maxAssociationsPerHost,
    slowReaderTimeoutMs: settings.slowReaderTimeoutMs,
  });
  try {
    return new RegistrarServer(settings, enrp, options, stack);
  } catch (error) {
    await stack.close();
    throw error;
  }
}

export class RegistrarServer extends Emitter<RegistrarServerEvents> {
  readonly id: RegistrarId;
  /** The SCTP backend that it runs on. */
  readonly transport: SctpBackend;
  /** The UDP port of encapsulated SCTP; 0 where the transport has none. */
  readonly udpPort: number;
  /** Where it announces itself; `undefined`: nowhere. */
  readonly announceGroup: AnnounceGroup | undefined;
  /** Where presences are announced; `undefined`: nowhere. */
  readonly enrpAnnounceGroup: AnnounceGroup | undefined;
  readonly #stack: SctpStack;
  readonly #halves: RegistrarHalves;
  readonly #hostAddresses: HostAddresses | undefined;
  readonly #port: number;
  readonly #enrpPort: number;
  readonly #sockets: (AnnounceSender | AnnounceListener)[] = [];
  #closing: Promise<void> | undefined;

  /** Use `createRegistrar`. */
  constructor(
    settings: RegistrarSettings,
    enrp: EnrpSettings | undefined,
    options: RegistrarOptions,
    stack: SctpStack,
  ) {
    super();
    const log = guardedLogger(settings.log);
    const { announce, announceTtl, port = ASAP_PORT } = settings.asap ?? {};
    const enrpPort = enrp?.port ?? ENRP_PORT;
    const { backend } = stack;
    this.id = registrarId(settings.id ?? randomId());
    this.transport = backend;
    this.udpPort = stack.udpPort;
    this.#port = port;
    this.#enrpPort = enrpPort;
    this.announceGroup = (announce ?? asapAnnounceGroup(backend)) || undefined;
    this.enrpAnnounceGroup = (enrp && (enrp.announce ?? enrpAnnounceGroup(backend))) || undefined;
    this.#stack = stack;
    let announces: AnnounceSender | undefined;
    let presences: AnnounceSender | undefined;
    this.#halves = new RegistrarHalves({
      id: this.id,
      options,
      port,
      stack,
      clock: systemClock,
      seed: randomSeed,
      log,
      enrp: enrp && {
        options: completeEnrpOptions(enrp.options ?? {}, 'enrp.options'),
        port: enrpPort,
        peers: enrp.peers ?? [],
        announces: this.enrpAnnounceGroup !== undefined,
      },
      announce: (payload) => announces?.send(payload),
      announcePresence: (payload) => presences?.send(payload),
      tell: (event) => {
        if (this.listenerCount(event.type) === 0) return;
        this.emit(event.type, ownCopy(shown(event)));
      },
    });
    try {
      announces = this.#sendingTo(this.announceGroup, port, announceTtl, log);
      presences = this.#sendingTo(this.enrpAnnounceGroup, enrpPort, enrp?.announceTtl, log);
      this.#listenTo(this.enrpAnnounceGroup, log);
      this.#hostAddresses = new HostAddresses({
        stack,
        log,
        source: settings.asap?.addresses ?? reachableAddresses,
        onChange: (addresses) => this.#onAddresses(addresses),
      });
      const where = this.addresses.map(formatAddress).join(' ');
      log.info({ registrarId: this.id, addresses: where }, 'started');
      this.#halves.start();
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  /** Where pool elements and pool users reach it, now: SCTP addresses. */
  get addresses(): readonly SctpAddress[] {
    return this.#stack.localAddresses.map((address) => ({ address, port: this.#port }));
  }

  /** Where peers reach it, now; empty without ENRP. */
  get enrpAddresses(): readonly SctpAddress[] {
    if (this.#halves.enrp === undefined) return [];
    return this.#stack.localAddresses.map((address) => ({ address, port: this.#enrpPort }));
  }

  /** The peers that are known and alive; empty without ENRP. */
  get peers(): readonly PeerSummary[] {
    const peers = this.#halves.enrp?.peers ?? [];
    return peers.map(({ id, addresses }) => ownCopy({ id, addresses }));
  }

  /** Counted since the start. */
  stats(): RegistrarStats {
    const { handlespace, asap, enrp, slowReaders } = this.#halves;
    const { pools, poolElements } = handlespace.stats();
    const { counters } = asap;
    const sctp = this.#stack.stats();
    const ended = slowReaders + (sctp.refused.slowReader ?? 0);
    return { pools, poolElements, ...counters, slowReaders: ended, enrp: enrp?.counters, sctp };
  }

  /**
   * Ends it cleanly: no more announces, associations are shut down, at the latest aborted after
   * `stopTimeoutMs`; sockets are closed when the promise is fulfilled.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #onAddresses(addresses: readonly IpAddress[]): void {
    this.#halves.localAddressesChanged(addresses);
    for (const socket of this.#sockets) socket.use(this.#stack.localAddresses);
  }

  #sendingTo(
    group: AnnounceGroup | undefined,
    sourcePort: number,
    ttl: number | undefined,
    log: Logger,
  ): AnnounceSender | undefined {
    if (group === undefined) return undefined;
    const interfaces = this.#stack.localAddresses;
    const onProblem = (message: string) => log.warn({}, message);
    const sender = openAnnounceSender({ group, ttl, interfaces, sourcePort, onProblem });
    this.#sockets.push(sender);
    return sender;
  }

  #listenTo(group: AnnounceGroup | undefined, log: Logger): void {
    if (group === undefined) return;
    const listener = openAnnounceListener({
      group,
      interfaces: this.#stack.localAddresses,
      onProblem: (message) => log.warn({}, message),
      onAnnounce: (payload, address, port) =>
        this.#halves.presenceHeard(payload, { address, port }),
    });
    this.#sockets.push(listener);
  }

  async #close(): Promise<void> {
    await undefined; // until `#closing` is set: listeners and loggers may call `close` as well
    this.#hostAddresses?.close();
    await this.#halves.stop();
    this.#release();
    await this.#stack.close();
  }

  /** Gives everything back but the stack. */
  #release(): void {
    this.#hostAddresses?.close();
    for (const socket of this.#sockets) socket.close();
    this.#halves.close();
    this.#halves.handlespace.close();
  }
}

/** An event of a machine as applications see it: loads are fractions. */
function shown(event: AnyRegistrarEvent): AnyRegistrarEvent {
  return 'poolElement' in event
    ? { ...event, poolElement: shownPoolElement(event.poolElement) }
    : event;
}

/** Another registrar. */
export interface PeerSummary {
  readonly id: RegistrarId;
  /** Where it takes ENRP. */
  readonly addresses: readonly SctpAddress[];
}

export interface RegistrarStats extends RegistrarCounters {
  /** Among its peers; `undefined` without ENRP. */
  readonly enrp: Readonly<EnrpCounters> | undefined;
  readonly pools: number;
  readonly poolElements: number;
  /** Associations aborted because their peers did not read. */
  readonly slowReaders: number;
  readonly sctp: SctpStats;
}
