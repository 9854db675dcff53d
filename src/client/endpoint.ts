/**
 * What pool elements and pool users have in common: a transport, registrars given or found by announces, and
 * a machine driven over them.
 */

import { isIP } from 'node:net';
import { ConfigError } from '../errors.ts';
import type { AnnounceHeard } from '../protocol/endpoint/registrar-list.ts';
import { type Logger, SILENT } from '../protocol/logger.ts';
import type { AssociationInput, AssociationOutput, Machine } from '../protocol/machine.ts';
import { systemClock } from '../runtime/clock.ts';
import { Driver } from '../runtime/driver.ts';
import { addressTowards, reachableAddresses } from '../runtime/local-address.ts';
import {
  type AnnounceGroup,
  type AnnounceListener,
  asapAnnounceGroup,
  openAnnounceListener,
} from '../transport/announce.ts';
import { openSctpStack, type Transport } from '../transport/open.ts';
import type { SctpBackend, SctpStack } from '../transport/transport.ts';
import type { IpAddress, SctpAddress } from '../types.ts';
import {
  bracketsHint,
  parseRegistrarAddress,
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
  /** A pino logger, or anything like it. Default: silence. */
  readonly log?: Logger | undefined;
}

/** So long does a peer have to answer a SHUTDOWN: one that is lost is sent again within that time. */
const GRACEFUL_END_MS = 1_500;

/** The machine of one pool element or pool user with everything it runs on. */
export class Endpoint<Input extends { type: string }, Output extends { type: string }> {
  readonly registrars: readonly (readonly SctpAddress[])[];
  /** What may be wrong with the addresses where nobody answers: a sentence with a blank before it, or nothing. */
  readonly hint: string;
  readonly localAddresses: readonly IpAddress[];
  readonly transport: SctpBackend;
  readonly #stack: SctpStack;
  readonly #announceGroup: AnnounceGroup | undefined;
  readonly #log: Logger;
  #driver: Driver<Input | AnnounceHeard, Output> | undefined;
  #announces: AnnounceListener | undefined;

  private constructor(
    registrars: readonly (readonly SctpAddress[])[],
    hint: string,
    stack: SctpStack,
    announceGroup: AnnounceGroup | undefined,
    log: Logger,
  ) {
    this.registrars = registrars;
    this.hint = hint;
    this.localAddresses = stack.localAddresses;
    this.transport = stack.backend;
    this.#stack = stack;
    this.#announceGroup = announceGroup;
    this.#log = log;
  }

  /**
   * Opens the transport and finds the registrars' addresses. Rejects with ConfigError when a setting cannot
   * be used.
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
    const stack = openSctpStack({
      transport: settings.transport ?? 'auto',
      localAddresses: settings.addresses ?? (await defaultAddresses(registrars, hint)),
      udpPort: settings.udpPort ?? 0,
      remoteUdpPort: remoteUdpPortOf(texts, settings.registrarUdpPort),
    });
    const isAlone = registrars.length === 0;
    const group = settings.announces ?? (isAlone && asapAnnounceGroup(stack.backend));
    return new Endpoint(registrars, hint, stack, group || undefined, settings.log ?? SILENT);
  }

  /**
   * Runs the machine; `perform` gets what it puts out besides what concerns associations.
   *
   * @param accepts whether registrars may call: pool elements, for keep-alives (RFC 5352 §3.5)
   */
  run(
    machine: Machine<AssociationInput | Input | AnnounceHeard, AssociationOutput | Output>,
    accepts: boolean,
    perform: (output: Output) => void,
  ): void {
    const stack = this.#stack;
    this.#driver = new Driver({ machine, stack, port: 0, accepts, clock: systemClock, perform });
    if (this.#announceGroup === undefined) return;
    this.#announces = openAnnounceListener({
      group: this.#announceGroup,
      interfaces: this.localAddresses,
      onProblem: (message) => this.#log.warn({}, message),
      onAnnounce: (payload, address, port) =>
        this.#driver?.input({ type: 'announceHeard', source: { address, port }, payload }),
    });
  }

  /** The SCTP port from which it calls; 0 before `run`. */
  get port(): number {
    return this.#driver?.endpoint.port ?? 0;
  }

  input(input: Input): void {
    this.#driver?.input(input);
  }

  /** Ends the associations, gracefully where the peer answers, and gives the sockets back. */
  async close(): Promise<void> {
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
): Promise<readonly IpAddress[]> {
  if (registrars.length > 0) return await addressesTowards(registrars.flat(), hint);
  const reachable = reachableAddresses();
  return reachable.length > 0 ? reachable : ['127.0.0.1'];
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
