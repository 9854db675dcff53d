/**
 * The addresses of this host's network interfaces, now and whenever they change. The kernel's notifications
 * are looked at once a second, which costs one system call; the interfaces are listed only if there was one.
 * Where netlink sockets are forbidden, the lists themselves are compared.
 */

import { networkInterfaces } from 'node:os';
import { addon, type NativeChanges, type NativeNetworkChanges } from '../native.ts';
import type { IpAddress } from '../types.ts';

/** An address of an interface that is up. Link-local IPv6 addresses have no scope in it. */
export interface LocalAddress {
  readonly interfaceName: string;
  readonly address: IpAddress;
  /** Of the loopback. */
  readonly isInternal: boolean;
}

/**
 * What differs from the last list. An interface that was deleted and created again in the meantime has its
 * addresses in both: sockets that used it have lost it (its index differs, its memberships are gone).
 */
export interface NetworkChange {
  readonly lost: readonly LocalAddress[];
  readonly found: readonly LocalAddress[];
  /** The list as it is now. */
  readonly present: readonly LocalAddress[];
}

export type NetworkHandler = (change: NetworkChange) => void;

/** Time between two looks at the kernel's notifications. */
const LOOK_INTERVAL_MS = 1_000;

/** Lists the addresses of the interfaces that are up; none if the system does not tell. */
export function localAddresses(): LocalAddress[] {
  let interfaces: ReturnType<typeof networkInterfaces>;
  try {
    interfaces = networkInterfaces();
  } catch {
    return []; // the system forbids netlink sockets
  }
  return Object.entries(interfaces).flatMap(([interfaceName, infos = []]) =>
    infos.map(({ address, internal }) => ({ interfaceName, address, isInternal: internal })),
  );
}

/**
 * Calls `handler` after each change, also one that the list does not show, from the event loop. All handlers of a thread share one subscription,
 * in the order in which they were added. It does not keep the process alive.
 */
export function watchNetwork(handler: NetworkHandler): { close(): void } {
  const one: NetworkHandler = (change) => handler(change);
  watch ??= new NetworkWatch();
  watch.handlers.add(one);
  return {
    close() {
      watch?.handlers.delete(one);
      if (watch?.handlers.size !== 0) return;
      watch.close();
      watch = undefined;
    },
  };
}

/** Of this thread, while there are handlers. */
let watch: NetworkWatch | undefined;

class NetworkWatch {
  readonly handlers = new Set<NetworkHandler>();
  readonly #notifications = subscribe();
  #known = localAddresses();
  readonly #timer = setInterval(() => this.#look(), LOOK_INTERVAL_MS).unref();

  close(): void {
    clearInterval(this.#timer);
    this.#notifications?.close();
  }

  #look(): void {
    const changes = this.#changes();
    if (changes === null) return;
    const known = this.#known;
    this.#known = localAddresses();
    const change = changeBetween(known, this.#known, changes);
    // Without a difference, too: an IPv6 address that was tentative can be bound now, and looks the same.
    const isTold = this.#notifications !== undefined;
    if (!isTold && change.lost.length === 0 && change.found.length === 0) return;
    for (const handler of this.handlers) handler(change);
  }

  #changes(): NativeChanges | null {
    try {
      if (this.#notifications !== undefined) return this.#notifications.take();
    } catch {
      // The subscription has failed: the lists say the rest.
    }
    return { deleted: [], isIncomplete: false };
  }
}

function subscribe(): NativeNetworkChanges | undefined {
  const { NativeNetworkChanges } = addon();
  try {
    return new NativeNetworkChanges();
  } catch {
    return undefined; // netlink sockets are forbidden: seccomp, or another kernel
  }
}

/** `deleted`: names of interfaces of which one may be there again. */
export function changeBetween(
  before: readonly LocalAddress[],
  after: readonly LocalAddress[],
  { deleted, isIncomplete }: NativeChanges,
): NetworkChange {
  const [knownBefore, knownAfter] = [before, after].map((list) => new Set(list.map(keyOf)));
  const isReplaced = ({ interfaceName, isInternal }: LocalAddress) =>
    deleted.includes(interfaceName) || (isIncomplete && !isInternal);
  const isLost = (one: LocalAddress) => !knownAfter?.has(keyOf(one)) || isReplaced(one);
  const isFound = (one: LocalAddress) => !knownBefore?.has(keyOf(one)) || isReplaced(one);
  return { lost: before.filter(isLost), found: after.filter(isFound), present: after };
}

function keyOf({ interfaceName, address }: LocalAddress): string {
  return `${address}%${interfaceName}`;
}
