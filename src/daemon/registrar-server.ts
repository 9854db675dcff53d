/**
 * A registrar as a library: opens the transport, runs the registrar machine over it, sends its announces,
 * closes it all again. What a registrar does is `protocol/registrar/`.
 */

import { EventEmitter } from 'node:events';
import { ConfigError } from '../errors.ts';
import { Handlespace } from '../handlespace/handlespace.ts';
import type { EnrpCounters } from '../protocol/enrp/context.ts';
import type { EnrpEvent, EnrpOutput } from '../protocol/enrp/events.ts';
import { type Logger, SILENT } from '../protocol/logger.ts';
import type { RegistrarCounters } from '../protocol/registrar/context.ts';
import type {
  RegistrarEvent,
  RegistrarInput,
  RegistrarOutput,
} from '../protocol/registrar/events.ts';
import {
  completeRegistrarOptions,
  handlespaceOptionsOf,
  type PartialRegistrarOptions,
  type RegistrarOptions,
} from '../protocol/registrar/options.ts';
import { Registrar } from '../protocol/registrar/registrar.ts';
import { systemClock } from '../runtime/clock.ts';
import { Driver } from '../runtime/driver.ts';
import { reachableAddresses } from '../runtime/local-address.ts';
import { randomId, randomSeed } from '../runtime/random.ts';
import {
  type AnnounceGroup,
  type AnnounceSender,
  asapAnnounceGroup,
  openAnnounceSender,
} from '../transport/announce.ts';
import { openSctpStack, type Transport } from '../transport/open.ts';
import type { SctpBackend, SctpStack, SctpStats } from '../transport/transport.ts';
import {
  ASAP_PORT,
  type IpAddress,
  type Milliseconds,
  type RegistrarId,
  registrarId,
  type SctpAddress,
} from '../types.ts';
import { EnrpService, type EnrpSettings } from './enrp-service.ts';

export interface RegistrarSettings {
  /** 1 to 0xffffffff. Default: random, as RFC 5353 §3.2.1 wants it. */
  readonly id?: number | undefined;
  readonly asap?:
    | {
        /** Local addresses. Default: every one that other hosts can reach, or else 127.0.0.1. */
        readonly addresses?: readonly IpAddress[] | undefined;
        /** SCTP port. Default 3863 (RFC 5352 §8.2). */
        readonly port?: number | undefined;
        /**
         * Multicast group of the announces; `false`: none. Default 239.0.0.50:3863, over UDP 239.0.0.60:3863
         * (decision 44).
         */
        readonly announce?: AnnounceGroup | false | undefined;
        /** Routers that an announce may pass, 1 to 255. Default 30. */
        readonly announceTtl?: number | undefined;
      }
    | undefined;
  /** Its peers; `true`: with all defaults. Default `false`: it keeps its handlespace alone. */
  readonly enrp?: EnrpSettings | boolean | undefined;
  /** SCTP backend. Default `auto`: the best one here. */
  readonly transport?: Transport | undefined;
  /** Local UDP port of encapsulated SCTP (RFC 6951); 0: any free one. Default 9899. */
  readonly udpPort?: number | undefined;
  /** Time without messages after which an association is shut down; 0: never. Default 0. */
  readonly autocloseMs?: Milliseconds | undefined;
  /** SCTP associations at most: in all, default 10 000, and with each peer host, default 1 000. */
  readonly maxAssociations?: number | undefined;
  readonly maxAssociationsPerHost?: number | undefined;
  /** What the registrar does and allows. Every one has a default. */
  readonly registrar?: PartialRegistrarOptions | undefined;
  /** A pino logger, or anything like it. Default: silence. */
  readonly log?: Logger | undefined;
}

type AnyEvent = RegistrarEvent | EnrpEvent | Extract<EnrpOutput, { type: 'inService' }>;

/** The events of a registrar: named as the machines', each with the machine's event as its argument. */
export type RegistrarServerEvents = {
  [Type in AnyEvent['type']]: [event: Extract<AnyEvent, { type: Type }>];
};

/**
 * Starts a registrar. Rejects with ConfigError when a setting cannot be used: a busy port, an address that
 * is not this host's.
 */
export async function createRegistrar(settings: RegistrarSettings = {}): Promise<RegistrarServer> {
  const reachable = reachableAddresses();
  const addresses = settings.asap?.addresses ?? (reachable[0] ? reachable : ['127.0.0.1']);
  const options = completeRegistrarOptions(settings.registrar ?? {}, addresses);
  const ttl = settings.asap?.announceTtl ?? 1;
  if (!(Number.isInteger(ttl) && ttl >= 1 && ttl <= 255)) {
    const sentence = `asap.announceTtl is ${ttl}: give a whole number from 1 to 255.`;
    throw new ConfigError('asap.announceTtl', sentence);
  }
  const stack = openSctpStack({
    transport: settings.transport ?? 'auto',
    localAddresses: addresses,
    udpPort: settings.udpPort,
    autocloseMs: settings.autocloseMs,
    maxAssociations: settings.maxAssociations,
    maxAssociationsPerHost: settings.maxAssociationsPerHost,
  });
  try {
    return new RegistrarServer(settings, options, stack);
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
  readonly #stack: SctpStack;
  readonly #handlespace: Handlespace;
  readonly #machine: Registrar;
  readonly #driver: Driver<RegistrarInput, RegistrarOutput>;
  readonly #announces: AnnounceSender | undefined;
  readonly #enrp: EnrpService | undefined;
  readonly #stopTimeoutMs: Milliseconds;
  #closing: Promise<void> | undefined;
  #onStopped = () => {};

  /** Use `createRegistrar`. */
  constructor(settings: RegistrarSettings, options: RegistrarOptions, stack: SctpStack) {
    super();
    const log = settings.log ?? SILENT;
    const port = settings.asap?.port ?? ASAP_PORT;
    this.id = registrarId(settings.id ?? randomId());
    this.transport = stack.backend;
    this.udpPort = stack.udpPort;
    this.announceGroup = (settings.asap?.announce ?? asapAnnounceGroup(stack.backend)) || undefined;
    this.#stack = stack;
    this.#handlespace = new Handlespace(handlespaceOptionsOf(options, randomSeed()));
    if (stack.arenas) this.#handlespace.useArenas(stack.arenas.inbound, stack.arenas.outbound);
    this.#machine = new Registrar({
      id: this.id,
      handlespace: this.#handlespace,
      options,
      localAddresses: stack.localAddresses,
      port,
      log,
      seed: randomSeed(),
      waitsForService: Boolean(settings.enrp),
    });
    this.#stopTimeoutMs = options.stopTimeoutMs;
    this.#driver = new Driver({
      machine: this.#machine,
      stack,
      port,
      accepts: true,
      clock: systemClock,
      perform: (output) => this.#perform(output),
      inPlace: stack.arenas ? this.#machine : undefined,
    });
    if (settings.enrp) {
      this.#enrp = new EnrpService({
        settings: settings.enrp === true ? {} : settings.enrp,
        id: this.id,
        handlespace: this.#handlespace,
        stack,
        log,
        perform: (output) => this.#performEnrp(output),
      });
    }
    this.addresses = stack.localAddresses.map((address) => ({ address, port }));
    this.#announces =
      this.announceGroup &&
      openAnnounceSender({
        group: this.announceGroup,
        ttl: settings.asap?.announceTtl,
        interfaces: stack.localAddresses,
        sourcePort: port,
        onProblem: (message) => log.warn({}, message),
      });
    this.#driver.input({ type: 'timeout' }); // the first announce may be due at once
    this.#enrp?.start();
  }

  /** The peers that are known and alive; empty without ENRP. */
  get peers(): readonly PeerSummary[] {
    const peers = this.#enrp?.machine.peers ?? [];
    return peers.map(({ id, addresses }) => ({ id, addresses }));
  }

  /** Where peers reach it; empty without ENRP. */
  get enrpAddresses(): readonly SctpAddress[] {
    return this.#enrp?.addresses ?? [];
  }

  /** Where presences are announced; `undefined`: nowhere. */
  get enrpAnnounceGroup(): AnnounceGroup | undefined {
    return this.#enrp?.group;
  }

  /** Counted since the start. */
  stats(): RegistrarStats {
    const { pools, poolElements } = this.#handlespace.stats();
    const { slowReaders } = this.#driver;
    const { counters } = this.#machine;
    const enrp = this.#enrp?.machine.counters;
    return { pools, poolElements, ...counters, slowReaders, enrp, sctp: this.#stack.stats() };
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

  #perform(output: RegistrarOutput): void {
    if (output.type === 'announce') this.#announces?.send(output.payload);
    else if (output.type === 'stopped') this.#onStopped();
    else this.#tell(output as RegistrarEvent);
  }

  /** Peers learn of a change before the application does, and before the pool element has its answer. */
  #tell(event: RegistrarEvent): void {
    const change = CHANGES[event.type];
    if (change !== undefined && 'poolElement' in event) {
      const { poolElement } = event;
      this.#enrp?.input({ type: 'poolElementChanged', change, poolElement });
    }
    (this as EventEmitter).emit(event.type, event);
  }

  #performEnrp(output: EnrpOutput): void {
    if (output.type === 'adopted') this.#driver.input(output);
    else {
      if (output.type === 'inService') this.#driver.input({ type: 'inService' });
      (this as EventEmitter).emit(output.type, output);
    }
  }

  async #close(): Promise<void> {
    await this.#enrp?.close(this.#stopTimeoutMs);
    const stopped = new Promise<void>((resolve) => {
      this.#onStopped = resolve;
    });
    this.#driver.input({ type: 'stop' });
    await stopped;
    this.#announces?.close();
    this.#driver.close();
    await this.#stack.close();
    this.#handlespace.close();
  }
}

const CHANGES: { readonly [Type in RegistrarEvent['type']]?: 'added' | 'updated' | 'removed' } = {
  poolElementRegistered: 'added',
  poolElementReregistered: 'updated',
  poolElementRemoved: 'removed',
};

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
