/**
 * Loopback addresses for processes that are to be called: transport parameters carry no UDP port, so each
 * process has port 9899 (RFC 6951) on an address of its own. Also tells lines and captures apart.
 */

import { createSocket } from 'node:dgram';
import { ConfigError } from '../../errors.ts';
import { ENCAPSULATION_PORT } from '../../transport/options.ts';
import type { IpAddress } from '../../types.ts';

/** 127.0.0.1 to 127.0.0.99 are tried. */
const LAST_HOST = 99;

/** The first `count` whose UDP port is free; ConfigError with the reason where there are not so many. */
export async function freeLoopbackAddresses(count: number): Promise<readonly IpAddress[]> {
  const free: IpAddress[] = [];
  let why = '';
  for (let host = 1; host <= LAST_HOST && free.length < count; host++) {
    const address = `127.0.0.${host}`;
    const problem = await problemOf(address);
    if (problem === undefined) free.push(address);
    else why = problem.message;
  }
  if (free.length === count) return free;
  throw new ConfigError(
    'udpPort',
    `The demonstration needs UDP port ${ENCAPSULATION_PORT} on ${count} loopback addresses, and finds it free on ${free.length} of 127.0.0.1 to 127.0.0.${LAST_HOST} (${why}): end the program that has it ("ss -ulnp" names it).`,
  );
}

/** Why the port cannot be had there. */
async function problemOf(address: IpAddress): Promise<Error | undefined> {
  const socket = createSocket('udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address, port: ENCAPSULATION_PORT, exclusive: true }, resolve);
    });
    return undefined;
  } catch (error) {
    return error as Error;
  } finally {
    socket.close();
  }
}
