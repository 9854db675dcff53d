/**
 * Where a registrar is, as people write it: `10.1.2.3:3863`, `[fd00::1]:3863`, `registrar.example`, and as
 * the machines want it: SCTP addresses of one registrar.
 */

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { ConfigError } from '../errors.ts';
import { ASAP_PORT, type SctpAddress } from '../types.ts';

/**
 * Reads `HOST`, `HOST:PORT` or `[IPv6]:PORT` and resolves a name to all of its addresses.
 * Throws ConfigError (`registrars`) with a sentence that says what was wrong.
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
): { host: string; port: number } {
  if (isIP(text) === 6) return { host: text, port: defaultPort };
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  const isUsable =
    host !== undefined &&
    port >= 1 &&
    port <= 65_535 &&
    (match?.[1] === undefined || isIP(host) === 6) &&
    (isIP(host) !== 0 || /^(?!-)[A-Za-z0-9-]*[A-Za-z][A-Za-z0-9.-]*$/.test(host));
  if (!isUsable) {
    throw new ConfigError(
      'registrars',
      `"${text}" is no registrar's address: write HOST, HOST:PORT or [IPV6]:PORT, for example 10.1.2.3:3863.`,
    );
  }
  return { host, port };
}
