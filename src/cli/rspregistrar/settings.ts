/** What the options of `rspregistrar` mean for the registrar that it starts. */

import { isIPv4 } from 'node:net';
import type { EnrpSettings, RegistrarSettings } from '../../daemon/settings.ts';
import { ConfigError } from '../../errors.ts';
import { type AddressScope, isInScope } from '../../protocol/address-scope.ts';
import type { Logger } from '../../protocol/logger.ts';
import type { AddressSource } from '../../runtime/host-addresses.ts';
import type { AnnounceGroup } from '../../transport/announce.ts';
import { localAddresses as hostAddresses } from '../../transport/network.ts';
import { ASAP_PORT, ENRP_PORT, type IpAddress } from '../../types.ts';
import { isMulticast, resolveHost } from './address.ts';
import type { OptionValues } from './option-table.ts';

const WILDCARDS = new Set(['0.0.0.0', '::']);

/** Everything but the ports. Throws ConfigError, its key the option. */
export async function settingsOf(
  values: OptionValues,
  log: Logger,
): Promise<Omit<RegistrarSettings, 'enrp'> & { readonly enrp: EnrpSettings }> {
  return {
    id: values.identifier || undefined,
    asap: {
      addresses: await localAddresses(values),
      announce: await announceGroup('asapannounce', ASAP_PORT, values),
      announceTtl: values.announcettl,
    },
    enrp: await enrpSettings(values),
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

async function enrpSettings(values: OptionValues): Promise<EnrpSettings> {
  const disablesIpv6 = values['disable-ipv6'];
  return {
    peers: await Promise.all(
      values.peer.map(async (peer) => {
        const port = peer[0]?.port || ENRP_PORT;
        const resolved = peer.map(({ host }) => resolveHost('peer', host, { disablesIpv6 }));
        return (await Promise.all(resolved)).map((address) => ({ address, port }));
      }),
    ),
    announce: await announceGroup('enrpannounce', ENRP_PORT, values),
    announceTtl: values.announcettl,
    options: {
      peerHeartbeatCycleMs: Math.round(values.peerheartbeatcycle),
      peerMaxTimeLastHeardMs: values.peermaxtimelastheard,
      peerMaxTimeNoResponseMs: values.peermaxtimenoresponse,
      mentorDiscoveryTimeoutMs: values.mentordiscoverytimeout,
      takeoverExpiryIntervalMs: values.takeoverexpiryinterval,
      sendsTakeoverSuggestions: values.supporttakeoversuggestion,
      maxElementsPerHandleTableRequest: Math.min(values.maxelementsperhtrequest, MOST_ELEMENTS),
    },
  };
}

/** What fits into a page, whatever is asked for. */
const MOST_ELEMENTS = 65_535;

/** The SCTP port that was asked for; 0: any free one. The first address's counts, as in rsplib. */
export function portOf(addresses: OptionValues['asap']): number {
  return addresses === 'auto' ? 0 : (addresses[0]?.port ?? 0);
}

/**
 * Those of -asap and -enrp. `undefined`: what a registrar takes by default. A function where they are the
 * host's, which may change.
 */
async function localAddresses(values: OptionValues): Promise<AddressSource | undefined> {
  const { asap, enrp } = values;
  const disablesIpv6 = values['disable-ipv6'];
  if (asap === 'auto' && enrp === 'auto') {
    const isDefault = values.minaddressscope === undefined && !disablesIpv6;
    if (isDefault) return undefined;
    mustHaveAddress('-asap=auto', values, disablesIpv6);
    return () => addressesOfHost(values, disablesIpv6);
  }
  const lists: (() => readonly IpAddress[])[] = [];
  let isFixed = true;
  for (const [name, addresses] of Object.entries({ asap, enrp })) {
    for (const { host } of addresses === 'auto' ? [] : addresses) {
      const address = await resolveHost(name, host, { disablesIpv6 });
      if (!WILDCARDS.has(address)) {
        lists.push(() => [address]);
        continue;
      }
      isFixed = false;
      mustHaveAddress(`-${name}=${host}`, values, isIPv4(address));
      lists.push(() => addressesOfHost(values, isIPv4(address)));
    }
  }
  const listAll = () => [...new Set(lists.flatMap((list) => list()))];
  return isFixed ? listAll() : listAll;
}

/** Those in scope, now. Link-local ones are left out: without their interface they mean nothing. */
function addressesOfHost(values: OptionValues, onlyV4: boolean): IpAddress[] {
  const scope = scopeOf(values);
  const found = hostAddresses()
    .map(({ address }) => address)
    .filter((address) => !/^(169\.254\.|fe80:)/i.test(address))
    .filter((address) => isInScope(address, scope) && (!onlyV4 || isIPv4(address)));
  return [...new Set(found)];
}

function scopeOf({ minaddressscope = 'sitelocal' }: OptionValues): AddressScope {
  return minaddressscope;
}

function mustHaveAddress(option: string, values: OptionValues, onlyV4: boolean): void {
  if (addressesOfHost(values, onlyV4).length > 0) return;
  const scope = scopeOf(values);
  const what = `${onlyV4 ? 'IPv4 ' : ''}address of this host has scope ${scope} or a wider one`;
  throw new ConfigError(
    'asap',
    `${option}: no ${what}. Specify an address, or set -minaddressscope.`,
  );
}

async function announceGroup(
  name: 'asapannounce' | 'enrpannounce',
  defaultPort: number,
  values: OptionValues,
): Promise<AnnounceGroup | false | undefined> {
  const value = values[name];
  if (value === 'off') return false;
  if (value === 'auto') return undefined;
  const disablesIpv6 = values['disable-ipv6'];
  const address = await resolveHost(name, value.host, { disablesIpv6 });
  if (isMulticast(address)) return { address, port: value.port || defaultPort };
  const sentence = `-${name}: ${address} is not a multicast address. Choose one such as 239.0.0.50.`;
  throw new ConfigError(name, sentence);
}
