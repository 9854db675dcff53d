/**
 * rsplib's way to write an address: `host`, `host:port`, `[ipv6]`, `[ipv6]:port`, with `!` in the place of the
 * last colon where a shell or a script minds it. Reads the text; `resolveHost` asks for what a name means.
 */

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { ConfigError } from '../../errors.ts';
import type { IpAddress } from '../../types.ts';

/** As written: `host` may be a name; `port` is 0 when none was given. */
export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** rsplib reads no more. */
const MAX_ADDRESS_CHARACTERS = 128;

/** Throws a RangeError with a sentence for people. */
export function parseHostAndPort(text: string): HostAndPort {
  const match = /^(?:\[([^\]]*)\]|([^:![\]]+))(?:[:!](\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3] ?? 0);
  const isHost = match?.[1] === undefined ? isHostName(host) : isIP(host) === 6;
  if (text.length <= MAX_ADDRESS_CHARACTERS && isHost) {
    if (port <= 65_535) return { host, port };
    throw new RangeError(`Port ${port} is out of range (0 to 65535).`);
  }
  const hint = isIP(text) === 6 ? ` IPv6 needs brackets: [${text}].` : '';
  throw new RangeError(
    `"${text.slice(0, MAX_ADDRESS_CHARACTERS)}" is not an address.${hint || ' Write HOST, HOST:PORT, [IPV6] or [IPV6]:PORT.'}`,
  );
}

/** An IPv4 address or a DNS name; what looks like a broken IPv4 address is neither. */
function isHostName(host: string): boolean {
  return isIP(host) === 4 || /^(?!-)[\w-]*[A-Za-z][\w.-]*$/.test(host);
}

export function parseHostsAndPorts(text: string): readonly HostAndPort[] {
  return text.split(',').map(parseHostAndPort);
}

export function formatHostAndPort({ host, port }: HostAndPort): string {
  const shown = isIP(host) === 6 ? `[${host}]` : host;
  return port === 0 ? shown : `${shown}:${port}`;
}

/** Whether it is an IPv4 or IPv6 multicast address. */
export function isMulticast(address: IpAddress): boolean {
  if (isIP(address) === 6) return /^ff/i.test(address);
  const first = Number(address.split('.')[0]);
  return first >= 224 && first <= 239;
}

/** The IP address that a host has, the first one of a name. Throws ConfigError naming the option. */
export async function resolveHost(
  option: string,
  host: string,
  { disablesIpv6 }: { disablesIpv6: boolean },
): Promise<IpAddress> {
  if (isIP(host) === 6 && disablesIpv6) {
    throw new ConfigError(option, `-${option}=[${host}] is IPv6, but -disable-ipv6 is set.`);
  }
  if (isIP(host)) return host;
  try {
    const { address } = await lookup(host, { family: disablesIpv6 ? 4 : 0 });
    return address;
  } catch (cause) {
    const sentence = `-${option}: the host name ${host} is unknown. Use its IP address.`;
    throw new ConfigError(option, sentence, { cause });
  }
}
