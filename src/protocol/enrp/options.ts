/**
 * The settings of a registrar among its peers: what they mean, their defaults, and what is no usable value.
 * Names are those of RFC 5353 §4 and of rspregistrar's options in camelCase, with the unit. Defaults are
 * rspregistrar's, with the RFC's beside them where they differ: registrars of both kinds mix (decision 25).
 */

import { ConfigError } from '../../errors.ts';
import type { Milliseconds } from '../../types.ts';

export interface EnrpOptions {
  /** Time between two ENRP_PRESENCE to every peer, in milliseconds. Default 2 444; RFC 5353: 30 000. */
  readonly peerHeartbeatCycleMs: Milliseconds;
  /** Fraction of the cycle by which each heartbeat is early or late at random. Default 0.125, as rsplib. */
  readonly peerHeartbeatJitter: number;
  /** Silence of a peer after which it is asked whether it lives. Default 5 000; RFC 5353: 61 000. */
  readonly peerMaxTimeLastHeardMs: Milliseconds;
  /** Time that a peer has for an answer, then it is dead. Default 5 000 (RFC 5353 the same). */
  readonly peerMaxTimeNoResponseMs: Milliseconds;
  /** How long a registrar that starts looks for a mentor. Default 5 000. */
  readonly mentorDiscoveryTimeoutMs: Milliseconds;
  /** Time that peers have to agree to a takeover. Default 5 000; RFC 5353 names none. */
  readonly takeoverExpiryIntervalMs: Milliseconds;
  /** Which of two registrars that take over the same third one goes on. Default `lower`, as rsplib (decision 8). */
  readonly takeoverArbitration: 'lower' | 'higher';
  /** Whether a pool element that a peer would have us take is asked to come. Default: yes. */
  readonly acceptsTakeoverSuggestions: boolean;
  /** Whether peers are told which of our pool elements suit them better, as rsplib tells it. Default: no. */
  readonly sendsTakeoverSuggestions: boolean;
  /** Time that peers have to take our pool elements over when we stop (decision 41); 0: none. Default 5 000. */
  readonly departureTimeoutMs: Milliseconds;
  /** ENRP messages of one association that cannot be read before it is aborted. Default 16. */
  readonly maxMalformedMessages: number;
  /** Pool elements in one page of a handle table. Default 128, as rsplib. */
  readonly maxElementsPerHandleTableRequest: number;
  /** Octets of such a page. Default 1 400: rsplib reads no longer ones (decision 29). */
  readonly maxHandleTableBytes: number;
  /** Peers that are known at the same time; others are ignored. Default 256. */
  readonly maxPeers: number;
  /** Messages that wait for an association to a peer that is not up yet. Default 1 024. */
  readonly maxWaitingMessages: number;
  /** Pool elements that one handle table may tell of. Default 1 048 576. */
  readonly maxHandleTableElements: number;
}

/** What a caller may leave out: all of it. `undefined` is left out. */
export type PartialEnrpOptions = {
  readonly [Key in keyof EnrpOptions]?: EnrpOptions[Key] | undefined;
};

const DEFAULTS: EnrpOptions = {
  peerHeartbeatCycleMs: 2_444,
  peerHeartbeatJitter: 0.125,
  peerMaxTimeLastHeardMs: 5_000,
  peerMaxTimeNoResponseMs: 5_000,
  mentorDiscoveryTimeoutMs: 5_000,
  takeoverExpiryIntervalMs: 5_000,
  takeoverArbitration: 'lower',
  acceptsTakeoverSuggestions: true,
  sendsTakeoverSuggestions: false,
  departureTimeoutMs: 5_000,
  maxMalformedMessages: 16,
  maxElementsPerHandleTableRequest: 128,
  maxHandleTableBytes: 1_400,
  maxPeers: 256,
  maxWaitingMessages: 1_024,
  maxHandleTableElements: 1_048_576,
};

const HOUR_MS = 3_600_000;

const RANGES: { readonly [Key in keyof EnrpOptions]?: readonly [min: number, max: number] } = {
  peerHeartbeatCycleMs: [1, HOUR_MS],
  peerMaxTimeLastHeardMs: [1, HOUR_MS],
  peerMaxTimeNoResponseMs: [1, HOUR_MS],
  mentorDiscoveryTimeoutMs: [0, HOUR_MS],
  takeoverExpiryIntervalMs: [1, HOUR_MS],
  departureTimeoutMs: [0, HOUR_MS],
  maxMalformedMessages: [1, 65_535],
  maxElementsPerHandleTableRequest: [1, 65_535],
  maxHandleTableBytes: [512, 65_535],
  maxPeers: [1, 65_536],
  maxWaitingMessages: [1, 1_048_576],
  maxHandleTableElements: [1, 16_777_216],
};

/** Fills in the defaults. Throws ConfigError that names the setting and what it should be. */
export function completeEnrpOptions(settings: PartialEnrpOptions): EnrpOptions {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  const complete = { ...DEFAULTS, ...Object.fromEntries(given) } as EnrpOptions;
  for (const [key, [min, max]] of Object.entries(RANGES)) {
    const value = complete[key as keyof EnrpOptions] as number;
    if (Number.isInteger(value) && value >= min && value <= max) continue;
    throw new ConfigError(key, `${key} is ${value}: give a whole number from ${min} to ${max}.`);
  }
  const { peerHeartbeatJitter: jitter } = complete;
  if (!(jitter >= 0 && jitter <= 1)) {
    throw new ConfigError(
      'peerHeartbeatJitter',
      `peerHeartbeatJitter is ${jitter}: give a number from 0 to 1.`,
    );
  }
  return Object.freeze(complete);
}
