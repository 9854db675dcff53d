/** What senders and listeners of announces share: how sockets are opened and closed, what is reported. */

import { createSocket, type Socket, type SocketType } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { formatAddress } from '../types.ts';
import type { AnnounceGroup, AnnounceOptions } from './announce.ts';

/** Stands for an interface when there is none to use. */
export const ANY_INTERFACE = 'any interface';

export function openSocket(group: AnnounceGroup, onError: (error: Error) => void): Socket {
  const type: SocketType = isIPv6(group.address) ? 'udp6' : 'udp4';
  const socket = createSocket({ type, reuseAddr: true });
  socket.unref();
  socket.on('error', (error) => {
    onError(error);
    closeQuietly(socket);
  });
  return socket;
}

export function closeQuietly(socket: Socket): void {
  try {
    socket.close();
  } catch {
    // It was closed before: by an error, or twice.
  }
}

/** Reports the first failure, and another one only after everything has worked again. */
export class Reports {
  readonly #direction: 'sent' | 'received';
  readonly #options: AnnounceOptions;
  readonly #failing = new Set<string>();

  constructor(direction: 'sent' | 'received', options: AnnounceOptions) {
    this.#direction = direction;
    this.#options = options;
  }

  failed(place: string, error: unknown): void {
    const isFirst = this.#failing.size === 0;
    this.#failing.add(place);
    const { group, onProblem } = this.#options;
    if (isFirst) onProblem(problem(this.#direction, group, place, error));
  }

  worked(place: string): void {
    this.#failing.delete(place);
  }

  /** Forgets the failures of places that are not wanted now. Having no place at all is a failure, too. */
  onWanted(places: readonly string[]): void {
    if (places.length === 0) {
      this.failed(ANY_INTERFACE, 'none is up');
      return;
    }
    for (const place of this.#failing) if (!places.includes(place)) this.#failing.delete(place);
  }
}

function problem(what: string, group: AnnounceGroup, where: string, error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  return (
    `Announces to ${formatAddress(group)} cannot be ${what} on ${where} (${why}): ` +
    'name the registrars where announces do not reach.'
  );
}
