/**
 * A registrar as a library: opens the transport and the sockets of its announces, runs the registrar over them,
 * closes it all again. What a registrar does is `protocol/registrar/` and `protocol/enrp/`.
 */

import { EventEmitter } from 'node:events';
import type { EnrpCounters } from '../protocol/enrp/context.ts';
import { completeEnrpOptions } from '../protocol/enrp/options.ts';
import { type Logger, SILENT } from '../protocol/logger.ts';
import type { RegistrarCounters } from '../protocol/registrar/context.ts';
import { completeRegistrarOptions, type RegistrarOptions } from '../protocol/registrar/options.ts';
import { systemClock } from '../runtime/clock.ts';
import { reachableAddresses } from '../runtime/local-address.ts';
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
import { openSctpStack } from '../transport/open.ts';
import type { SctpBackend, SctpStack, SctpStats } from '../transport/transport.ts';
import {
  ASAP_PORT,
  ENRP_PORT,
  formatAddress,
  type RegistrarId,
  registrarId,
  type SctpAddress,
} from '../types.ts';
import { checkSettings } from './check-settings.ts';
import type { EnrpSettings, RegistrarSettings } from './settings.ts';

/** The events of a registrar: named as the machines', each with the machine's event as its argument. */
export type RegistrarServerEvents = {
  [Type in AnyRegistrarEvent['type']]: [event: Extract<AnyRegistrarEvent, { type: Type }>];
};

/**
 * Starts a registrar. Rejects with ConfigError when a setting cannot be used: a busy port, an address that
 * is not this host's.
 */
export async function createRegistrar(settings: RegistrarSettings = {}): Promise<RegistrarServer> {
  const reachable = reachableAddresses();
  const addresses = settings.asap?.addresses ?? (reachable[0] ? reachable : ['127.0.0.1']);
  const options = completeRegistrarOptions(settings.registrar ?? {}, addresses);
  const enrp = settings.enrp === true ? {} : settings.enrp || undefined;
  checkSettings(settings, enrp);
  const stack = openSctpStack({
    transport: settings.transport ?? 'auto',
    localAddresses: addresses,
    udpPort: settings.udpPort,
    autocloseMs: settings.autocloseMs,
    maxAssociations: settings.maxAssociations,
    maxAssociationsPerHost: settings.maxAssociationsPerHost,
  });
  try {
    return new RegistrarServer(settings, enrp, options, stack);
  } catch (error) {
    await stack.close();
    throw error;
  }
}

export class RegistrarServer extends EventEmitter<RegistrarServerEvents> {
  readonly id: RegistrarId;
  /** Where pool elements and pool users reach it: SCTP addresses. */
  readonly addresses: readonly SctpAddress[];
  /** The SCTP backend that it runs on. */
  readonly transport: SctpBackend;
  /** The UDP port of encapsulated SCTP; 0 where the transport has none. */
  readonly udpPort: number;
  /** Where it announces itself; `undefined`: nowhere. */
  readonly announceGroup: AnnounceGroup | undefined;
  /** Where peers reach it; empty without ENRP. */
  readonly enrpAddresses: readonly SctpAddress[];
  /** Where presences are announced; `undefined`: nowhere. */
  readonly enrpAnnounceGroup: AnnounceGroup | undefined;
  readonly #stack: SctpStack;
  readonly #halves: RegistrarHalves;
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
    const log = settings.log ?? SILENT;
    const { announce, announceTtl, port = ASAP_PORT } = settings.asap ?? {};
    const enrpPort = enrp?.port ?? ENRP_PORT;
    const { backend, localAddresses } = stack;
    this.id = registrarId(settings.id ?? randomId());
    this.transport = backend;
    this.udpPort = stack.udpPort;
    this.addresses = localAddresses.map((address) => ({ address, port }));
    this.enrpAddresses = enrp ? localAddresses.map((address) => ({ address, port: enrpPort })) : [];
    this.announceGroup = (announce ?? asapAnnounceGroup(backend)) || undefined;
    this.enrpAnnounceGroup = (enrp && (enrp.announce ?? enrpAnnounceGroup(backend))) || undefined;
    this.#stack = stack;
    let announces: AnnounceSender | undefined;
    let presences: AnnounceSender | undefined;
    this.#halves = new RegistrarHalves({
      ...{ id: this.id, options, port, stack, clock: systemClock, seed: randomSeed, log },
      enrp: enrp && {
        options: completeEnrpOptions(enrp.options ?? {}),
        port: enrpPort,
        peers: enrp.peers ?? [],
        announces: this.enrpAnnounceGroup !== undefined,
      },
      announce: (payload) => announces?.send(payload),
      announcePresence: (payload) => presences?.send(payload),
      tell: (event) => (this as EventEmitter).emit(event.type, event),
    });
    announces = this.#sendingTo(this.announceGroup, port, announceTtl, log);
    presences = this.#sendingTo(this.enrpAnnounceGroup, enrpPort, enrp?.announceTtl, log);
    this.#listenTo(this.enrpAnnounceGroup, log);
    log.info(
      { registrarId: this.id, addresses: this.addresses.map(formatAddress).join(' ') },
      'started',
    );
    this.#halves.start();
  }

  /** The peers that are known and alive; empty without ENRP. */
  get peers(): readonly PeerSummary[] {
    const peers = this.#halves.enrp?.peers ?? [];
    return peers.map(({ id, addresses }) => ({ id, addresses }));
  }

  /** Counted since the start. */
  stats(): RegistrarStats {
    const { handlespace, asap, enrp, slowReaders } = this.#halves;
    const { pools, poolElements } = handlespace.stats();
    const { counters } = asap;
    const sctp = this.#stack.stats();
    return { pools, poolElements, ...counters, slowReaders, enrp: enrp?.counters, sctp };
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
    await this.#halves.stop();
    for (const socket of this.#sockets) socket.close();
    this.#halves.close();
    await this.#stack.close();
    this.#halves.handlespace.close();
  }
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
