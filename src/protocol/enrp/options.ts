/**
 * The settings of a registrar among its peers: what they mean, their defaults, and what is no usable value.
 * Names are those of RFC 5353 §4 and of rspregistrar's options in camelCase, with the unit. Defaults are
 * rspregistrar's, with the RFC's beside them where they differ: registrars of both kinds mix (decision 25).
 */

import { flag, number, oneOf, whole } from '../../settings/kind.ts';
import { filledIn, type PartialOptions, partly, type Table } from '../../settings/table.ts';
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

/** What a caller may leave out: all of it. */
export type PartialEnrpOptions = PartialOptions<EnrpOptions>;

const HOUR_MS = 3_600_000;

const OPTIONS: Table<EnrpOptions> = {
  peerHeartbeatCycleMs: [whole(1, HOUR_MS), 2_444],
  peerHeartbeatJitter: [number(0, 1), 0.125],
  peerMaxTimeLastHeardMs: [whole(1, HOUR_MS), 5_000],
  peerMaxTimeNoResponseMs: [whole(1, HOUR_MS), 5_000],
  mentorDiscoveryTimeoutMs: [whole(0, HOUR_MS), 5_000],
  takeoverExpiryIntervalMs: [whole(1, HOUR_MS), 5_000],
  takeoverArbitration: [oneOf('lower', 'higher'), 'lower'],
  acceptsTakeoverSuggestions: [flag, true],
  sendsTakeoverSuggestions: [flag, false],
  departureTimeoutMs: [whole(0, HOUR_MS), 5_000],
  maxMalformedMessages: [whole(1, 65_535), 16],
  maxElementsPerHandleTableRequest: [whole(1, 65_535), 128],
  maxHandleTableBytes: [whole(512, 65_535), 1_400],
  maxPeers: [whole(1, 65_536), 256],
  maxWaitingMessages: [whole(1, 1_048_576), 1_024],
  maxHandleTableElements: [whole(1, 16_777_216), 1_048_576],
};

/** What an application may set of them. */
export const enrpOptions = partly(OPTIONS);

/**
 * Fills in the defaults. Throws ConfigError that names the option and says what it should be.
 *
 * @param path what the options are called in messages: `enrp.options` when they are part of the settings
 */
export function completeEnrpOptions(settings: PartialEnrpOptions, path = ''): EnrpOptions {
  return Object.freeze(filledIn(OPTIONS, enrpOptions.read(settings, path), undefined));
}
