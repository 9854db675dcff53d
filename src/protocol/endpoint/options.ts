/**
 * The timers of pool elements and pool users (RFC 5352 §7) with the RFC's and rsplib's values beside ours.
 * Ours are short: another registrar is the remedy, not patience.
 */

import { ConfigError } from '../../errors.ts';
import { MAX_ITEMS } from '../../handlespace/options.ts';
import type { Milliseconds } from '../../types.ts';
import type { Profile } from '../../wire/parameters.ts';

export interface HuntOptions {
  /** Registrars that are called at the same time, 1 to 3. Default 3, as RFC 5352 §3.6 and rsplib. */
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
   * T4-reregistration: how often the registration is renewed; shorter than `lifeMs`. Default 30 000, as
   * rsplib, but at most a third of `lifeMs` (RFC: 10 minutes, or 20 s before the registration lapses).
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
   * MAX-REQUEST-RETRANSMIT: how often a request is tried again, each time at another registrar where there is
   * one, for SCTP has lost nothing. A round of the server hunt in which nobody is found is a try as well. All
   * tries together take no longer than if each waited for T1. Default 2 (RFC: 2; rsplib: 1 trial in all).
   */
  readonly maxRequestRetransmissions: number;
  /** How long an answer may be served from the cache; 0: never. Default 5 000 (RFC and rsplib: per call). */
  readonly staleCacheMs: Milliseconds;
  /**
   * The same for answers of adaptive policies (numbers from 0x40000000: the least used family), which give
   * loads as they were. Default: `staleCacheMs` where that is set, otherwise 0.
   */
  readonly staleAdaptiveCacheMs: Milliseconds;
  /**
   * How many elements of a pool are requested for the cache, 1 to 128, unless a caller wants more. Requests
   * are served from these in the proportions of the pool's policy, so they should be all that the pool has. A
   * pool element takes about 40 octets of the answer. Default 128, all that registrars give.
   */
  readonly cacheItems: number;
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

/** Fills in the defaults. Throws ConfigError that names the setting and says what it should be. */
export function completePoolElementOptions(
  options: PartialOptions<PoolElementOptions>,
): PoolElementOptions {
  const { lifeMs = 90_000 } = options;
  const shorterMs = lifeMs > 0 && lifeMs < 90_000 ? Math.ceil(lifeMs / 3) : 30_000;
  const { reregistrationIntervalMs = shorterMs } = options;
  const unitMs = lifeUnitMs(options.profile ?? 'rsplib');
  const complete: PoolElementOptions = {
    ...HUNT_DEFAULTS,
    profile: 'rsplib',
    t2RegistrationMs: 3_000,
    t3DeregistrationMs: 3_000,
    maxRegistrationAttempts: 2,
    ...given(options),
    reregistrationIntervalMs,
    lifeMs: options.lifeMs ?? Math.ceil((3 * reregistrationIntervalMs) / unitMs) * unitMs,
  };
  check(complete, POOL_ELEMENT_RANGES);
  checkLife(complete);
  return complete;
}

/** The same for a pool user. */
export function completePoolUserOptions(options: PartialOptions<PoolUserOptions>): PoolUserOptions {
  const complete: PoolUserOptions = {
    ...HUNT_DEFAULTS,
    profile: 'rsplib',
    t1EnrpRequestMs: 3_000,
    maxRequestRetransmissions: 2,
    staleCacheMs: 5_000,
    staleAdaptiveCacheMs: options.staleCacheMs ?? 0, // decision 57
    cacheItems: MAX_ITEMS,
    ...given(options),
  };
  check(complete, POOL_USER_RANGES);
  return complete;
}

const DAY_MS = 86_400_000;

type Ranges<Options> = { readonly [Key in keyof Options]?: readonly [min: number, max: number] };

const HUNT_RANGES: Ranges<HuntOptions> = {
  maxParallelCalls: [1, 3], // "MUST NOT establish more than three" (RFC 5352 §3.6)
  t5ServerHuntMs: [1, DAY_MS],
  retranMaxMs: [1, DAY_MS],
  refusedPauseMs: [1, DAY_MS],
  t7EnrpOutdateMs: [1, DAY_MS],
};

const POOL_ELEMENT_RANGES: Ranges<PoolElementOptions> = {
  ...HUNT_RANGES,
  t2RegistrationMs: [1, DAY_MS],
  t3DeregistrationMs: [1, DAY_MS],
  reregistrationIntervalMs: [1, 10 * DAY_MS],
  maxRegistrationAttempts: [1, 1_000],
};

const POOL_USER_RANGES: Ranges<PoolUserOptions> = {
  ...HUNT_RANGES,
  t1EnrpRequestMs: [1, DAY_MS],
  maxRequestRetransmissions: [0, 1_000],
  staleCacheMs: [0, 365 * DAY_MS],
  staleAdaptiveCacheMs: [0, 365 * DAY_MS],
  cacheItems: [1, MAX_ITEMS],
};

function check<Options>(options: Options, ranges: Ranges<Options>): void {
  const entries = Object.entries(ranges) as [keyof Options & string, readonly [number, number]][];
  for (const [key, [min, max]] of entries) {
    const value = Number(options[key]);
    if (Number.isInteger(value) && value >= min && value <= max) continue;
    throw new ConfigError(key, `${key} is ${value}: give a whole number from ${min} to ${max}.`);
  }
}

function checkLife({ lifeMs, reregistrationIntervalMs, profile }: PoolElementOptions): void {
  const unitMs = lifeUnitMs(profile);
  const maxMs = profile === 'rfc' ? (2 ** 31 - 1) * unitMs : 2 ** 32 - 2;
  const isUnlimited = lifeMs === Number.POSITIVE_INFINITY;
  const isWritable = Number.isInteger(lifeMs / unitMs) && lifeMs <= maxMs;
  if (isUnlimited || (isWritable && lifeMs > reregistrationIntervalMs)) return;
  throw new ConfigError(
    'lifeMs',
    `lifeMs is ${lifeMs}: give Infinity or a multiple of ${unitMs} up to ${maxMs}, ` +
      `longer than reregistrationIntervalMs (${reregistrationIntervalMs}).`,
  );
}

/** What Registration Life is counted in (decision 1). */
function lifeUnitMs(profile: Profile): Milliseconds {
  return profile === 'rfc' ? 1_000 : 1;
}

type Given<Options> = { [Key in keyof Options]?: Exclude<Options[Key], undefined> };

/** An option that is there and `undefined` is not there. */
function given<Options extends object>(options: Options): Given<Options> {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Given<Options>;
}
