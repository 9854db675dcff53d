/** The settings of an SCTP stack: their defaults, and what is no usable value. The same for every backend. */

import { flag, type Kind, whole } from '../settings/kind.ts';
import { record } from '../settings/record.ts';
import { completed, type PartialOptions, type Table } from '../settings/table.ts';
import { localAddresses, port, portOrAny } from '../settings/values.ts';
import type { SctpStackOptions } from './transport.ts';

/** UDP port that IANA assigned to SCTP encapsulation (RFC 6951 §4.1). */
export const ENCAPSULATION_PORT = 9899;

const HOUR_MS = 3_600_000;

/** Limits of associations, which `createRegistrar` takes as well. */
export const associationCount = whole(1, 1_000_000);
export const autocloseMs = whole(0, 2 ** 31 - 1);
export const slowReaderTimeoutMs = whole(1, HOUR_MS);

const rtoMs: Kind<SctpStackOptions['rtoMs']> = record({
  initial: whole(1, 600_000),
  min: whole(1, 60_000),
  max: whole(1, 600_000),
});

/**
 * Where RFC 9260 §16 names another value it stands beside: a pool has other registrars to turn to, so a dead association
 * is worth noticing within half a minute instead of minutes.
 */
const OPTIONS: Table<Omit<SctpStackOptions, 'localAddresses'>> = {
  mayChangeAddresses: [flag, false],
  udpPort: [portOrAny, ENCAPSULATION_PORT],
  remoteUdpPort: [port, ENCAPSULATION_PORT],
  /** RFC 9260: 30 000. */
  heartbeatIntervalMs: [whole(1, HOUR_MS), 10_000],
  /** RFC 9260: 1 000, 1 000, 60 000. The minimum must exceed a peer's delayed SACK of 200 ms. */
  rtoMs: [rtoMs, { initial: 1_000, min: 400, max: 5_000 }],
  /**
   * RFC 9260: 10. With the time-outs above a peer that leaves data unacknowledged is lost after about 30 s, an idle one
   * after about 100 s, when as many heartbeats went unanswered. This holds for an idle peer with several addresses, too:
   * what counts is that none of them answers.
   */
  maxRetransmissions: [whole(1, 255), 8],
  /** RFC 9260: 5. */
  pathMaxRetransmissions: [whole(0, 255), 3],
  autocloseMs: [autocloseMs, 0],
  maxAssociations: [associationCount, 10_000],
  maxAssociationsPerHost: [associationCount, 1_000],
  /** No message of ASAP or ENRP can be longer: its length field has 16 bits. */
  maxMessageBytes: [whole(4, 262_144), 65_536],
  sendBufferBytes: [whole(1, 2 ** 30), 262_144],
  slowReaderTimeoutMs: [slowReaderTimeoutMs, 30_000],
};

/** Everything but the addresses. */
export const DEFAULT_STACK_OPTIONS = completed(OPTIONS, {}, undefined);

/** What a caller may leave out, or give as `undefined`. */
export type PartialStackOptions = Pick<SctpStackOptions, 'localAddresses'> &
  PartialOptions<Omit<SctpStackOptions, 'localAddresses'>>;

/** Fills in the defaults. Throws `ConfigError` that names the setting and says what it should be. */
export function completeStackOptions({
  localAddresses: given,
  ...options
}: PartialStackOptions): SctpStackOptions {
  const addresses = localAddresses.read(given, 'localAddresses');
  const complete = completed(OPTIONS, options, undefined);
  const { initial, min, max } = complete.rtoMs;
  checkInteger('rtoMs.max', max, min, 600_000);
  checkInteger('rtoMs.initial', initial, min, max);
  // A heartbeat is given up after the initial time-out; a next one before that would never let it.
  checkInteger('heartbeatIntervalMs', complete.heartbeatIntervalMs, initial + 1, HOUR_MS);
  checkInteger('sendBufferBytes', complete.sendBufferBytes, complete.maxMessageBytes, 2 ** 30);
  return { localAddresses: addresses, ...complete };
}

/** Throws `ConfigError` with this key unless the value is a whole number within these bounds. */
export function checkInteger(key: string, value: number, min: number, max: number): void {
  whole(min, max).read(value, key);
}
