/** The options of the codecs, which applications pass as well. */

import { ConfigError } from '../errors.ts';
import type { Profile, WireOptions } from './parameters.ts';

/**
 * Returns the profile to read and write by. Throws ConfigError for options that would else be ignored: every message comes
 * by here, so that this is plainer than the tables of `settings/`.
 */
export function profileOf(options: WireOptions | undefined): Profile {
  if (options === undefined) return 'rsplib';
  if (typeof options !== 'object' || options === null) {
    throw new ConfigError('options', 'options must be an object such as { profile: "rfc" }.');
  }
  for (const name in options) {
    if (name !== 'profile') {
      throw new ConfigError(name, `${name} is unknown: options may have profile.`);
    }
  }
  const { profile = 'rsplib' } = options;
  if (profile === 'rsplib' || profile === 'rfc') return profile;
  throw new ConfigError('profile', `profile is ${String(profile)}: give "rsplib" or "rfc".`);
}
