/** What a handlespace is made with: defaults and ranges. */

import type { NativeSettings } from '../native.ts';
import type { Milliseconds } from '../types.ts';
import { checkWhole } from '../wire/bytes.ts';
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

const DEFAULT_KEEP_ALIVE: KeepAliveOptions = { intervalMs: 5_000, timeoutMs: 5_000, jitter: 0.5 };

const MAX_PERIOD_MS = 30 * 24 * 3_600_000;
const MAX_SEED = 0xffff_ffff_ffff_ffffn;

/** Fills in the defaults; TypeError and RangeError for values that cannot be. */
export function completeSettings(options: HandlespaceOptions): NativeSettings {
  const { seed } = options;
  if (typeof seed !== 'bigint') throw new TypeError('The seed of a handlespace is a bigint.');
  if (seed < 0n || seed > MAX_SEED) throw new RangeError('The seed of a handlespace has 64 bits.');
  const { intervalMs, timeoutMs, jitter } = options.keepAlive ?? DEFAULT_KEEP_ALIVE;
  if (!(jitter >= 0 && jitter <= 1)) throw new RangeError(`The jitter is 0 to 1, not ${jitter}.`);
  return {
    seed,
    intervalMs: checked(intervalMs, 1, MAX_PERIOD_MS, 'keep-alive interval'),
    timeoutMs: checked(timeoutMs, 1, MAX_PERIOD_MS, 'keep-alive time-out'),
    jitter,
    maxIncrement: checked(options.maxIncrement ?? 0, 0, 0xffff_ffff, 'maximum increment'),
    everyEntryDegrades: options.profile === 'rfc', // decision 27
    maxPools: checked(options.maxPools ?? 1 << 20, 1, 1 << 30, 'limit of pools'),
    maxElements: checked(options.maxPoolElements ?? 1 << 24, 1, 1 << 30, 'limit of pool elements'),
    maxPoolHandleBytes: checked(
      options.maxPoolHandleBytes ?? 32,
      1,
      0xffff - 4,
      'limit of pool handle bytes',
    ),
  };
}

function checked(value: number, minimum: number, maximum: number, what: string): number {
  checkWhole(value, maximum, what);
  if (value < minimum) throw new RangeError(`The ${what} is at least ${minimum}, not ${value}.`);
  return value;
}
