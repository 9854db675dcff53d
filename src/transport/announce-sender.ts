/** Sends announces: a socket for each interface, opened again when it fails or its interface is replaced. */

import type { Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { IpAddress } from '../types.ts';
import type { AnnounceSender, AnnounceSenderOptions } from './announce.ts';
import { closeQuietly, openSocket, Reports } from './announce-sockets.ts';
import { Places } from './multicast-places.ts';
import { type NetworkChange, watchNetwork } from './network.ts';

/** rsplib's value (RSERPOOL multicast TTL). */
const DEFAULT_TTL = 30;

export class MulticastSender implements AnnounceSender {
  readonly #options: AnnounceSenderOptions;
  readonly #reports: Reports;
  readonly #places: Places;
  /** By place; those in `#ready` are bound and set up. */
  readonly #sockets = new Map<string, Socket>();
  readonly #ready = new Set<Socket>();
  readonly #watch: { close(): void };
  #isClosed = false;

  constructor(options: AnnounceSenderOptions) {
    this.#options = options;
    this.#reports = new Reports('sent', options);
    this.#watch = watchNetwork((change) => this.#onChange(change));
    this.#places = new Places(options);
    this.#openMissing();
  }

  use(interfaces: readonly IpAddress[]): void {
    this.#places.use(interfaces);
    this.#closeUnwanted();
    this.#openMissing();
  }

  send(payload: Uint8Array): void {
    this.#openMissing(); // those whose socket has failed
    const { group } = this.#options;
    const copy = Buffer.from(payload);
    for (const [place, socket] of this.#sockets) {
      if (!this.#ready.has(socket)) continue;
      socket.send(copy, group.port, group.address, (error) => {
        if (error) this.#fail(place, socket, error);
        else this.#reports.worked(place);
      });
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#watch.close();
    for (const place of this.#sockets.keys()) this.#drop(place);
  }

  #onChange(change: NetworkChange): void {
    for (const place of this.#places.onChange(change)) this.#drop(place);
    this.#closeUnwanted();
    this.#openMissing();
  }

  #closeUnwanted(): void {
    const wanted = new Set(this.#places.wanted);
    for (const place of this.#sockets.keys()) if (!wanted.has(place)) this.#drop(place);
  }

  #openMissing(): void {
    if (this.#isClosed) return;
    const { wanted } = this.#places;
    this.#reports.onWanted(wanted);
    for (const place of wanted) if (!this.#sockets.has(place)) this.#open(place);
  }

  #open(place: string): void {
    const { group, sourcePort, ttl = DEFAULT_TTL } = this.#options;
    const socket = openSocket(group, (error) => this.#fail(place, socket, error));
    this.#sockets.set(place, socket);
    // Bound to the interface's own address: that becomes the source of the datagram, the registrar's address.
    const address = isIPv6(group.address) ? '::' : place;
    socket.bind({ address, port: sourcePort }, () => {
      try {
        socket.setMulticastTTL(ttl);
        socket.setMulticastInterface(place);
        this.#ready.add(socket);
      } catch (error) {
        this.#fail(place, socket, error);
      }
    });
  }

  /** The next `send` opens another socket there. */
  #fail(place: string, socket: Socket, error: unknown): void {
    if (this.#sockets.get(place) !== socket) return; // closed meanwhile
    this.#drop(place);
    this.#reports.failed(place, error);
  }

  #drop(place: string): void {
    const socket = this.#sockets.get(place);
    if (socket === undefined) return;
    this.#sockets.delete(place);
    this.#ready.delete(socket);
    closeQuietly(socket);
  }
}
