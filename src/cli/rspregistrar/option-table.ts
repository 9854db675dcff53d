/**
 * Every option of `rspregistrar`: name, kind, default, bounds, text. Names, defaults and bounds are those of
 * rsplib's program (docs/rspregistrar.md says where we differ); the last section is our own. What a row's
 * value becomes is `settings.ts`.
 */

import type { AddressScope } from '../../protocol/address-scope.ts';
import { TRANSPORTS } from '../../transport/open.ts';
import { ENCAPSULATION_PORT } from '../../transport/options.ts';
import {
  address,
  addressesOrAuto,
  choice,
  file,
  flag,
  group,
  identifier,
  number,
  numberOrAuto,
  type Option,
  peerList,
  port,
} from './option-kinds.ts';

const SCOPES: readonly AddressScope[] = ['loopback', 'sitelocal', 'global'];

const ASAP = {
  asap: addressesOrAuto({
    default: 'auto',
    text: 'Addresses for pool elements and pool users, with the SCTP port of the first one; auto: all of this host; no port: a random one',
  }),
  asapannounce: group({
    default: 'auto',
    text: 'Multicast group of the announces to pool elements and pool users; default port 3863; auto: 239.0.0.50, or 239.0.0.60 with SCTP over UDP',
  }),
  announcettl: number({
    ...{ default: 30, min: 1, max: 255 },
    text: 'Time to live of multicast announces: how many routers they may pass',
  }),
  identifier: identifier({ default: 0, text: 'Identifier of this registrar' }),
  autoclosetimeout: number({
    ...{ default: 300, unit: 's', min: 5, max: 2_000_000 },
    text: 'Time after which an association without messages is shut down',
  }),
  serverannouncecycle: number({
    ...{ default: 1_000, unit: 'ms', min: 100, max: 60_000 },
    text: 'Time between two announces to pool elements and pool users',
  }),
  endpointkeepalivetransmissioninterval: number({
    ...{ default: 5_000, unit: 'ms', min: 300, max: 300_000 },
    text: 'Time between two keep-alives to a pool element',
  }),
  endpointkeepalivetimeoutinterval: number({
    ...{ default: 5_000, unit: 'ms', min: 100, max: 60_000 },
    text: 'Time in which a pool element must acknowledge a keep-alive before it is removed',
  }),
  maxbadpereports: number({
    ...{ default: 3, min: 1, max: 1_000_000 },
    text: 'Reports of unreachability after which a pool element is removed',
  }),
  maxincrement: number({
    ...{ default: 0, min: 0, max: 128 },
    text: 'How many elements of an answer count as selected (0: policy default)',
  }),
  maxhresitems: number({
    ...{ default: 3, min: 1, max: 128 },
    text: 'Pool elements in the answer to a handle resolution that does not ask for a number',
  }),
  minaddressscope: choice(
    {
      default: undefined,
      auto: 'sitelocal, or loopback when every address of -asap is a loopback address',
      text: 'How far an address must reach to be registered and, with -asap=auto, to be used',
    },
    SCOPES,
  ),
  maxhrrate: number({
    ...{ default: -1, unit: 'per second', allowsFraction: true, max: 1_000_000 },
    text: 'Handle resolutions that one association may ask for; 0 or less: any number',
  }),
  maxeurate: number({
    ...{ default: -1, unit: 'per second', allowsFraction: true, max: 1_000_000 },
    text: 'Reports of unreachability that one association may send; 0 or less: any number',
  }),
  'disable-ipv6': flag('Use IPv4 only'),
};

const later = { isEffective: false };

const ENRP = {
  enrp: addressesOrAuto({
    default: 'auto',
    text: "ENRP addresses; the first address's port applies to all. Addresses of -asap and -enrp are combined",
  }),
  enrpannounce: group({
    ...{ default: 'auto' },
    text: 'Multicast group of the presences to peers; default port 9901; auto: 239.0.0.51, or 239.0.0.61 with SCTP over UDP',
  }),
  peer: peerList({
    ...{ default: [] },
    text: 'Addresses of one peer, with the SCTP port of the first one; default port 9901',
  }),
  maxelementsperhtrequest: number({
    ...{ default: 128, min: 1, max: 1_000_000 },
    text: 'Pool elements in one answer to a handle table request',
  }),
  distancestep: number({
    ...{ ...later, default: 50, unit: 'ms', min: 1, max: 3_600_000 },
    text: 'Step in which the distance to a pool element is measured',
  }),
  peerheartbeatcycle: number({
    ...{ default: 2_444.444, unit: 'ms', min: 1_000, max: 300_000 },
    allowsFraction: true,
    text: 'Time between two presences to a peer',
  }),
  peermaxtimelastheard: number({
    ...{ default: 5_000, unit: 'ms', min: 1_000, max: 300_000 },
    text: 'Silence after which a peer is probed',
  }),
  peermaxtimenoresponse: number({
    ...{ default: 5_000, unit: 'ms', min: 1_000, max: 60_000 },
    text: 'Time in which a probed peer must answer before it is taken over',
  }),
  mentordiscoverytimeout: number({
    ...{ default: 5_000, unit: 'ms', min: 1_000, max: 60_000 },
    text: 'Time in which a starting registrar looks for a mentor',
  }),
  takeoverexpiryinterval: number({
    ...{ default: 5_000, unit: 'ms', min: 1_000, max: 60_000 },
    text: 'Time in which the peers must agree to a takeover',
  }),
  supporttakeoversuggestion: flag('Suggest pool elements that peers should take over'),
};

const LOG = {
  logfile: file({ default: undefined, text: 'Write the log to FILE, overwriting it' }),
  logappend: file({ default: undefined, text: 'Append the log to FILE' }),
  loglevel: numberOrAuto({
    ...{ auto: '2, and the start and the peers on standard output', min: 0, max: 9 },
    text: '0 nothing, 1 errors, 2 warnings, 3 notes, 4 to 9 everything',
  }),
  logquiet: flag('The same as -loglevel=0'),
  logcolor: choice(
    {
      default: undefined,
      auto: 'on where the log goes to a terminal',
      text: 'Whether the log is coloured',
    },
    ['on', 'off'],
  ),
  quiet: flag('No text on standard output at start and end'),
};

const CSP = {
  cspserver: address({
    ...{ ...later, default: { host: '127.0.0.1', port: 2_960 } },
    text: 'Where status reports go; default port 2960; default taken from CSP_SERVER',
  }),
  cspinterval: number({
    ...{ ...later, default: 0, unit: 'ms', min: 0, max: 3_600_000 },
    text: 'Time between two status reports; 0: none are sent; default taken from CSP_INTERVAL',
  }),
};

const OWN = {
  transport: choice(
    { default: 'auto', text: 'SCTP backend; auto selects the best one available' },
    TRANSPORTS,
  ),
  udpport: port({
    ...{ default: undefined, auto: `${ENCAPSULATION_PORT} where it is needed` },
    text: 'Local UDP port of encapsulated SCTP, RFC 6951; if given, auto selects udp',
  }),
};

export const SECTIONS = {
  'Pool elements and pool users (ASAP)': ASAP,
  'Peers (ENRP)': ENRP,
  'Log and output': LOG,
  'Status reports (CSP)': CSP,
  'Not in rsplib': OWN,
} as const;

export const OPTIONS = { ...ASAP, ...ENRP, ...LOG, ...CSP, ...OWN };

export type OptionName = keyof typeof OPTIONS;
export type OptionValues = {
  readonly [Name in OptionName]: (typeof OPTIONS)[Name] extends Option<infer Value> ? Value : never;
};

/** For those who treat all options alike. */
export function optionNamed(name: OptionName): Option<unknown> {
  return OPTIONS[name] as Option<unknown>;
}

export const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[];

/** Deprecated names that rsplib still takes. */
export const ALIASES: Readonly<Record<string, OptionName>> = { enrpmulticast: 'enrpannounce' };

/** Options of rsplib's program that this one does not take, with what to do instead. */
export const NOT_TAKEN: Readonly<Record<string, string>> = {
  daemonpidfile: 'run it in the foreground under systemd or another supervisor',
  uptime: 'it was for tests; leave it out',
  downtime: 'it was for tests; leave it out',
  actionlogfile: 'use -loglevel=5 instead',
  statsfile: 'leave it out',
  statsinterval: 'leave it out',
  scalar: 'leave it out',
  object: 'leave it out',
};
