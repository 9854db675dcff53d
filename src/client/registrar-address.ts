/**
 * Where a registrar is, as people write it: `10.1.2.3:3863`, `[fd00::1]:3863`, `registrar.example`, with
 * `/9900` where its UDP port is another one (RFC 6951); and as the machines want it: SCTP addresses.
 */

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { ConfigError } from '../errors.ts';
import { type Kind, unusable } from '../settings/kind.ts';
import { ENCAPSULATION_PORT } from '../transport/options.ts';
import { ASAP_PORT, type SctpAddress } from '../types.ts';

/** As written. `udpPort`: of its encapsulated SCTP, where that is named. */
export interface RegistrarAddress {
  readonly host: string;
  readonly port: number;
  readonly udpPort: number | undefined;
}

/**
 * Reads `HOST`, `HOST:PORT` or `[IPv6]:PORT`, each with `/UDPPORT` or without, and resolves a name to all of its
 * addresses. Throws ConfigError (`registrars`) with a sentence that says what was wrong.
 */
export async function resolveRegistrarAddress(
  text: string,
  defaultPort: number = ASAP_PORT,
): Promise<readonly SctpAddress[]> {
  const { host, port } = parseRegistrarAddress(text, defaultPort);
  if (isIP(host)) return [{ address: host, port }];
  try {
    const found = await lookup(host, { all: true });
    return found.map(({ address }) => ({ address, port }));
  } catch (cause) {
    throw new ConfigError('registrars', `The registrar's host name ${host} is unknown.`, { cause });
  }
}

/**
 * A sentence, with a blank before it, where an IPv6 address without brackets ends as `ADDRESS:PORT` would: for
 * those who found nobody there. Empty for all else.
 */
export function bracketsHint(text: string): string {
  const [, host = '', port] = /^(.+):([1-9]\d{3,4})$/.exec(text) ?? [];
  const isAmbiguous = isIP(text) === 6 && isIP(host) === 6 && Number(port) <= 65_535;
  return isAmbiguous ? ` If ${port} is the port, write [${host}]:${port}.` : '';
}

/** The syntax alone, without asking anybody. */
export function parseRegistrarAddress(
  text: string,
  defaultPort: number = ASAP_PORT,
): RegistrarAddress {
  const [, place = text, udpText] = /^(.*)\/(\d{1,5})$/.exec(text) ?? [];
  const udpPort = udpText === undefined ? undefined : Number(udpText);
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(place);
  const bareIpv6 = isIP(place) === 6 ? place : undefined;
  const host = bareIpv6 ?? match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  const isUsable =
    host !== undefined &&
    isPort(port) &&
    (udpPort === undefined || isPort(udpPort)) &&
    (match?.[1] === undefined || isIP(host) === 6) &&
    (isIP(host) !== 0 || /^(?!-)[A-Za-z0-9-]*[A-Za-z][A-Za-z0-9.-]*$/.test(host));
  const outOfRange = [port, udpPort ?? port].find((one) => !isPort(one));
  if (match !== null && outOfRange !== undefined) {
    throw new ConfigError(
      'registrars',
      `${text}: port ${outOfRange} is out of range (1 to 65535).`,
    );
  }
  if (!isUsable) {
    throw new ConfigError(
      'registrars',
      `"${text}" is not the address of a registrar. Write HOST, HOST:PORT or [IPV6]:PORT, for example 10.1.2.3:3863, followed by /UDPPORT unless that is ${ENCAPSULATION_PORT}.`,
    );
  }
  return { host, port, udpPort };
}

/** The kind of such an address; ConfigError for text that is none. */
export const registrarAddress: Kind<string> = {
  expected: "a registrar's address, such as 10.1.2.3:3863",
  read(value, path) {
    if (typeof value !== 'string') throw unusable(path, value, registrarAddress.expected);
    parseRegistrarAddress(value);
    return value;
  },
};

function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535;
}
