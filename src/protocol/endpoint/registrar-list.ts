/**
 * The registrars that an endpoint knows (RFC 5352 §3.6): those configured, and those that have announced
 * themselves less than T7-ENRPoutdate ago. Calling them is `server-hunt.ts`.
 */

import { DecodeError } from '../../errors.ts';
import type { Milliseconds, SctpAddress } from '../../types.ts';
import { decodeAsap } from '../../wire/asap.ts';
import { shuffled } from '../random.ts';

/** All addresses of one registrar. */
export type RegistrarAddresses = readonly SctpAddress[];

/** A datagram that came from the multicast group of announces (RFC 5352 §2.2.10). */
export interface AnnounceHeard {
  readonly type: 'announceHeard';
  readonly source: SctpAddress;
  readonly payload: Uint8Array;
}

/** Anybody may send to a multicast group: no more announced registrars are kept at one time. */
export const MAX_ANNOUNCED_REGISTRARS = 64;

/** Addresses kept of one announce; rsplib reads no more either. */
const MAX_ADDRESSES = 64;

export class RegistrarList {
  readonly #configured: readonly RegistrarAddresses[];
  readonly #t7EnrpOutdateMs: Milliseconds;
  /** By first address; the one heard longest ago comes first. */
  readonly #announced = new Map<
    string,
    { registrar: RegistrarAddresses; t7EnrpOutdate: Milliseconds }
  >();

  constructor(configured: readonly RegistrarAddresses[], t7EnrpOutdateMs: Milliseconds) {
    this.#configured = configured;
    this.#t7EnrpOutdateMs = t7EnrpOutdateMs;
  }

  /** Takes note of an announce. Returns its registrar when it is one that was not on the list. */
  onAnnounce(
    now: Milliseconds,
    source: SctpAddress,
    payload: Uint8Array,
  ): RegistrarAddresses | undefined {
    this.#forgetOutdated(now);
    const registrar = announcedAddresses(source, payload);
    const [first] = registrar;
    if (first === undefined) return undefined;
    const key = keyOf(first);
    const isNew = !this.#announced.has(key);
    if (isNew && this.#announced.size >= MAX_ANNOUNCED_REGISTRARS) return undefined;
    this.#announced.delete(key); // the order of the map is the order of the time-outs
    this.#announced.set(key, { registrar, t7EnrpOutdate: now + this.#t7EnrpOutdateMs });
    return isNew ? registrar : undefined;
  }

  /** Every registrar once, in random order. */
  all(now: Milliseconds, random: () => number): RegistrarAddresses[] {
    const seen = new Set<string>();
    const distinct = this.#known(now).filter((registrar) => {
      const keys = registrar.map(keyOf);
      const isKnown = keys.some((key) => seen.has(key));
      for (const key of keys) seen.add(key);
      return !isKnown && keys.length > 0;
    });
    return shuffled(distinct, random);
  }

  has(now: Milliseconds, addresses: RegistrarAddresses): boolean {
    return isAmong(this.#known(now), addresses);
  }

  /** Who is configured and announced is there twice. */
  #known(now: Milliseconds): RegistrarAddresses[] {
    this.#forgetOutdated(now);
    const announced = [...this.#announced.values()].map(({ registrar }) => registrar);
    return [...this.#configured, ...announced];
  }

  #forgetOutdated(now: Milliseconds): void {
    for (const [key, { t7EnrpOutdate }] of this.#announced) {
      if (t7EnrpOutdate > now) return;
      this.#announced.delete(key);
    }
  }
}

/** Whether two registrars share an address, and so are one. */
export function isSameRegistrar(one: RegistrarAddresses, other: RegistrarAddresses): boolean {
  const keys = new Set(one.map(keyOf));
  return other.some((address) => keys.has(keyOf(address)));
}

export function isAmong(
  registrars: readonly RegistrarAddresses[],
  wanted: RegistrarAddresses,
): boolean {
  return registrars.some((one) => isSameRegistrar(one, wanted));
}

/**
 * Where the registrar of an announce is: what its SCTP transport parameters say, or else the source of the
 * datagram, address and port (decision 2). Nowhere for what is no announce.
 */
function announcedAddresses(source: SctpAddress, payload: Uint8Array): RegistrarAddresses {
  try {
    const message = decodeAsap(payload);
    if (message.type !== 'ASAP_SERVER_ANNOUNCE') return [];
    if (message.transports.length === 0) return [source];
    // TCP alone is no use to us.
    return message.transports
      .flatMap((transport) =>
        transport.protocol === 'sctp'
          ? transport.addresses.map((address) => ({ address, port: transport.port }))
          : [],
      )
      .slice(0, MAX_ADDRESSES);
  } catch (error) {
    if (error instanceof DecodeError) return []; // not everything that is sent to a group is ASAP
    throw error;
  }
}

function keyOf({ address, port }: SctpAddress): string {
  return `${address} ${port}`;
}
