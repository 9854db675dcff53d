/** What a handlespace is made with: defaults and ranges. */

import type { NativeSettings } from '../native.ts';
import { kindOf, number, optional, whole } from '../settings/kind.ts';
import { record } from '../settings/record.ts';
import { profile, u32 } from '../settings/values.ts';
import type { Milliseconds } from '../types.ts';
import type { Profile } from '../wire/parameters.ts';

/** The most pool elements that one answer names; rsplib's receiver refuses more. */
export const MAX_ITEMS = 128;

export interface HandlespaceOptions {
  /**
   * Seed of everything random in there: random policies, keep-alive jitter, the key of the hash tables. From
   * a good source, pool users cannot foresee the selection nor choose handles that collide. 64 bits.
   */
  readonly seed: bigint;
  /**
   * How bytes are read and written: decides the unit of Registration Life, and which entries of an answer
   * degrade under leastUsedDegradation (`rsplib`: the first `maxIncrement`; `rfc`: all). Default `rsplib`.
   */
  readonly profile?: Profile | undefined;
  /** Keep-alive timers of watched pool elements (RFC 5352 §3.4). */
  readonly keepAlive?: KeepAliveOptions | undefined;
  /**
   * How many leading elements of an answer have their turn taken; the others are backups. 0, the default: as
   * each policy has it, one or none. rspregistrar's -maxincrement.
   */
  readonly maxIncrement?: number | undefined;
  /** Default 1 048 576. The first element of one more pool is refused with cause 6. */
  readonly maxPools?: number | undefined;
  /** Default 16 777 216. One more is refused with cause 6. */
  readonly maxPoolElements?: number | undefined;
  /** Default 32, all that rsplib can bear; at most 65 531. Longer ones are refused with cause 3. */
  readonly maxPoolHandleBytes?: number | undefined;
}

export interface KeepAliveOptions {
  /** Middle of the time from an acknowledgement to the next keep-alive. 1 ms to 30 days; default 5 000. */
  readonly intervalMs: Milliseconds;
  /** How long an acknowledgement may take. 1 ms to 30 days; default 5 000. */
  readonly timeoutMs: Milliseconds;
  /** Half width of the spread around the interval, as a share of it, 0 to 1; default 0.5 (RFC 5352 §3.4). */
  readonly jitter: number;
}

const MAX_PERIOD_MS = 30 * 24 * 3_600_000;
const MAX_SEED = 0xffff_ffff_ffff_ffffn;

const seed = kindOf('a bigint of 64 bits, such as 1n', (value) =>
  typeof value === 'bigint' && value >= 0n && value <= MAX_SEED ? value : undefined,
);

const KEEP_ALIVE = record<KeepAliveOptions>({
  intervalMs: whole(1, MAX_PERIOD_MS),
  timeoutMs: whole(1, MAX_PERIOD_MS),
  jitter: number(0, 1),
});

const OPTIONS = record<HandlespaceOptions>(
  {
    seed,
    profile: optional(profile),
    keepAlive: optional(KEEP_ALIVE),
    maxIncrement: optional(u32),
    maxPools: optional(whole(1, 1 << 30)),
    maxPoolElements: optional(whole(1, 1 << 30)),
    maxPoolHandleBytes: optional(whole(1, 0xffff - 4)),
  },
  { name: 'options', expected: 'an object such as { seed: 1n }' },
);

/** Fills in the defaults. Throws ConfigError that names the option and says what it should be. */
export function completeSettings(options: HandlespaceOptions): NativeSettings {
  const { keepAlive, ...given } = OPTIONS.read(options, '');
  const { intervalMs = 5_000, timeoutMs = 5_000, jitter = 0.5 } = keepAlive ?? {};
  return {
    seed: given.seed,
    intervalMs,
    timeoutMs,
    jitter,
    maxIncrement: given.maxIncrement ?? 0,
    everyEntryDegrades: given.profile === 'rfc', // decision 27
    maxPools: given.maxPools ?? 1 << 20,
    maxElements: given.maxPoolElements ?? 1 << 24,
    maxPoolHandleBytes: given.maxPoolHandleBytes ?? 32,
  };
}
