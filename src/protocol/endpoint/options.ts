/**
 * The timers of pool elements and pool users (RFC 5352 §7) with the RFC's and rsplib's values beside ours.
 * Ours are short: another registrar is the remedy, not patience.
 */

import { MAX_ITEMS } from '../../handlespace/options.ts';
import { type Kind, kindOf, unusable, whole } from '../../settings/kind.ts';
import { join } from '../../settings/record.ts';
import { lifeUnitMs, registrationLife } from '../../settings/registration-life.ts';
import { filledIn, type PartialOptions, partly, type Table } from '../../settings/table.ts';
import { profile } from '../../settings/values.ts';
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
   * pool element takes about 48 octets of the answer. Default 128, all that registrars give.
   */
  readonly cacheItems: number;
}

const DAY_MS = 86_400_000;

const periodMs = whole(1, DAY_MS);

const HUNT: Table<HuntOptions, unknown> = {
  maxParallelCalls: [whole(1, 3), 3], // "MUST NOT establish more than three" (RFC 5352 §3.6)
  t5ServerHuntMs: [periodMs, 5_000],
  retranMaxMs: [periodMs, 60_000],
  refusedPauseMs: [periodMs, 500],
  t7EnrpOutdateMs: [periodMs, 5_000],
};

/** What the defaults of a pool element depend on: its registration life and its intervals depend on each other. */
type Given = PartialOptions<PoolElementOptions>;

const POOL_ELEMENT: Table<PoolElementOptions, Given> = {
  ...HUNT,
  profile: [profile, 'rsplib'],
  t2RegistrationMs: [periodMs, 3_000],
  t3DeregistrationMs: [periodMs, 3_000],
  maxRegistrationAttempts: [whole(1, 1_000), 2],
  reregistrationIntervalMs: [whole(1, 10 * DAY_MS), defaultIntervalMs],
  lifeMs: [anyLife(), defaultLifeMs],
};

const ageMs = whole(0, 365 * DAY_MS);

const POOL_USER: Table<PoolUserOptions, PartialOptions<PoolUserOptions>> = {
  ...HUNT,
  profile: [profile, 'rsplib'],
  t1EnrpRequestMs: [periodMs, 3_000],
  maxRequestRetransmissions: [whole(0, 1_000), 2],
  staleCacheMs: [ageMs, 5_000],
  staleAdaptiveCacheMs: [ageMs, ({ staleCacheMs }) => staleCacheMs ?? 0], // decision 57
  cacheItems: [whole(1, MAX_ITEMS), MAX_ITEMS],
};

/** What an application may set of them. */
export const poolElementOptions = partly<PoolElementOptions, Given>(POOL_ELEMENT);
export const poolUserOptions = partly<PoolUserOptions, PartialOptions<PoolUserOptions>>(POOL_USER);

/**
 * Fills in the defaults. Throws ConfigError that names the option and says what it should be.
 *
 * @param path what the options are called in messages: `options` when they are part of the settings
 */
export function completePoolElementOptions(options: Given, path = ''): PoolElementOptions {
  const given = poolElementOptions.read(options, path);
  const complete = filledIn(POOL_ELEMENT, given, given);
  checkLife(complete, path);
  return complete;
}

/** The same for a pool user. */
export function completePoolUserOptions(
  options: PartialOptions<PoolUserOptions>,
  path = '',
): PoolUserOptions {
  const given = poolUserOptions.read(options, path);
  return filledIn(POOL_USER, given, given);
}

function defaultIntervalMs({ lifeMs = 90_000 }: Given): Milliseconds {
  return lifeMs > 0 && lifeMs < 90_000 ? Math.ceil(lifeMs / 3) : 30_000;
}

function defaultLifeMs(given: Given): Milliseconds {
  const { reregistrationIntervalMs = defaultIntervalMs(given) } = given;
  const unitMs = lifeUnitMs(given.profile ?? 'rsplib');
  return Math.ceil((3 * reregistrationIntervalMs) / unitMs) * unitMs;
}

/** Any number: `checkLife` knows the profile and the interval. */
function anyLife(): Kind<Milliseconds> {
  return kindOf('whole milliseconds, or Infinity', (value) =>
    typeof value === 'number' ? value : undefined,
  );
}

function checkLife(options: PoolElementOptions, path: string): void {
  const { lifeMs, reregistrationIntervalMs, profile } = options;
  const { expected, read } = registrationLife(profile);
  const key = join(path, 'lifeMs');
  read(lifeMs, key);
  if (lifeMs > reregistrationIntervalMs) return;
  const longer = `longer than reregistrationIntervalMs (${reregistrationIntervalMs})`;
  throw unusable(key, lifeMs, `${expected}, ${longer}`);
}
