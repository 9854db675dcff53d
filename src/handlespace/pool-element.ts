/**
 * Pool elements as objects. They are copies of what the handlespace had at the time and never change; what is
 * not asked for is never decoded.
 */

import { policyInFractions, withFractions } from '../settings/policy.ts';
import {
  type AssociationId,
  formatId,
  formatPoolHandle,
  type Milliseconds,
  type PoolElementId,
  type RegistrarId,
} from '../types.ts';
import { decodePoolElementParameter, decodeTransportParameter } from '../wire/parameter-codec.ts';
import type {
  Policy,
  PoolElementParameter,
  Profile,
  TransportParameter,
} from '../wire/parameters.ts';
import type { Image } from './image.ts';

/** A pool element as pool users see it (RFC 5354 §3.10). */
export interface PoolElement {
  readonly poolHandle: Uint8Array;
  readonly id: PoolElementId;
  readonly homeRegistrarId: RegistrarId;
  /** `Infinity`: unlimited. */
  readonly lifeMs: Milliseconds;
  readonly userTransport: TransportParameter;
  readonly policy: Policy;
  /** A plain object with readable identifiers, for printing. */
  toJSON(): Readonly<Record<string, unknown>>;
}

/** A pool element as registrars see it. */
export interface PoolElementState extends PoolElement {
  readonly asapTransport: TransportParameter | undefined;
  /** As registrars tell it one another. */
  readonly encoded: Uint8Array;
  /** The association of the last registration; 0: it came over none. */
  readonly association: AssociationId;
  /** It does not agree with its pool, and is not selected (`Registration.mayDisagree`). */
  readonly disagrees: boolean;
  /** Whether keep-alive timers run for it. */
  readonly isWatched: boolean;
  /** A keep-alive is out, its time-out runs. */
  readonly awaitsAcknowledgement: boolean;
  /** Reports of unreachability since the last registration (RFC 5352 §3.5). */
  readonly unreachableReports: number;
  /** When the registration lapses; `Infinity`: never. */
  readonly expiresAt: Milliseconds;
}

/** Decodes lazily from an image. */
export class StoredPoolElement implements PoolElementState {
  readonly #image: Image;
  readonly #profile: Profile;
  #decoded: PoolElementParameter | undefined;

  constructor(image: Image, profile: Profile) {
    this.#image = image;
    this.#profile = profile;
  }

  get poolHandle(): Uint8Array {
    return this.#image.poolHandle;
  }

  get id(): PoolElementId {
    return this.#image.id as PoolElementId;
  }

  get homeRegistrarId(): RegistrarId {
    return this.#image.homeRegistrarId as RegistrarId;
  }

  get lifeMs(): Milliseconds {
    return this.#parameter.lifeMs;
  }

  get userTransport(): TransportParameter {
    return this.#parameter.userTransport;
  }

  get policy(): Policy {
    return this.#parameter.policy;
  }

  get asapTransport(): TransportParameter | undefined {
    const { annex } = this.#image;
    return annex.length === 0 ? undefined : decodeTransportParameter(annex);
  }

  get encoded(): Uint8Array {
    return this.#image.recordAndAnnex;
  }

  get association(): AssociationId {
    return this.#image.association as AssociationId;
  }

  get disagrees(): boolean {
    return this.#image.disagrees;
  }

  get isWatched(): boolean {
    return this.#image.isWatched;
  }

  get awaitsAcknowledgement(): boolean {
    return this.#image.awaitsAcknowledgement;
  }

  get unreachableReports(): number {
    return this.#image.unreachableReports;
  }

  get expiresAt(): Milliseconds {
    return this.#image.expiresAt;
  }

  /** The same with octets of its own. */
  copy(): StoredPoolElement {
    return this.copyIn(StoredPoolElement);
  }

  protected copyIn(shape: typeof StoredPoolElement): StoredPoolElement {
    return new shape(this.#image.copy(), this.#profile);
  }

  /** The same pool element as applications see it: loads are fractions. */
  inFractions(): StoredPoolElement {
    return new ShownPoolElement(this.#image, this.#profile);
  }

  toJSON(): Readonly<Record<string, unknown>> {
    const { poolHandle, id, homeRegistrarId, lifeMs, userTransport } = this;
    const policy = policyInFractions(this.#parameter.policy);
    return {
      poolHandle: formatPoolHandle(poolHandle),
      id: formatId(id),
      homeRegistrarId: formatId(homeRegistrarId),
      lifeMs,
      userTransport,
      policy,
    };
  }

  /** What `console.log` shows: without it nothing, since nothing is a property of its own. */
  [Symbol.for('nodejs.util.inspect.custom')](): unknown {
    return this.toJSON();
  }

  get #parameter(): PoolElementParameter {
    this.#decoded ??= decodePoolElementParameter(this.#image.record, { profile: this.#profile });
    return this.#decoded;
  }
}

/** A pool element for applications. */
export class ShownPoolElement extends StoredPoolElement {
  #policy: Policy | undefined;

  override get policy(): Policy {
    this.#policy ??= policyInFractions(super.policy);
    return this.#policy;
  }

  override copy(): StoredPoolElement {
    return this.copyIn(ShownPoolElement);
  }

  override inFractions(): StoredPoolElement {
    return this;
  }
}

/** Returns the pool element of an event as applications see it. */
export function shownPoolElement(poolElement: PoolElementState): PoolElementState {
  return poolElement instanceof StoredPoolElement
    ? poolElement.inFractions()
    : withFractions(poolElement);
}
