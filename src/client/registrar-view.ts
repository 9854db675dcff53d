/** What one registrar knows, read over ENRP without becoming a peer of it: for people, monitors and tests. */

import { ConfigError, RejectedError, type RSerPoolError, UnreachableError } from '../errors.ts';
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
  ENRP_PORT,
  formatAddress,
  type Milliseconds,
  type RegistrarId,
  registrarId,
  type SctpAddress,
} from '../types.ts';
import type { ServerInformation } from '../wire/enrp-messages.ts';
import type { PoolElementParameter, Profile } from '../wire/parameters.ts';
import { Endpoint, type EndpointSettings } from './endpoint.ts';
import { bracketsHint, parseRegistrarAddress } from './registrar-address.ts';

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
export async function readRegistrar(settings: ReadRegistrarSettings): Promise<RegistrarView> {
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

/** Of `readRegistrar`, where nothing else is set. */
export const DEFAULT_READER_LIMITS = {
  timeoutMs: 5_000,
  maxDurationMs: 600_000,
  maxPoolElements: 1_048_576,
  maxTableBytes: 268_435_456,
} as const;

type Limits = Pick<ReaderSettings, keyof typeof DEFAULT_READER_LIMITS>;

function limitsOf(settings: ReadRegistrarSettings): Limits {
  const limits = {
    timeoutMs: settings.timeoutMs ?? DEFAULT_READER_LIMITS.timeoutMs,
    maxDurationMs: settings.maxDurationMs ?? DEFAULT_READER_LIMITS.maxDurationMs,
    maxPoolElements: settings.maxPoolElements ?? DEFAULT_READER_LIMITS.maxPoolElements,
    maxTableBytes: settings.maxTableBytes ?? DEFAULT_READER_LIMITS.maxTableBytes,
  };
  for (const [key, value] of Object.entries(limits)) {
    if (Number.isInteger(value) && value >= 1 && value < 2 ** 31) continue;
    throw new ConfigError(key, `${key} is ${value}: give a whole number from 1 to ${2 ** 31 - 1}.`);
  }
  return limits;
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
      .map(({ poolHandle, poolElement }: TablePoolElement) => ({ poolHandle, ...poolElement }))
      .sort((a, b) => Buffer.compare(a.poolHandle, b.poolHandle) || a.id - b.id),
  };
}

function listedPeer({ id, transport }: ServerInformation): ListedPeer {
  if (transport.protocol === 'opaque') return { id, addresses: [] };
  const { port, addresses } = transport;
  return { id, addresses: addresses.map((address) => ({ address, port })) };
}

/** One sentence for each way in which it may fail, with what to do about it. */
function errorOf(
  { why, causeCodes }: Extract<ReaderOutcome, { type: 'readFailed' }>,
  { registrar, asPeer }: ReadRegistrarSettings,
): RSerPoolError {
  const { host, port } = parseRegistrarAddress(registrar, ENRP_PORT);
  const where = formatAddress({ address: host, port });
  const sentences = {
    unreachable: `No registrar takes ENRP at ${registrar}: see that one with peers runs there (rserpool registrar --peer or --enrp), that this is its ENRP port, and that both sides speak SCTP the same way.${bracketsHint(registrar)}`,
    turnedAway: `What is at ${where} ended the association before it had answered anything: is that the registrar's ENRP port (${ENRP_PORT} by default), and not its ASAP port?`,
    lost: `The registrar at ${registrar} has gone before it had told all.`,
    silent: `The registrar at ${registrar} has taken the call and does not answer in time.`,
    malformed: `What answers at ${registrar} speaks no ENRP that can be read.`,
    endless: `The handle table of the registrar at ${registrar} has no end, or more than the limits allow.`,
    rejected: asPeer
      ? `The registrar at ${registrar} refuses to be read: it may be starting still, so try again.`
      : `The registrar at ${registrar} refuses to be read: it is starting still, or answers its peers alone, as rsplib's does. Try again, or allow to pose as one (--as-peer).`,
  };
  const isRefusal = why === 'rejected' || why === 'malformed' || why === 'endless';
  if (isRefusal) return new RejectedError(sentences[why], causeCodes);
  return new UnreachableError(sentences[why]);
}
