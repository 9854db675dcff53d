/** Receives announces: one socket that is a member of the group on every interface. */

import type { Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { IpAddress } from '../types.ts';
import type { AnnounceHandler, AnnounceListener, AnnounceOptions } from './announce.ts';
import { ANY_INTERFACE, closeQuietly, openSocket, Reports } from './announce-sockets.ts';
import { Places } from './multicast-places.ts';
import { type NetworkChange, watchNetwork } from './network.ts';

export class MulticastListener implements AnnounceListener {
  readonly #options: AnnounceOptions & AnnounceHandler;
  readonly #reports: Reports;
  readonly #places: Places;
  readonly #joined = new Set<string>();
  readonly #watch: { close(): void };
  /** Bound, a member of the group in the places that are joined. */
  #socket: Socket | undefined;
  /** Not bound yet; then it replaces the other one. */
  #nextSocket: Socket | undefined;

  constructor(options: AnnounceOptions & AnnounceHandler) {
    this.#options = options;
    this.#reports = new Reports('received', options);
    this.#watch = watchNetwork((change) => this.#onChange(change));
    this.#places = new Places(options);
    this.#openNext();
  }

  use(interfaces: readonly IpAddress[]): void {
    this.#places.use(interfaces);
    this.#update();
  }

  close(): void {
    this.#watch.close();
    for (const socket of [this.#socket, this.#nextSocket]) if (socket) closeQuietly(socket);
    this.#socket = undefined;
    this.#nextSocket = undefined;
  }

  #onChange(change: NetworkChange): void {
    const gone = this.#places.onChange(change);
    this.#update(gone.some((place) => this.#joined.has(place)));
  }

  /**
   * A membership of an interface that is gone cannot be given up by its address, and counts against the
   * socket's limit: where there may be one, another socket takes over.
   */
  #update(hasLost = false): void {
    const wanted = new Set(this.#places.wanted);
    const isUnwanted = [...this.#joined].some((place) => !wanted.has(place));
    if (hasLost || isUnwanted || this.#socket === undefined) this.#openNext();
    else this.#join(this.#socket);
  }

  #openNext(): void {
    const { group, onAnnounce } = this.#options;
    if (this.#nextSocket) closeQuietly(this.#nextSocket);
    const socket = openSocket(group, (error) => this.#fail(socket, error));
    this.#nextSocket = socket;
    socket.on('message', (payload, source) => {
      onAnnounce(payload, withoutScope(source.address), source.port);
    });
    // Bound to the group, so that nothing else sent to this port gets here; IPv6 would want a scope for that.
    const address = isIPv6(group.address) ? '::' : group.address;
    socket.bind({ address, port: group.port }, () => {
      // First: closing it gives up its memberships by the interfaces' indices, which may be the new ones.
      if (this.#socket) closeQuietly(this.#socket);
      this.#joined.clear();
      this.#join(socket);
      this.#socket = socket;
      this.#nextSocket = undefined;
    });
  }

  #join(socket: Socket): void {
    const { wanted } = this.#places;
    this.#reports.onWanted(wanted);
    for (const place of wanted) {
      try {
        if (!this.#joined.has(place)) socket.addMembership(this.#options.group.address, place);
      } catch (error) {
        if (!isMemberAlready(error)) {
          this.#reports.failed(place, error);
          continue;
        }
      }
      this.#joined.add(place);
      this.#reports.worked(place);
    }
  }

  /** The next change of the network opens another socket. */
  #fail(socket: Socket, error: unknown): void {
    if (socket === this.#socket) this.#socket = undefined;
    else if (socket === this.#nextSocket) this.#nextSocket = undefined;
    else return; // closed meanwhile
    this.#reports.failed(ANY_INTERFACE, error);
  }
}

/** Two addresses of one interface: the second membership is the first one. */
function isMemberAlready(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

function withoutScope(address: string): IpAddress {
  return address.split('%')[0] as IpAddress;
}
