/**
 * The handlespace for applications that embed it: what `rserpool/handlespace` exports. Every object that is passed is
 * checked, and loads are fractions from 0 to 1. In-place resolution goes straight to the native core.
 */

import { flag, type Kind, kindOf, optional, whole } from '../settings/kind.ts';
import { policy } from '../settings/policy.ts';
import { record } from '../settings/record.ts';
import { registrationLife } from '../settings/registration-life.ts';
import { transportParameter } from '../settings/transport-parameter.ts';
import { poolHandle, u32 } from '../settings/values.ts';
import type { Milliseconds } from '../types.ts';
import type { Profile } from '../wire/parameters.ts';
import type { PoolHandle } from './desk.ts';
import {
  type PoolPage,
  type PoolsOptions,
  type ResolveOptions,
  Handlespace as TrustingHandlespace,
  type WalkOptions,
  type WalkPage,
  type WalkToken,
} from './handlespace.ts';
import type { Image } from './image.ts';
import type { HandlespaceOptions } from './options.ts';
import { type PoolElement, ShownPoolElement, type StoredPoolElement } from './pool-element.ts';
import type { Registration } from './registration.ts';

/**
 * Wrong types throw TypeError, impossible values RangeError, objects with unknown, missing or unusable fields ConfigError
 * that names the field, refusals HandlespaceError, use after `close` ClosedError; in each case nothing has changed.
 */
export class Handlespace extends TrustingHandlespace {
  readonly #registration: Kind<Registration>;

  /** Throws ConfigError that names the option which cannot be used. */
  constructor(options: HandlespaceOptions) {
    super(options);
    this.#registration = REGISTRATION[options.profile ?? 'rsplib'];
  }

  override register(now: Milliseconds, registration: Registration): 'created' | 'updated' {
    return super.register(now, this.#registration.read(registration, ''));
  }

  override resolve(poolHandle: PoolHandle, options?: ResolveOptions): PoolElement[] | undefined {
    return super.resolve(poolHandle, options === undefined ? undefined : RESOLVE.read(options, ''));
  }

  override walk(options: WalkOptions): WalkPage {
    return super.walk(WALK.read(options, ''));
  }

  override pools(options: PoolsOptions): PoolPage {
    return super.pools(POOLS.read(options, ''));
  }

  protected override storedIn(image: Image, profile: Profile): StoredPoolElement {
    return new ShownPoolElement(image, profile);
  }
}

const expiresInMs = kindOf('whole milliseconds from now on, or Infinity', (value) => {
  const isPeriod = Number.isSafeInteger(value) || value === Number.POSITIVE_INFINITY;
  return isPeriod && (value as number) >= 0 ? (value as number) + 0 : undefined;
});

function registrationOf(profile: Profile): Kind<Registration> {
  return record<Registration>(
    {
      poolHandle,
      id: u32, // 0 is refused with cause and reason, as the handlespace refuses it to peers
      homeRegistrarId: u32,
      lifeMs: registrationLife(profile),
      policy,
      userTransport: transportParameter,
      asapTransport: optional(transportParameter),
      association: optional(u32),
      isWatched: optional(flag),
      mayDisagree: optional(flag),
      expiresInMs: optional(expiresInMs),
    },
    { name: 'registration' },
  );
}

const REGISTRATION = { rsplib: registrationOf('rsplib'), rfc: registrationOf('rfc') };

const RESOLVE = record<ResolveOptions>(
  { items: optional(whole(1, 0xffff_ffff)) },
  { name: 'options', expected: 'an object such as { items: 3 }' },
);

const token: Kind<WalkToken> = kindOf('the `next` of the page before', (value) =>
  typeof value === 'number' ? (value as WalkToken) : undefined,
);

const POOLS = record<PoolsOptions>(
  { after: optional(token), limit: u32 },
  { name: 'options', expected: 'an object such as { limit: 100 }' },
);

const WALK = record<WalkOptions>(
  {
    homeRegistrarId: optional(u32),
    association: optional(u32),
    after: optional(token),
    limit: u32,
  },
  { name: 'options', expected: 'an object such as { limit: 100 }' },
);
