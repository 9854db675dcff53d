/**
 * Every limit of a registrar in one table, with its default and what happens beyond it (RFC 5355 §2.1, §2.13).
 * Values are checked in `options.ts`. Enforced where the line says; the nesting of parameters is bounded by
 * their grammar (`wire/`), the size of a message by the transport.
 */

import type { Profile } from '../../wire/parameters.ts';

export interface RegistrarLimits {
  /**
   * Associations at one time, of pool elements and pool users together. One more is aborted as soon as it is
   * up. Default 100 000: more than the transport allows by default, so that its limit comes first.
   */
  readonly maxAssociations: number;
  /**
   * Pool elements registered over one association. One more is refused with cause 6 (Lack of Resources), so
   * that no single peer can fill the handlespace. Default 65 536.
   */
  readonly maxPoolElementsPerAssociation: number;
  /** Pools. The first pool element of one more is refused with cause 6. Default 1 048 576. */
  readonly maxPools: number;
  /** Pool elements, foreign ones included. One more is refused with cause 6. Default 1 048 576. */
  readonly maxPoolElements: number;
  /**
   * Octets of a pool handle. A message with a longer one is answered by ASAP_ERROR with cause 3 (Invalid
   * Values) and never by a response that repeats the handle: rsplib's programs abort when they read more
   * than 32 (decision 18). Default 32; profile `rfc`: 4 096, which leaves room in an answer for elements.
   */
  readonly maxPoolHandleBytes: number;
  /**
   * Addresses of a user transport; for an opaque transport the octets that so many IPv6 addresses take.
   * More are refused with cause 3. Default 64, which is also what rsplib reads at most.
   */
  readonly maxTransportAddresses: number;
  /**
   * Handle resolutions per second and association, on top of a burst of `burstMessages`; 0: any number. One
   * more is answered with cause 9 as rsplib does, in profile `rfc` with cause 6. Default 0.
   *
   * rspregistrar's -maxhrrate.
   */
  readonly maxHandleResolutionRate: number;
  /**
   * ASAP_ENDPOINT_UNREACHABLE per second and association, with the same burst; 0: any number. One more is
   * ignored. Default 0.
   *
   * RFC 5355 §2.13; rspregistrar's -maxeurate.
   */
  readonly maxEndpointUnreachableRate: number;
  /**
   * Registrations and deregistrations per second and association, with the same burst; 0: any number. One
   * more is refused with cause 6. Default 0.
   *
   * RFC 5355 §2.1, §2.2.
   */
  readonly maxRegistrationRate: number;
  /** Messages that an association may send at once before the three rates above bind. Default 16. */
  readonly burstMessages: number;
  /**
   * Messages that could not be decoded before their association is aborted. Default 16: who sends so many
   * does not speak ASAP.
   */
  readonly maxMalformedMessages: number;
}

export function defaultLimits(profile: Profile): RegistrarLimits {
  return {
    maxAssociations: 100_000,
    maxPoolElementsPerAssociation: 65_536,
    maxPools: 1_048_576,
    maxPoolElements: 1_048_576,
    maxPoolHandleBytes: profile === 'rsplib' ? 32 : 4_096,
    maxTransportAddresses: 64,
    maxHandleResolutionRate: 0,
    maxEndpointUnreachableRate: 0,
    maxRegistrationRate: 0,
    burstMessages: 16,
    maxMalformedMessages: 16,
  };
}
