/** The timers of endpoints: defaults, and what is no usable value. */

import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../src/errors.ts';
import {
  completePoolElementOptions,
  completePoolUserOptions,
} from '../../../src/protocol/endpoint/options.ts';

describe('the options of a pool element', () => {
  test('are short by default: another registrar is the remedy', () => {
    expect(completePoolElementOptions({})).toEqual({
      ...{ profile: 'rsplib', maxParallelCalls: 3, t5ServerHuntMs: 5_000, retranMaxMs: 60_000 },
      ...{ refusedPauseMs: 500, t7EnrpOutdateMs: 5_000, t2RegistrationMs: 3_000 },
      ...{ t3DeregistrationMs: 3_000, reregistrationIntervalMs: 30_000, lifeMs: 90_000 },
      maxRegistrationAttempts: 2,
    });
  });

  test('keep a registration alive: a life is three intervals, an interval a third of a life', () => {
    expect(completePoolElementOptions({ reregistrationIntervalMs: 7_000 }).lifeMs).toBe(21_000);
    expect(completePoolElementOptions({ lifeMs: 25_000 }).reregistrationIntervalMs).toBe(8_334);
    expect(completePoolElementOptions({ lifeMs: 900_000 }).reregistrationIntervalMs).toBe(30_000);
    const unlimited = completePoolElementOptions({ lifeMs: Number.POSITIVE_INFINITY });
    expect(unlimited.reregistrationIntervalMs).toBe(30_000);
  });

  test('that are undefined are left out', () => {
    const options = { t2RegistrationMs: undefined, lifeMs: undefined, profile: undefined };
    expect(completePoolElementOptions(options)).toEqual(completePoolElementOptions({}));
  });

  test.each([
    ['maxParallelCalls', 0],
    ['maxParallelCalls', 4], // "MUST NOT establish more than three" (RFC 5352 §3.6)
    ['t5ServerHuntMs', Number.NaN],
    ['retranMaxMs', -1],
    ['refusedPauseMs', 0],
    ['t7EnrpOutdateMs', 1.5],
    ['t2RegistrationMs', 0],
    ['t3DeregistrationMs', Number.POSITIVE_INFINITY],
    ['reregistrationIntervalMs', 0],
    ['maxRegistrationAttempts', 0],
    ['lifeMs', 0],
    ['lifeMs', 1_500.5],
    ['lifeMs', Number.NaN],
    ['lifeMs', 2 ** 32 - 1], // means unlimited
  ])('are refused by name: %s %d', (key, value) => {
    const complete = () => completePoolElementOptions({ [key]: value });
    expect(complete).toThrow(ConfigError);
    expect(complete).toThrow(new RegExp(`^${key} is `));
  });

  test('may not let the registration lapse before it is renewed', () => {
    const options = { reregistrationIntervalMs: 30_000, lifeMs: 30_000 };
    expect(() => completePoolElementOptions(options)).toThrow(/^lifeMs is 30000/);
  });

  test('are whole seconds of life in profile rfc (decision 1)', () => {
    const complete = (lifeMs: number) => completePoolElementOptions({ profile: 'rfc', lifeMs });
    expect(complete(90_000).lifeMs).toBe(90_000);
    const odd = completePoolElementOptions({ profile: 'rfc', reregistrationIntervalMs: 1_234 });
    expect(odd.lifeMs).toBe(4_000);
    expect(() => complete(2 ** 31 * 1_000)).toThrow(ConfigError);
    expect(() => complete(90_500)).toThrow(ConfigError);
  });
});

describe('the options of a pool user', () => {
  test('are short by default', () => {
    expect(completePoolUserOptions({})).toMatchObject({
      ...{ t1EnrpRequestMs: 3_000, maxRequestRetransmissions: 2, staleCacheMs: 5_000 },
    });
  });

  test('cache 128 elements, and answers of adaptive policies only for an age that is set', () => {
    const ofAge = (options: Parameters<typeof completePoolUserOptions>[0]) =>
      completePoolUserOptions(options).staleAdaptiveCacheMs;
    expect(completePoolUserOptions({}).cacheItems).toBe(128);
    expect(ofAge({})).toBe(0);
    expect(ofAge({ staleCacheMs: undefined })).toBe(0);
    expect(ofAge({ staleCacheMs: 700 })).toBe(700);
    expect(ofAge({ staleCacheMs: 700, staleAdaptiveCacheMs: 0 })).toBe(0);
  });

  test.each([
    ['t1EnrpRequestMs', 0],
    ['maxRequestRetransmissions', -1],
    ['staleCacheMs', -1],
    ['staleAdaptiveCacheMs', 0.5],
    ['cacheItems', 0],
    ['cacheItems', 129],
    ['maxParallelCalls', 100],
  ])('are refused by name: %s %d', (key, value) => {
    expect(() => completePoolUserOptions({ [key]: value })).toThrow(new RegExp(`^${key} is `));
  });
});
