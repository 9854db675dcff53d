/**
 * The timers of pool elements and pool users (RFC 5352 §7) with the RFC's and rsplib's values beside ours.
 * Ours are short: another registrar is the remedy, not patience.
 */

import type { Milliseconds } from '../../types.ts';
import type { Profile } from '../../wire/parameters.ts';

export interface HuntOptions {
  /** Registrars that are called at the same time. Default 3, as RFC 5352 §3.6 and rsplib. */
  readonly maxParallelCalls: number;
  /** T5-Serverhunt: length of the first round; doubled after each. Default 5 000 (RFC: 10 000; rsplib: 7 500). */
  readonly t5ServerHuntMs: Milliseconds;
  /** RETRAN-MAX: length of the longest round. Default 60 000, as the RFC. */
  readonly retranMaxMs: Milliseconds;
  /** Pause after a round in which everybody refused at once, doubled like T5. Default 500 (RFC: none named). */
  readonly refusedPauseMs: Milliseconds;
  /** T7-ENRPoutdate: how long an announce is believed. Default 5 000, as RFC and rsplib. */
  readonly t7EnrpOutdateMs: Milliseconds;
}

export interface PoolElementOptions extends HuntOptions {
  readonly profile: Profile;
  /** T2-registration: how long a response is waited for. Default 3 000 (RFC: 30 000; rsplib: 3 000). */
  readonly t2RegistrationMs: Milliseconds;
  /** T3-deregistration. Default 3 000 (RFC: 30 000; rsplib: 3 000). */
  readonly t3DeregistrationMs: Milliseconds;
  /**
   * T4-reregistration: how often the registration is renewed. Default 30 000, as rsplib (RFC: 10 minutes, or
   * 20 s before the registration lapses).
   */
  readonly reregistrationIntervalMs: Milliseconds;
  /** Registration Life. Default three intervals, as rsplib; `Infinity`: unlimited. */
  readonly lifeMs: Milliseconds;
  /** MAX-REG-ATTEMPT: failures before the application is told. Default 2 (RFC: 2; rsplib: 1). */
  readonly maxRegistrationAttempts: number;
}

export interface PoolUserOptions extends HuntOptions {
  readonly profile: Profile;
  /** T1-ENRPrequest: how long an answer is waited for. Default 3 000 (RFC: 15 000; rsplib: 3 000). */
  readonly t1EnrpRequestMs: Milliseconds;
  /**
   * MAX-REQUEST-RETRANSMIT: how often a request is sent again, each time to another registrar, for SCTP has
   * lost nothing. Default 2 (RFC: 2; rsplib: 1 trial in all).
   */
  readonly maxRequestRetransmissions: number;
  /** How long an answer may be served from the cache; 0: never. Default 5 000 (RFC and rsplib: per call). */
  readonly staleCacheMs: Milliseconds;
}

const HUNT_DEFAULTS: HuntOptions = {
  maxParallelCalls: 3,
  t5ServerHuntMs: 5_000,
  retranMaxMs: 60_000,
  refusedPauseMs: 500,
  t7EnrpOutdateMs: 5_000,
};

/** Every option may be left out; `undefined` is left out. */
export type PartialOptions<Options> = {
  readonly [Key in keyof Options]?: Options[Key] | undefined;
};

export function completePoolElementOptions(
  options: PartialOptions<PoolElementOptions>,
): PoolElementOptions {
  const reregistrationIntervalMs = options.reregistrationIntervalMs ?? 30_000;
  return {
    ...HUNT_DEFAULTS,
    profile: 'rsplib',
    t2RegistrationMs: 3_000,
    t3DeregistrationMs: 3_000,
    reregistrationIntervalMs,
    lifeMs: 3 * reregistrationIntervalMs,
    maxRegistrationAttempts: 2,
    ...given(options),
  };
}

export function completePoolUserOptions(options: PartialOptions<PoolUserOptions>): PoolUserOptions {
  return {
    ...HUNT_DEFAULTS,
    profile: 'rsplib',
    t1EnrpRequestMs: 3_000,
    maxRequestRetransmissions: 2,
    staleCacheMs: 5_000,
    ...given(options),
  };
}

function given<Options extends object>(
  options: Options,
): { [Key in keyof Options]?: Exclude<Options[Key], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as {
    [Key in keyof Options]?: Exclude<Options[Key], undefined>;
  };
}
