/**
 * The settings of a registrar: what they mean, their defaults, and what is no usable value. Names are those
 * of RFC 5352 §7 and of rspregistrar's options in camelCase, with the unit. Defaults are rspregistrar's,
 * with the RFC's beside them where they differ. Limits are `limits.ts`.
 */

import type { HandlespaceOptions } from '../../handlespace/options.ts';
import { MAX_ITEMS } from '../../handlespace/options.ts';
import { flag, number, oneOf, whole } from '../../settings/kind.ts';
import { filledIn, type PartialOptions, partly, type Table } from '../../settings/table.ts';
import { profile } from '../../settings/values.ts';
import type { IpAddress, Milliseconds } from '../../types.ts';
import type { Profile } from '../../wire/parameters.ts';
import { type AddressScope, defaultAddressScope } from '../address-scope.ts';
import { LIMITS, type RegistrarLimits } from './limits.ts';

export interface RegistrarOptions {
  /** Which of the two worlds to follow where they differ (docs/spec/interop-decisions.md). Default `rsplib`. */
  readonly profile: Profile;
  /**
   * Time between two ASAP_SERVER_ANNOUNCE, in milliseconds; 0: none are sent. Default 1 000.
   *
   * RFC 5352 §7.1, T6-Serverannounce.
   */
  readonly serverAnnounceCycleMs: Milliseconds;
  /**
   * Fraction of the cycle by which each announce is early or late at random, so that registrars do not
   * speak in chorus; 0: none. Default 0.125, as rsplib.
   */
  readonly serverAnnounceJitter: number;
  /**
   * Whether an announce names the registrar's addresses and port. Default: only in profile `rfc`. There a
   * receiver would otherwise assume port 3863. rsplib's programs take source address and port of the
   * datagram, which are right on every interface and behind RFC 6951 encapsulation as well; naming
   * addresses could only take that away, as they lose the announce when none of them reaches beyond the
   * link (decision 2). Whoever sets it must have announces sent from the ASAP port all the same.
   *
   * RFC 5352 §2.2.10.
   */
  readonly announcesTransport: boolean;
  /**
   * Time from a pool element's registration or acknowledgement to its next keep-alive, in milliseconds. Lower
   * finds dead elements sooner and costs two messages per element and interval. Default 5 000 (RFC 5352
   * names none).
   *
   * RFC 5352 §3.5.
   */
  readonly endpointKeepAliveTransmissionIntervalMs: Milliseconds;
  /**
   * Time in which a keep-alive must be acknowledged, in milliseconds; then the association is aborted and
   * its pool elements are removed. Default 5 000 (RFC 5352 names none).
   */
  readonly endpointKeepAliveTimeoutIntervalMs: Milliseconds;
  /**
   * Fraction of the interval by which each keep-alive is early or late at random; 0: none, as rsplib.
   * Default 0.5 (RFC 5352 §3.5, decision 24).
   */
  readonly endpointKeepAliveJitter: number;
  /**
   * Whether a keep-alive ends with a PE Identifier. Without it one process of rsplib acknowledges for every
   * pool element it runs. Default true (decision 16).
   */
  readonly keepAliveNamesPoolElement: boolean;
  /**
   * Reports of unreachability after which a pool element is removed. Default 3.
   *
   * RFC 5352 §3.5, MAX-BAD-PE-REPORT.
   */
  readonly maxBadPeReports: number;
  /**
   * How many elements of an answer the pool's policy counts as used; 0: the policy's own default, which is
   * the one of RFC 5356. Default 0.
   */
  readonly maxIncrement: number;
  /**
   * Pool elements in an answer when the request does not say how many, from 1 to 128. Default 3; profile
   * `rfc`: 128, the most that any answer holds (decision 15).
   */
  readonly maxHandleResolutionItems: number;
  /**
   * How far an address must reach to be registered, for users or for ASAP. Default `sitelocal`; `loopback`
   * when every local address is a loopback address (decision 43).
   */
  readonly minAddressScope: AddressScope;
  /**
   * Whether a registration that is not renewed in time ends although its pool element acknowledges every
   * keep-alive. Default: in profile `rfc`; rsplib's registrar does not look at it (decision 49).
   */
  readonly enforcesRegistrationLife: boolean;
  /**
   * Fraction of its registration life that a pool element may be late with its re-registration. Default 0.1.
   * Of no effect without `enforcesRegistrationLife`.
   *
   * RFC 5352 §3.2.
   */
  readonly registrationLifeGrace: number;
  /**
   * Whether addresses that cannot be used are refused with rsplib's private causes 0xf007 and 0xf008, on
   * which its pool elements look for another registrar. Otherwise with cause 3. Default: in profile `rsplib`
   * (decision 20).
   */
  readonly usesRsplibErrorCodes: boolean;
  /**
   * Whether only the association that registered a pool element, or one of the same addresses, may
   * re-register or deregister it; others get cause 10. rsplib lets anybody. Default true (decision 38).
   */
  readonly refusesStrangers: boolean;
  /**
   * Whether a registration is refused with cause 4 when its identifier belongs to a pool element of ours on
   * another living association with wholly different addresses. Default false: rsplib's pool elements do
   * come back like that.
   *
   * RFC 5354 §3.12.4.
   */
  readonly refusesNonUniqueIds: boolean;
  /**
   * Whether a pool element whose registration lapsed is told by an ASAP_DEREGISTRATION_RESPONSE. rsplib's
   * abort on it. Default: in profile `rfc` (decision 31).
   *
   * RFC 5352 §2.2.4.
   */
  readonly sendsExpiryNotice: boolean;
  /**
   * How long a stop waits for associations to end gracefully, in milliseconds; 0: not at all. Default 2 000.
   */
  readonly stopTimeoutMs: Milliseconds;
  readonly limits: RegistrarLimits;
}

/** What a caller may leave out: all of it. */
export type PartialRegistrarOptions = PartialOptions<Omit<RegistrarOptions, 'limits'>> & {
  readonly limits?: PartialOptions<RegistrarLimits> | undefined;
};

/**
 * Fills in the defaults. Throws ConfigError that names the setting and what it should be.
 *
 * @param path what the options are called in messages: `registrar` when they are part of the settings
 */
export function completeRegistrarOptions(
  settings: PartialRegistrarOptions,
  localAddresses: readonly IpAddress[],
  path = '',
): RegistrarOptions {
  const given = registrarOptions.read(settings, path);
  const { profile = 'rsplib', limits } = given;
  const facts = { isRfc: profile === 'rfc', localAddresses };
  const options = filledIn(OPTIONS, given, facts);
  // The spread comes last for V8's sake (ARCHITECTURE.md, closed native objects); `options` has no limits.
  return Object.freeze({ limits: filledIn(LIMITS, limits ?? {}, profile), ...options });
}

/** What the registrar's handlespace must be made with; the registrar itself is given the handlespace. */
export function handlespaceOptionsOf(options: RegistrarOptions, seed: bigint): HandlespaceOptions {
  const { profile, maxIncrement, limits } = options;
  return {
    seed,
    profile,
    keepAlive: {
      intervalMs: options.endpointKeepAliveTransmissionIntervalMs,
      timeoutMs: options.endpointKeepAliveTimeoutIntervalMs,
      jitter: options.endpointKeepAliveJitter,
    },
    maxIncrement,
    maxPools: limits.maxPools,
    maxPoolElements: limits.maxPoolElements,
    maxPoolHandleBytes: limits.maxPoolHandleBytes,
  };
}

interface Facts {
  readonly isRfc: boolean;
  readonly localAddresses: readonly IpAddress[];
}

const HOUR_MS = 3_600_000;

const OPTIONS: Table<Omit<RegistrarOptions, 'limits'>, Facts> = {
  profile: [profile, 'rsplib'],
  serverAnnounceCycleMs: [whole(0, HOUR_MS), 1_000],
  serverAnnounceJitter: [number(0, 1), 0.125],
  announcesTransport: [flag, ({ isRfc }) => isRfc],
  endpointKeepAliveTransmissionIntervalMs: [whole(1, 24 * HOUR_MS), 5_000],
  endpointKeepAliveTimeoutIntervalMs: [whole(1, 24 * HOUR_MS), 5_000],
  endpointKeepAliveJitter: [number(0, 1), 0.5],
  keepAliveNamesPoolElement: [flag, true],
  maxBadPeReports: [whole(1, 1_000_000), 3],
  maxIncrement: [whole(0, MAX_ITEMS), 0],
  maxHandleResolutionItems: [whole(1, MAX_ITEMS), ({ isRfc }) => (isRfc ? MAX_ITEMS : 3)],
  minAddressScope: [
    oneOf('loopback', 'sitelocal', 'global'),
    ({ localAddresses }) => defaultAddressScope(localAddresses),
  ],
  enforcesRegistrationLife: [flag, ({ isRfc }) => isRfc],
  registrationLifeGrace: [number(0, 10), 0.1],
  usesRsplibErrorCodes: [flag, ({ isRfc }) => !isRfc],
  refusesStrangers: [flag, true],
  refusesNonUniqueIds: [flag, false],
  sendsExpiryNotice: [flag, ({ isRfc }) => isRfc],
  stopTimeoutMs: [whole(0, HOUR_MS), 2_000],
};

/** What an application may set of them. */
export const registrarOptions = partly({
  ...OPTIONS,
  limits: [partly(LIMITS), {}],
} as Table<PartialRegistrarOptions, Facts>);
