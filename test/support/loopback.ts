/**
 * Loopback addresses that no other test uses at the same time, in this run or another one on the machine.
 * Whatever a test opens there may use fixed ports, such as UDP port 9899.
 *
 * Each process that imports this file claims a network of 256 addresses by listening on one of them until it ends.
 */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Claims a network on this port of its last address. */
const CLAIM_PORT = 9;
const CLAIM_HOST = 254;
const MOST_TRIALS = 100;

/** The first three numbers of the claimed network, for example `127.83.12`. */
export const loopbackNetwork = await claimNetwork();

/** Returns an address of the claimed network; `host` is 1 to 253. */
export function loopback(host: number): string {
  return `${loopbackNetwork}.${host}`;
}

/** Returns a UDP port that was free a moment ago on every address, for example for a multicast group. */
export async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0);
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

async function claimNetwork(): Promise<string> {
  for (let trial = 0; trial < MOST_TRIALS; trial++) {
    // 127.0.0.0/16 is left to the defaults of the programs and to other software.
    const network = `127.${1 + randomBelow(250)}.${randomBelow(256)}`;
    if (await claims(`${network}.${CLAIM_HOST}`)) return network;
  }
  throw new Error(`found no free loopback network in ${MOST_TRIALS} attempts`);
}

async function claims(address: string): Promise<boolean> {
  const claim = createServer().listen(CLAIM_PORT, address).unref();
  try {
    await once(claim, 'listening');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
}

function randomBelow(limit: number): number {
  return Math.floor(Math.random() * limit);
}
