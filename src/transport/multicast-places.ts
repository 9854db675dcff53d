/** Which interfaces a multicast socket is to use, now and after the network has changed. */

import { isIPv4, isIPv6 } from 'node:net';
import type { IpAddress } from '../types.ts';
import type { AnnounceOptions } from './announce.ts';
import { type LocalAddress, localAddresses, type NetworkChange } from './network.ts';

/**
 * A place is an interface as Node.js names it: for IPv4 by an address of it, for IPv6 by the wildcard with its
 * name.
 */
export class Places {
  readonly #wantsV6: boolean;
  #interfaces: readonly IpAddress[] | undefined;
  #present: readonly LocalAddress[] = localAddresses();
  /** Addresses that the system has listed at some time. */
  readonly #listed = new Set<IpAddress>(this.#present.map(({ address }) => address));
  #wanted: readonly string[] = [];

  constructor({ group, interfaces }: AnnounceOptions) {
    this.#wantsV6 = isIPv6(group.address);
    this.#interfaces = interfaces;
    this.#wanted = this.#select();
  }

  /** The places to use. Those that are gone are not wanted until they are back. */
  get wanted(): readonly string[] {
    return this.#wanted;
  }

  use(interfaces: readonly IpAddress[]): void {
    this.#interfaces = interfaces;
    this.#wanted = this.#select();
  }

  /** Returns the places that are gone, or whose interface was replaced. */
  onChange({ lost, present }: NetworkChange): readonly string[] {
    this.#present = present;
    for (const { address } of present) this.#listed.add(address);
    this.#wanted = this.#select();
    return lost
      .filter(({ address }) => isIPv6(address) === this.#wantsV6)
      .map((one) => this.#placeOf(one));
  }

  #select(): readonly string[] {
    const interfaces = this.#interfaces;
    if (interfaces !== undefined && !this.#wantsV6) {
      const present = new Set(this.#present.map(({ address }) => address));
      // Not every address that works is listed by the system: 127.0.0.2 is not.
      const mayWork = (address: IpAddress) => present.has(address) || !this.#listed.has(address);
      return interfaces.filter(isIPv4).filter(mayWork);
    }
    const wanted = interfaces && new Set(interfaces);
    const byInterface = new Map<string, string>();
    for (const one of this.#present) {
      const isUsable = isIPv6(one.address) === this.#wantsV6 && (wanted?.has(one.address) ?? true);
      const isFirst = !byInterface.has(one.interfaceName);
      if (isUsable && isFirst) byInterface.set(one.interfaceName, this.#placeOf(one));
    }
    return [...byInterface.values()];
  }

  #placeOf({ interfaceName, address }: LocalAddress): string {
    return this.#wantsV6 ? `::%${interfaceName}` : address;
  }
}
