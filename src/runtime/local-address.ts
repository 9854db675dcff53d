/** Which of this host's addresses to use where nobody says. */

import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { ConfigError } from '../errors.ts';
import { localAddresses } from '../transport/network.ts';
import type { IpAddress } from '../types.ts';

/**
 * The address that this host's routes choose as source towards `peer`. Sends nothing: a connected UDP
 * socket knows it. Throws ConfigError when there is no route.
 */
export async function addressTowards(peer: IpAddress): Promise<IpAddress> {
  const socket = createSocket(isIPv6(peer) ? 'udp6' : 'udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.connect(9, peer, resolve); // port 9 is "discard"; any would do
    });
    return socket.address().address;
  } catch (cause) {
    throw new ConfigError('registrars', `This host has no route to ${peer}.`, { cause });
  } finally {
    socket.close();
  }
}

/** Every address of this host that others can reach: no loopback, no link-local ones. */
export function reachableAddresses(): IpAddress[] {
  return localAddresses()
    .filter(({ isInternal, address }) => !isInternal && !/^(169\.254\.|fe80:)/i.test(address))
    .map(({ address }) => address);
}
