/**
 * What pool elements and pool users have in common: a transport, registrars given or found by announces, and
 * a machine driven over them.
 */

import { isIP } from 'node:net';
import { ConfigError } from '../errors.ts';
import type { AnnounceHeard } from '../protocol/endpoint/registrar-list.ts';
import { type Logger, logger } from '../protocol/logger.ts';
import type { AssociationInput, AssociationOutput, Machine } from '../protocol/machine.ts';
import type { ExceptionHandler } from '../runtime/application-calls.ts';
import { systemClock } from '../runtime/clock.ts';
import { Driver } from '../runtime/driver.ts';
import { guardedLogger } from '../runtime/guarded-logger.ts';
import {
  type AddressSource,
  addressesNow,
  HostAddresses,
  openStackOn,
} from '../runtime/host-addresses.ts';
import { addressTowards, reachableAddresses } from '../runtime/local-address.ts';
import { Steps } from '../runtime/steps.ts';
import { listOf, optional, orFalse } from '../settings/kind.ts';
import type { Fields } from '../settings/record.ts';
import { localAddresses, port, portOrAny, sctpAddress } from '../settings/values.ts';
import {
  type AnnounceGroup,
  type AnnounceListener,
  asapAnnounceGroup,
  openAnnounceListener,
} from '../transport/announce.ts';
import { type Transport, transportName } from '../transport/open.ts';
import type { SctpBackend, SctpStack } from '../transport/transport.ts';
import type { IpAddress, SctpAddress } from '../types.ts';
import {
  bracketsHint,
  parseRegistrarAddress,
  registrarAddress,
  resolveRegistrarAddress,
} from './registrar-address.ts';

export interface EndpointSettings {
  /**
   * Registrars to use: `HOST`, `HOST:PORT` or `[IPV6]:PORT`, with the SCTP port, 3863 where none is given, and
   * `/UDPPORT` behind it as `registrarUdpPort`, the same for all. Default: none, they are found by their announces.
   */
  readonly registrars?: readonly string[] | undefined;
  /** UDP port of the registrars' encapsulated SCTP (RFC 6951) where `registrars` name none. Default 9899. */
  readonly registrarUdpPort?: number | undefined;
  /**
   * Multicast group of the registrars' announces. Default, when `registrars` is empty: 239.0.0.50:3863, over
   * UDP 239.0.0.60:3863 (decision 44).
   */
  readonly announces?: AnnounceGroup | false | undefined;
  /** SCTP backend. Default `auto`: the best one here. */
  readonly transport?: Transport | undefined;
  /**
   * Local addresses. Default: the one from which the first registrar is reached, and where registrars have
   * addresses of both families the first one of the other family as well.
   */
  readonly addresses?: readonly IpAddress[] | undefined;
  /** Local UDP port of encapsulated SCTP. Default: any free one. */
  readonly udpPort?: number | undefined;
  /**
   * A pino logger, or anything like it. What its methods throw is thrown again on the next tick, as
   * an uncaught exception. Default: silence.
   */
  readonly log?: Logger | undefined;
}

/** What every pool element and pool user may be told. */
export const ENDPOINT_FIELDS: Fields<EndpointSettings> = {
  registrars: optional(
    listOf(registrarAddress, { expected: 'a list of addresses, such as ["10.1.2.3:3863"]' }),
  ),
  registrarUdpPort: optional(port),
  announces: optional(orFalse(sctpAddress)),
  transport: optional(transportName),
  addresses: optional(localAddresses),
  udpPort: optional(portOrAny),
  log: optional(logger),
};

/** So long does a peer have to answer a SHUTDOWN: one that is lost is sent again within that time. */
const GRACEFUL_END_MS = 1_500;

/** The machine of one pool element or pool user with everything it runs on. */
export class Endpoint<Input extends { type: string }, Output extends { type: string }> {
  readonly registrars: readonly (readonly SctpAddress[])[];
  /** What may be wrong with the addresses where nobody answers: a sentence with a blank before it, or nothing. */
  readonly hint: string;
  readonly transport: SctpBackend;
  /** The application's logger, guarded. */
  readonly log: Logger;
  readonly #stack: SctpStack;
  readonly #steps = new Steps();
  readonly #announceGroup: AnnounceGroup | undefined;
  #driver: Driver<Input | AnnounceHeard, Output> | undefined;
  #announces: AnnounceListener | undefined;
  readonly #hostAddresses: HostAddresses;

  private constructor(
    registrars: readonly (readonly SctpAddress[])[],
    hint: string,
    stack: SctpStack,
    source: AddressSource,
    announceGroup: AnnounceGroup | undefined,
    log: Logger,
  ) {
    this.registrars = registrars;
    this.hint = hint;
    this.transport = stack.backend;
    this.log = log;
    this.#stack = stack;
    this.#announceGroup = announceGroup;
    const onChange = () => this.#announces?.use(stack.localAddresses);
    this.#hostAddresses = new HostAddresses({ stack, source, log, onChange });
  }

  get localAddresses(): readonly IpAddress[] {
    return this.#stack.localAddresses;
  }

  /**
   * Opens the transport and finds the registrars' addresses. The settings are checked by the caller, as far as
   * `ENDPOINT_FIELDS` says; rejects with ConfigError when this machine cannot use one.
   *
   * @param registrarPort SCTP port of registrars for which none is given
   */
  static async open<I extends { type: string }, O extends { type: string }>(
    settings: EndpointSettings,
    registrarPort: number,
  ): Promise<Endpoint<I, O>> {
    const texts = settings.registrars ?? [];
    const registrars = await Promise.all(
      texts.map((text) => resolveRegistrarAddress(text, registrarPort)),
    );
    const hint = texts.map(bracketsHint).join('');
    const source = settings.addresses ?? (await defaultAddresses(registrars, hint));
    const stack = openStackOn(source, {
      transport: settings.transport ?? 'auto',
      localAddresses: addressesNow(source),
      udpPort: settings.udpPort ?? 0,
      remoteUdpPort: remoteUdpPortOf(texts, settings.registrarUdpPort),
    });
    const isAlone = registrars.length === 0;
    const group = settings.announces ?? (isAlone && asapAnnounceGroup(stack.backend));
    const log = guardedLogger(settings.log);
    return new Endpoint(registrars, hint, stack, source, group || undefined, log);
  }

  /**
   * Runs the machine; `perform` gets what it puts out besides what concerns associations.
   *
   * @param accepts whether registrars may call: pool elements, for keep-alives (RFC 5352 §3.5)
   * @param tell calls the application with the same, when all outputs of the step are performed;
   * may throw
   */
  run(
    machine: Machine<AssociationInput | Input | AnnounceHeard, AssociationOutput | Output>,
    accepts: boolean,
    perform: (output: Output) => void,
    tell?: (output: Output) => void,
  ): void {
    const stack = this.#stack;
    const steps = this.#steps;
    this.#driver = new Driver({
      machine,
      stack,
      port: 0,
      accepts,
      clock: systemClock,
      steps,
      perform: (output) => {
        perform(output);
        if (tell !== undefined) steps.callLater(() => tell(output));
      },
    });
    if (this.#announceGroup === undefined) return;
    this.#announces = openAnnounceListener({
      group: this.#announceGroup,
      interfaces: this.localAddresses,
      onProblem: (message) => this.log.warn({}, message),
      onAnnounce: (payload, address, port) =>
        this.#driver?.input({ type: 'announceHeard', source: { address, port }, payload }),
    });
  }

  /** The SCTP port from which it calls; 0 before `run`. */
  get port(): number {
    return this.#driver?.endpoint.port ?? 0;
  }

  /** `onRefused` receives what the machine throws. Default: it is thrown. */
  input(input: Input, onRefused?: ExceptionHandler): void {
    this.#driver?.input(input, onRefused);
  }

  /** Ends the associations, gracefully where the peer answers, and gives the sockets back. */
  async close(): Promise<void> {
    this.#hostAddresses.close();
    this.#announces?.close();
    await this.#driver?.gracefulEnds(GRACEFUL_END_MS);
    this.#driver?.close();
    await this.#stack.close();
  }
}

/** The stack has one: several registrars at different UDP ports are refused. */
function remoteUdpPortOf(
  registrars: readonly string[],
  otherwise: number | undefined,
): number | undefined {
  const named = registrars.map((text) => parseRegistrarAddress(text).udpPort ?? otherwise);
  if (named.length === 0) return otherwise;
  if (new Set(named).size === 1) return named[0];
  throw new ConfigError(
    'registrars',
    `All registrars must use the same UDP port; ${registrars.join(', ')} differ.`,
  );
}

async function defaultAddresses(
  registrars: readonly (readonly SctpAddress[])[],
  hint: string,
): Promise<AddressSource> {
  if (registrars.length > 0) return await addressesTowards(registrars.flat(), hint);
  return reachableAddresses;
}

/** One for each family, that of the first address first: a name may stand for ::1 and 127.0.0.1. */
async function addressesTowards(
  places: readonly SctpAddress[],
  hint: string,
): Promise<readonly IpAddress[]> {
  const firstOfFamily = places.filter(
    ({ address }, i) => places.findIndex((one) => isIP(one.address) === isIP(address)) === i,
  );
  const found = await Promise.allSettled(
    firstOfFamily.map(({ address }) => addressTowards(address)),
  );
  const addresses = found.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  if (addresses.length > 0) return addresses;
  const [failed] = found;
  const error = failed?.status === 'rejected' ? failed.reason : undefined;
  if (!(error instanceof ConfigError) || hint === '') throw error;
  throw new ConfigError(error.key, `${error.message}${hint}`, { cause: error });
}
