/**
 * Loopback addresses for processes that are to be called: transport parameters carry no UDP port, so each
 * process has port 9899 (RFC 6951) on an address of its own. Also tells lines and captures apart.
 */

import { createSocket } from 'node:dgram';
import { createServer, type Server } from 'node:net';
import { ConfigError } from '../../errors.ts';
import { ENCAPSULATION_PORT } from '../../transport/options.ts';
import type { IpAddress } from '../../types.ts';

/** 127.0.0.1 to 127.0.0.99 are tried. */
const LAST_HOST = 99;

/** Addresses that another demonstration does not take, though their UDP port is still free. */
export interface ClaimedAddresses {
  readonly addresses: readonly IpAddress[];
  release(): void;
}

/**
 * Claims the first `count` addresses whose UDP port is free; ConfigError with the reason where there are not so
 * many. Processes that start later find theirs as it was: the claim is the TCP port of the same number.
 */
export async function claimLoopbackAddresses(count: number): Promise<ClaimedAddresses> {
  const addresses: IpAddress[] = [];
  const claims: Server[] = [];
  const release = () => {
    for (const claim of claims) claim.close();
  };
  let why = '';
  for (let host = 1; host <= LAST_HOST && addresses.length < count; host++) {
    const address = `127.0.0.${host}`;
    try {
      const claim = await claimOf(address);
      claims.push(claim);
      await checkUdpPort(address);
      addresses.push(address);
    } catch (error) {
      why = (error as Error).message;
    }
  }
  if (addresses.length === count) return { addresses, release };
  release();
  throw new ConfigError(
    'udpPort',
    `The demonstration needs UDP port ${ENCAPSULATION_PORT} on ${count} loopback addresses, and finds it free on ${addresses.length} of 127.0.0.1 to 127.0.0.${LAST_HOST} (${why}): end the program that has it ("ss -ulnp" names it).`,
  );
}

/** Rejects where another demonstration has claimed the address. */
function claimOf(address: IpAddress): Promise<Server> {
  const claim = createServer().unref();
  return new Promise((resolve, reject) => {
    claim.once('error', reject);
    const place = { host: address, port: ENCAPSULATION_PORT, exclusive: true };
    claim.listen(place, () => resolve(claim));
  });
}

/** Rejects where the port cannot be had. */
async function checkUdpPort(address: IpAddress): Promise<void> {
  const socket = createSocket('udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address, port: ENCAPSULATION_PORT, exclusive: true }, resolve);
    });
  } finally {
    socket.close();
  }
}
