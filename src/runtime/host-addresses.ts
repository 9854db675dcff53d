/**
 * Keeps an SCTP stack on the addresses that this host has: what interfaces lose and gain is logged, and where
 * the addresses were not named by the user, the stack follows them.
 */

import { ConfigError } from '../errors.ts';
import type { Logger } from '../protocol/logger.ts';
import { type LocalAddress, type NetworkChange, watchNetwork } from '../transport/network.ts';
import { type OpenOptions, openSctpStack } from '../transport/open.ts';
import type { SctpStack } from '../transport/transport.ts';
import type { IpAddress } from '../types.ts';

/** Local addresses, or a function that lists those of the moment. */
export type AddressSource = readonly IpAddress[] | (() => readonly IpAddress[]);

export interface HostAddressesSetUp {
  readonly stack: SctpStack;
  readonly source: AddressSource;
  readonly log: Logger;
  /**
   * Called after each change of addresses that the stack uses.
   *
   * @param addresses what the source lists; while it lists none, what it listed last
   */
  onChange(addresses: readonly IpAddress[]): void;
}

/** Where nothing else is: a host without network still serves itself. */
const LOOPBACK_ADDRESSES: readonly IpAddress[] = ['127.0.0.1'];

export function addressesNow(source: AddressSource): readonly IpAddress[] {
  const addresses = typeof source === 'function' ? source() : source;
  const isEmpty = typeof source === 'function' && addresses.length === 0;
  return isEmpty ? LOOPBACK_ADDRESSES : addresses;
}

/**
 * Opens the stack on the addresses of the source. Where those are the host's, one that cannot be bound yet (an
 * IPv6 address that is still tentative) keeps it from nothing: `HostAddresses` adds it when it can be.
 */
export function openStackOn(source: AddressSource, options: OpenOptions): SctpStack {
  if (typeof source !== 'function') return openSctpStack(options);
  const following = Object.assign({}, options, { mayChangeAddresses: true });
  try {
    return openSctpStack(following);
  } catch (error) {
    if (!(error instanceof ConfigError) || error.key !== 'localAddresses') throw error;
    return openSctpStack({ ...following, localAddresses: LOOPBACK_ADDRESSES });
  }
}

export class HostAddresses {
  readonly #setUp: HostAddressesSetUp;
  /** What the stack was opened on for want of anything else: programs of this host may use it. */
  readonly #kept: readonly IpAddress[];
  readonly #watch: { close(): void };
  /** Refused by the system, as far as that was logged. */
  readonly #refused = new Set<IpAddress>();
  #listed: readonly IpAddress[];

  constructor(setUp: HostAddressesSetUp) {
    const { stack, source } = setUp;
    this.#setUp = setUp;
    this.#listed = stack.localAddresses;
    this.#kept = typeof source === 'function' ? stack.localAddresses.filter(isLoopbackAddress) : [];
    this.#watch = watchNetwork((change) => this.#onChange(change));
    // What has changed since the stack was opened, or could not be bound then.
    if (this.#follow()) setUp.onChange(this.#listed);
  }

  close(): void {
    this.#watch.close();
  }

  #onChange(change: NetworkChange): void {
    const before = new Set(this.#setUp.stack.localAddresses);
    const isChanged = this.#follow();
    const after = new Set(this.#setUp.stack.localAddresses);
    const { log } = this.#setUp;
    const lost = byInterface(change.lost.filter(({ address }) => before.has(address)));
    const found = byInterface(change.found.filter(({ address }) => after.has(address)));
    for (const fields of lost) log.warn(fields, 'local addresses lost');
    for (const fields of found) log.info(fields, 'local addresses found');
    if (isChanged || found.length > 0) this.#setUp.onChange(this.#listed);
  }

  /** Returns whether the stack has other addresses now. */
  #follow(): boolean {
    const { source, stack } = this.#setUp;
    if (typeof source !== 'function') return false;
    const listed = source();
    if (listed.length > 0) this.#listed = listed;
    else if (this.#kept.length > 0) this.#listed = this.#kept;
    const wanted = [...new Set([...this.#kept, ...this.#listed])];
    if (isSameSet(wanted, stack.localAddresses)) return false;
    const before = stack.localAddresses;
    this.#report(stack.useAddresses(wanted));
    return !isSameSet(before, stack.localAddresses);
  }

  #report(refused: ReturnType<SctpStack['useAddresses']>): void {
    for (const { address, reason } of refused) {
      if (!this.#refused.has(address)) {
        this.#setUp.log.warn({ address, reason }, 'local address refused');
      }
      this.#refused.add(address);
    }
    for (const address of this.#setUp.stack.localAddresses) this.#refused.delete(address);
  }
}

function isLoopbackAddress(address: IpAddress): boolean {
  return address === '::1' || address.startsWith('127.');
}

function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  const known = new Set(others);
  return some.length === others.length && some.every((one) => known.has(one));
}

/** Fields of a log entry for each interface. */
function byInterface(
  addresses: readonly LocalAddress[],
): { interface: string; addresses: string }[] {
  const names = [...new Set(addresses.map(({ interfaceName }) => interfaceName))];
  return names.map((name) => {
    const those = addresses.filter(({ interfaceName }) => interfaceName === name);
    return { interface: name, addresses: those.map(({ address }) => address).join(' ') };
  });
}
