/** The settings of an SCTP stack: their defaults, and what is no usable value. The same for every backend. */

import { isIP } from 'node:net';
import { ConfigError } from '../errors.ts';
import type { SctpStackOptions } from './transport.ts';

/** UDP port that IANA assigned to SCTP encapsulation (RFC 6951 §4.1). */
export const ENCAPSULATION_PORT = 9899;

/**
 * Everything but the addresses. Where RFC 9260 §16 names another value it stands beside: a pool has other
 * registrars to turn to, so a dead association is worth noticing within half a minute instead of minutes.
 */
export const DEFAULT_STACK_OPTIONS: Omit<SctpStackOptions, 'localAddresses'> = {
  mayChangeAddresses: false,
  udpPort: ENCAPSULATION_PORT,
  remoteUdpPort: ENCAPSULATION_PORT,
  /** RFC 9260: 30 000. */
  heartbeatIntervalMs: 10_000,
  /** RFC 9260: 1 000, 1 000, 60 000. The minimum must exceed a peer's delayed SACK of 200 ms. */
  rtoMs: { initial: 1_000, min: 400, max: 5_000 },
  /**
   * RFC 9260: 10. With the time-outs above a peer that leaves data unacknowledged is lost after about 30 s,
   * an idle one after about 100 s, when as many heartbeats went unanswered. A peer with several addresses
   * that is idle, too: what counts is that none of them answers.
   */
  maxRetransmissions: 8,
  /** RFC 9260: 5. */
  pathMaxRetransmissions: 3,
  autocloseMs: 0,
  maxAssociations: 10_000,
  maxAssociationsPerHost: 1_000,
  /** No message of ASAP or ENRP can be longer: its length field has 16 bits. */
  maxMessageBytes: 65_536,
  sendBufferBytes: 262_144,
};

/** What a caller may leave out, or give as `undefined`. */
export type PartialStackOptions = Pick<SctpStackOptions, 'localAddresses'> & {
  readonly [Key in keyof SctpStackOptions]?: SctpStackOptions[Key] | undefined;
};

/** Fills in the defaults. Throws `ConfigError` that names the setting and says what it should be. */
export function completeStackOptions(options: PartialStackOptions): SctpStackOptions {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const complete = { ...DEFAULT_STACK_OPTIONS, ...Object.fromEntries(given) } as SctpStackOptions;
  checkAddresses(complete.localAddresses);
  checkInteger('udpPort', complete.udpPort, 0, 65_535);
  checkInteger('remoteUdpPort', complete.remoteUdpPort, 1, 65_535);
  const { initial, min, max } = complete.rtoMs;
  checkInteger('rtoMs.min', min, 1, 60_000);
  checkInteger('rtoMs.max', max, min, 600_000);
  checkInteger('rtoMs.initial', initial, min, max);
  // A heartbeat is given up after the initial time-out; a next one before that would never let it.
  checkInteger('heartbeatIntervalMs', complete.heartbeatIntervalMs, initial + 1, 3_600_000);
  checkInteger('maxRetransmissions', complete.maxRetransmissions, 1, 255);
  checkInteger('pathMaxRetransmissions', complete.pathMaxRetransmissions, 0, 255);
  checkInteger('autocloseMs', complete.autocloseMs, 0, 2 ** 31 - 1);
  checkInteger('maxAssociations', complete.maxAssociations, 1, 1_000_000);
  checkInteger('maxAssociationsPerHost', complete.maxAssociationsPerHost, 1, 1_000_000);
  checkInteger('maxMessageBytes', complete.maxMessageBytes, 4, 262_144);
  const { maxMessageBytes } = complete;
  checkInteger('sendBufferBytes', complete.sendBufferBytes, maxMessageBytes, 2 ** 30);
  return complete;
}

function checkAddresses(addresses: readonly string[]): void {
  if (addresses.length === 0) {
    throw new ConfigError(
      'localAddresses',
      'Name at least one local IP address, such as 127.0.0.1.',
    );
  }
  const wrong = addresses.find((address) => isIP(address) === 0);
  if (wrong !== undefined) {
    throw new ConfigError('localAddresses', `"${wrong}" is no IP address: give it in numbers.`);
  }
  const twice = addresses.find((address, index) => addresses.indexOf(address) !== index);
  if (twice !== undefined) {
    throw new ConfigError('localAddresses', `${twice} is named twice: name each address once.`);
  }
}

/** Throws `ConfigError` with this key unless the value is a whole number within these bounds. */
export function checkInteger(key: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new ConfigError(key, `${key} is ${value}: give a whole number from ${min} to ${max}.`);
}
