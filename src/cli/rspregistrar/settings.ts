/** What the options of `rspregistrar` mean for the registrar that it starts. */

import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { RegistrarSettings } from '../../daemon/registrar-server.ts';
import { ConfigError } from '../../errors.ts';
import type { Logger } from '../../protocol/logger.ts';
import { isInScope } from '../../protocol/registrar/address-scope.ts';
import type { AnnounceGroup } from '../../transport/announce.ts';
import { ASAP_PORT, type IpAddress } from '../../types.ts';
import { type HostAndPort, isMulticast, resolveHost } from './address.ts';
import type { OptionValues } from './option-table.ts';

const WILDCARDS = new Set(['0.0.0.0', '::']);

/** Everything but the port. Throws ConfigError, its key the option. */
export async function settingsOf(values: OptionValues, log: Logger): Promise<RegistrarSettings> {
  return {
    id: values.identifier || undefined,
    asap: {
      addresses: await localAddresses(values),
      announce: await announceGroup(values),
      announceTtl: values.announcettl,
    },
    transport: values.transport,
    udpPort: values.udpport,
    autocloseMs: values.autoclosetimeout * 1_000,
    registrar: {
      serverAnnounceCycleMs: values.serverannouncecycle,
      endpointKeepAliveTransmissionIntervalMs: values.endpointkeepalivetransmissioninterval,
      endpointKeepAliveTimeoutIntervalMs: values.endpointkeepalivetimeoutinterval,
      maxBadPeReports: values.maxbadpereports,
      maxIncrement: values.maxincrement,
      maxHandleResolutionItems: values.maxhresitems,
      minAddressScope: values.minaddressscope,
      limits: {
        maxHandleResolutionRate: Math.max(values.maxhrrate, 0),
        maxEndpointUnreachableRate: Math.max(values.maxeurate, 0),
      },
    },
    log,
  };
}

/** The SCTP port that was asked for; 0: any free one. The first address's counts, as in rsplib. */
export function portOf({ asap }: OptionValues): number {
  return asap === 'auto' ? 0 : (asap[0]?.port ?? 0);
}

/** `undefined`: what a registrar takes when nobody says. */
async function localAddresses(values: OptionValues): Promise<IpAddress[] | undefined> {
  const { asap } = values;
  const disablesIpv6 = values['disable-ipv6'];
  if (asap === 'auto') {
    const isDefault = values.minaddressscope === undefined && !disablesIpv6;
    return isDefault ? undefined : addressesOfHost('-asap=auto', values, disablesIpv6);
  }
  const resolved: IpAddress[] = [];
  for (const { host } of asap) {
    const address = await resolveHost('asap', host, { disablesIpv6 });
    const ofHost = () => addressesOfHost(`-asap=${host}`, values, isIPv4(address));
    resolved.push(...(WILDCARDS.has(address) ? ofHost() : [address]));
  }
  return [...new Set(resolved)];
}

/** Those in scope. Link-local ones are left out: without their interface they mean nothing. */
function addressesOfHost(option: string, values: OptionValues, onlyV4: boolean): IpAddress[] {
  const scope = values.minaddressscope ?? 'sitelocal';
  const found = Object.values(networkInterfaces())
    .flatMap((infos) => infos ?? [])
    .map(({ address }) => address)
    .filter((address) => !/^(169\.254\.|fe80:)/i.test(address))
    .filter((address) => isInScope(address, scope) && (!onlyV4 || isIPv4(address)));
  if (found.length > 0) return [...new Set(found)];
  const what = `${onlyV4 ? 'IPv4 ' : ''}address of this host has scope ${scope} or a wider one`;
  throw new ConfigError('asap', `${option}: no ${what}: name an address, or set -minaddressscope.`);
}

async function announceGroup(values: OptionValues): Promise<AnnounceGroup | false | undefined> {
  const { asapannounce } = values;
  if (asapannounce === 'off') return false;
  return asapannounce === 'auto' ? undefined : groupAt(asapannounce, values);
}

async function groupAt({ host, port }: HostAndPort, values: OptionValues): Promise<AnnounceGroup> {
  const disablesIpv6 = values['disable-ipv6'];
  const address = await resolveHost('asapannounce', host, { disablesIpv6 });
  if (isMulticast(address)) return { address, port: port || ASAP_PORT };
  const sentence = `-asapannounce: ${address} is no multicast address: choose one such as 239.0.0.50.`;
  throw new ConfigError('asapannounce', sentence);
}
