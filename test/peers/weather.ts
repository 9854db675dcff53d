/** A network on the loopback that loses, doubles and delays datagrams, between a stack of ours and one other program. */

import type { RemoteInfo, Socket as UdpSocket } from 'node:dgram';
import { seededRandom } from '../support/random.ts';
import { openUdpSocket } from '../transport/udp-support.ts';

export interface Place {
  readonly address: string;
  readonly port: number;
}

/** Of a hundred datagrams. */
export interface Weather {
  readonly lost: number;
  readonly doubled: number;
  readonly late: number;
}

export class Network {
  readonly #socket: UdpSocket;

  private constructor(socket: UdpSocket) {
    this.#socket = socket;
  }

  /**
   * What comes from `ours` goes to the other side, at `theirs` or, without one, where its latest datagram came from;
   * everything else goes to `ours`.
   */
  static async between(
    ours: Place,
    weather: Weather,
    seed: number,
    theirs?: Place,
  ): Promise<Network> {
    const socket = await openUdpSocket('127.0.0.3');
    const below = seededRandom(seed);
    const happens = (percent: number) => below(100) < percent;
    let other = theirs;
    let isClosed = false;
    socket.once('close', () => {
      isClosed = true;
    });
    socket.on('message', (datagram, source: RemoteInfo) => {
      const isOurs = source.address === ours.address && source.port === ours.port;
      if (!isOurs) other ??= source;
      const target = isOurs ? other : ours;
      if (target === undefined || happens(weather.lost)) return;
      const send = () => isClosed || socket.send(datagram, target.port, target.address, () => {});
      if (happens(weather.doubled)) send();
      if (happens(weather.late)) setTimeout(send, 1 + below(20));
      else send();
    });
    return new Network(socket);
  }

  /** Where both sides find each other. */
  get place(): Place {
    return this.#socket.address();
  }
}
