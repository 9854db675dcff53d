/**
 * Every limit of a registrar in one table, with its default and what happens beyond it (RFC 5355 §2.1, §2.13).
 * Enforced where the line says; the nesting of parameters is bounded by
 * their grammar (`wire/`), the size of a message by the transport.
 */

import { number, whole } from '../../settings/kind.ts';
import { completed, type Table } from '../../settings/table.ts';
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

const MILLION = 1_000_000;
const MOST = 2 ** 24;

export const LIMITS: Table<RegistrarLimits, Profile> = {
  maxAssociations: [whole(1, MILLION), 100_000],
  maxPoolElementsPerAssociation: [whole(1, MOST), 65_536],
  maxPools: [whole(1, MOST), 1_048_576],
  maxPoolElements: [whole(1, MOST), 1_048_576],
  // Beyond 16 384 octets an answer has hardly room for one pool element.
  maxPoolHandleBytes: [whole(1, 16_384), (profile) => (profile === 'rsplib' ? 32 : 4_096)],
  maxTransportAddresses: [whole(1, 255), 64],
  maxHandleResolutionRate: [number(0, MILLION), 0],
  maxEndpointUnreachableRate: [number(0, MILLION), 0],
  maxRegistrationRate: [number(0, MILLION), 0],
  burstMessages: [whole(1, MILLION), 16],
  maxMalformedMessages: [whole(1, MILLION), 16],
};

export function defaultLimits(profile: Profile): RegistrarLimits {
  return completed(LIMITS, {}, profile);
}
