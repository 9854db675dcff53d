/**
 * Who plays in the demonstration: three registrars that keep one handlespace and three echo servers that know
 * all of them, each a process with a loopback address of its own.
 */

import type { IpAddress } from '../../types.ts';
import type { Role } from './member.ts';

export const POOL = 'EchoPool';

const REGISTRARS = 3;
const ECHO_SERVERS = 3;
export const PROCESSES = REGISTRARS + ECHO_SERVERS;

/** Identifiers of pool elements: 0x11, 0x12, 0x13, so that nobody takes them for registrars. */
const FIRST_ECHO_SERVER = 0x11;

/** Brisk, so that it can be watched; not so brisk that a busy machine takes the living for dead. */
const TIMERS = [
  ...['--keep-alive-interval', '1000', '--keep-alive-timeout', '2000'],
  ...['--peer-heartbeat-cycle', '500', '--peer-max-time-last-heard', '2000'],
  ...['--peer-max-time-no-response', '1000', '--takeover-expiry-interval', '1000'],
  ...['--mentor-discovery-timeout', '1000'],
];

export interface Cast {
  readonly registrars: readonly Role[];
  readonly echoServers: readonly Role[];
}

/** `addresses`: one for each of `PROCESSES`. */
export function castAt(addresses: readonly IpAddress[]): Cast {
  const registrarAddresses = addresses.slice(0, REGISTRARS);
  return {
    registrars: registrarAddresses.map((address, index) =>
      registrarAt(address, index + 1, registrarAddresses),
    ),
    echoServers: addresses
      .slice(REGISTRARS)
      .map((address, index) => echoServerAt(address, index + 1, registrarAddresses)),
  };
}

function registrarAt(address: IpAddress, number: number, all: readonly IpAddress[]): Role {
  const peers = all.filter((other) => other !== address);
  return {
    kind: 'registrar',
    name: `registrar ${number}`,
    id: number,
    address,
    command: [
      ...['registrar', '--transport', 'udp', '--address', address, '--id', String(number)],
      ...['--no-announce', ...peers.flatMap((peer) => ['--peer', peer]), ...TIMERS],
    ],
  };
}

/** Which registrar becomes its home is up to its server hunt (RFC 5352 §3.6). */
function echoServerAt(address: IpAddress, number: number, registrars: readonly IpAddress[]): Role {
  const id = FIRST_ECHO_SERVER + number - 1;
  return {
    kind: 'echo server',
    name: `echo server ${number}`,
    id,
    address,
    command: [
      ...['serve', 'echo', '--pool', POOL, '--id', String(id), '--transport', 'udp'],
      // It is to be called: by a registrar that takes it over (RFC 5353 §3.5).
      ...['--address', address, '--udp-port', '9899'],
      ...registrars.flatMap((registrar) => ['--registrar', registrar]),
    ],
  };
}
