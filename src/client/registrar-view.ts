/** What one registrar knows, read over ENRP without becoming a peer of it: for people, monitors and tests. */

import { RejectedError, type RSerPoolError, UnreachableError } from '../errors.ts';
import type {
  ReaderEvent,
  ReaderInput,
  ReaderOutcome,
  ReaderSettings,
  RegistrarPart,
  TablePoolElement,
} from '../protocol/reader/reader-events.ts';
import { RegistrarReader } from '../protocol/reader/registrar-reader.ts';
import { randomId } from '../runtime/random.ts';
import {
  signal as abortSignal,
  callback,
  flag,
  listOf,
  oneOf,
  optional,
  whole,
} from '../settings/kind.ts';
import { withFractions } from '../settings/policy.ts';
import { record } from '../settings/record.ts';
import { identifier, profile } from '../settings/values.ts';
import {
  ENRP_PORT,
  formatAddress,
  type Milliseconds,
  type RegistrarId,
  registrarId,
  type SctpAddress,
} from '../types.ts';
import type { ServerInformation } from '../wire/enrp-messages.ts';
import type { PoolElementParameter, Profile } from '../wire/parameters.ts';
import { ENDPOINT_FIELDS, Endpoint, type EndpointSettings } from './endpoint.ts';
import { bracketsHint, parseRegistrarAddress, registrarAddress } from './registrar-address.ts';

export interface ReadRegistrarSettings
  extends Pick<EndpointSettings, 'transport' | 'addresses' | 'udpPort' | 'registrarUdpPort'> {
  /**
   * `HOST`, `HOST:PORT` or `[IPV6]:PORT`, with the SCTP port of its ENRP, 9901 where none is given, and
   * `/UDPPORT` behind it as `registrarUdpPort`.
   */
  readonly registrar: string;
  /** What to ask for. Default: both. */
  readonly parts?: readonly RegistrarPart[] | undefined;
  /**
   * Whether we may introduce ourselves as a peer where the registrar refuses to answer, for those that answer
   * nobody else, as rsplib's does. They then believe in a registrar that does not exist, and their takeovers
   * wait for it until it is given up. Default false.
   */
  readonly asPeer?: boolean | undefined;
  /**
   * Called when that has been done. What it throws is thrown again on the next tick, as an uncaught
   * exception.
   */
  readonly onIntroduced?: (() => void) | undefined;
  /** The identifier under which we ask, 1 to 0xffffffff; never listed among the peers. Default: random. */
  readonly readerId?: number | undefined;
  /** How the registrar writes its messages. Default `rsplib`. */
  readonly profile?: Profile | undefined;
  /** How long each answer is waited for, in milliseconds. Default 5 000 (MAX-TIME-NO-RESPONSE, RFC 5353 §4.2). */
  readonly timeoutMs?: Milliseconds | undefined;
  /** How long all answers together are waited for, in milliseconds. Default 600 000. */
  readonly maxDurationMs?: Milliseconds | undefined;
  /** Pool elements at most. Default 1 048 576. */
  readonly maxPoolElements?: number | undefined;
  /** Octets of the handle table at most. Default 268 435 456. */
  readonly maxTableBytes?: number | undefined;
  /** Gives up: `readRegistrar` rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The view of one registrar. What changes while it is read may be in it or not. */
export interface RegistrarView {
  readonly id: RegistrarId;
  /** The other registrars that it knows, by identifier. */
  readonly peers: readonly ListedPeer[];
  /** All that it knows, whoever is their home; by pool handle and identifier. */
  readonly poolElements: readonly ListedPoolElement[];
}

export interface ListedPeer {
  /** 0: one that is configured and has not been heard (rsplib lists them). */
  readonly id: RegistrarId;
  readonly addresses: readonly SctpAddress[];
}

export interface ListedPoolElement extends PoolElementParameter {
  readonly poolHandle: Uint8Array;
}

/**
 * Reads the peers and the pool elements that a registrar knows (ENRP_LIST_REQUEST and
 * ENRP_HANDLE_TABLE_REQUEST, RFC 5353 §2.2, §2.5). Rejects with UnreachableError when it does not answer,
 * RejectedError when it says no, ConfigError when a setting cannot be used.
 */
export async function readRegistrar(given: ReadRegistrarSettings): Promise<RegistrarView> {
  const settings = SETTINGS.read(given, '');
  const { signal, registrar, transport, addresses, udpPort, registrarUdpPort } = settings;
  signal?.throwIfAborted();
  const limits = limitsOf(settings);
  const id = registrarId(settings.readerId ?? randomId());
  const registrars = [registrar];
  const endpoint = await Endpoint.open<ReaderInput, ReaderEvent>(
    { registrars, transport, addresses, udpPort, registrarUdpPort },
    ENRP_PORT,
  );
  let onAbort = () => {};
  try {
    signal?.throwIfAborted(); // meanwhile
    const machine = new RegistrarReader({
      id,
      registrar: endpoint.registrars[0] ?? [],
      parts: settings.parts ?? ['peers', 'poolElements'],
      asPeer: settings.asPeer ?? false,
      localAddresses: endpoint.localAddresses,
      profile: settings.profile ?? 'rsplib',
      ...limits,
    });
    const outcome = await new Promise<ReaderOutcome>((resolve, reject) => {
      onAbort = () => reject(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      const perform = (event: ReaderEvent) => {
        if (event.type !== 'introduced') resolve(event);
      };
      const tell = ({ type }: ReaderEvent) => {
        if (type === 'introduced') settings.onIntroduced?.();
      };
      endpoint.run(machine, false, perform, tell);
      endpoint.input({ type: 'start', port: endpoint.port });
    });
    if (outcome.type === 'readFailed') throw errorOf(outcome, settings);
    return viewOf(outcome, id);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await endpoint.close();
  }
}

const limit = optional(whole(1, 2 ** 31 - 1));

const SETTINGS = record<ReadRegistrarSettings>({
  registrar: registrarAddress,
  transport: ENDPOINT_FIELDS.transport,
  addresses: ENDPOINT_FIELDS.addresses,
  udpPort: ENDPOINT_FIELDS.udpPort,
  registrarUdpPort: ENDPOINT_FIELDS.registrarUdpPort,
  parts: optional(
    listOf(oneOf<RegistrarPart>('peers', 'poolElements'), {
      expected: 'a list of "peers", "poolElements" or both',
      least: 1,
      unique: true,
    }),
  ),
  asPeer: optional(flag),
  onIntroduced: optional(callback<() => void>()),
  readerId: optional(identifier),
  profile: optional(profile),
  timeoutMs: limit,
  maxDurationMs: limit,
  maxPoolElements: limit,
  maxTableBytes: limit,
  signal: optional(abortSignal),
});

/** Of `readRegistrar`, where nothing else is set. */
export const DEFAULT_READER_LIMITS = {
  timeoutMs: 5_000,
  maxDurationMs: 600_000,
  maxPoolElements: 1_048_576,
  maxTableBytes: 268_435_456,
} as const;

type Limits = Pick<ReaderSettings, keyof typeof DEFAULT_READER_LIMITS>;

function limitsOf(settings: ReadRegistrarSettings): Limits {
  return {
    timeoutMs: settings.timeoutMs ?? DEFAULT_READER_LIMITS.timeoutMs,
    maxDurationMs: settings.maxDurationMs ?? DEFAULT_READER_LIMITS.maxDurationMs,
    maxPoolElements: settings.maxPoolElements ?? DEFAULT_READER_LIMITS.maxPoolElements,
    maxTableBytes: settings.maxTableBytes ?? DEFAULT_READER_LIMITS.maxTableBytes,
  };
}

/** Where we were introduced we are no peer for that. */
function viewOf(
  { registrarId, peers, poolElements }: Extract<ReaderOutcome, { type: 'read' }>,
  readerId: RegistrarId,
): RegistrarView {
  const others = peers.filter(({ id }) => id !== readerId);
  return {
    id: registrarId,
    peers: others.map(listedPeer).sort((a, b) => a.id - b.id),
    poolElements: poolElements
      .map(({ poolHandle, poolElement }: TablePoolElement) => ({
        poolHandle,
        ...withFractions(poolElement),
      }))
      .sort((a, b) => Buffer.compare(a.poolHandle, b.poolHandle) || a.id - b.id),
  };
}

function listedPeer({ id, transport }: ServerInformation): ListedPeer {
  if (transport.protocol === 'opaque') return { id, addresses: [] };
  const { port, addresses } = transport;
  return { id, addresses: addresses.map((address) => ({ address, port })) };
}

/** Returns the error of a reading that failed: what happened at which registrar, and what to do next. */
function errorOf(
  { why, causeCodes, reason }: Extract<ReaderOutcome, { type: 'readFailed' }>,
  { registrar, asPeer }: ReadRegistrarSettings,
): RSerPoolError {
  const { host, port } = parseRegistrarAddress(registrar, ENRP_PORT);
  const where = formatAddress({ address: host, port });
  const detail = reason === undefined ? '' : `: ${reason}`;
  const sentences = {
    unreachable: `No registrar answers on ENRP at ${registrar}. Check that it runs with --enrp or --peer, that the port is its ENRP port, and that both sides use the same SCTP transport.${bracketsHint(registrar)}`,
    turnedAway: `${where} closed the association without answering. This may be the ASAP port; the ENRP port is ${ENRP_PORT} by default.`,
    lost: `The registrar at ${registrar} disconnected before the transfer was complete. Try again.`,
    silent: `The registrar at ${registrar} accepted the association but did not answer in time. Try again, or use a longer time-out.`,
    malformed: `The reply from ${registrar} is not valid ENRP. Check that the port is the ENRP port of a registrar.`,
    endless: `The handle table of the registrar at ${registrar} is longer than the limits allow.`,
    rejected: asPeer
      ? `The registrar at ${registrar} rejected the request${detail}. It may still be starting: try again.`
      : `The registrar at ${registrar} rejected the request${detail}. It may still be starting, or answer only its peers, as rsplib's does. Try again, or use --as-peer.`,
  };
  const isRefusal = why === 'rejected' || why === 'malformed' || why === 'endless';
  if (isRefusal) return new RejectedError(sentences[why], causeCodes);
  return new UnreachableError(sentences[why]);
}
