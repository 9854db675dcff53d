/** How transports and policies are shown to people, and how a policy is written on the command line. */

import { ConfigError } from '../errors.ts';
import type { Policy } from '../settings/policy.ts';
import { formatAddress } from '../types.ts';
import type { TransportParameter } from '../wire/parameters.ts';

/** `tcp 10.1.2.3:7`, `sctp [fd00::1]:3863 +1` */
export function describeTransport(transport: TransportParameter): string {
  if (transport.protocol === 'opaque') return `opaque (${transport.bytes.length} bytes)`;
  const { protocol, port, addresses } = transport;
  const [first = '?', ...others] = addresses;
  const more = others.length > 0 ? ` +${others.length}` : '';
  return `${protocol} ${formatAddress({ address: first, port })}${more}`;
}

/** The same for programs, and all of it: `{ protocol: 'tcp', addresses: ['10.1.2.3:7'] }` */
export function transportValue(transport: TransportParameter) {
  const { protocol } = transport;
  if (protocol === 'opaque') return { protocol, bytes: hex(transport.bytes) };
  const { port, addresses } = transport;
  const places = addresses.map((address) => formatAddress({ address, port }));
  return { protocol, addresses: places, ...(hasControl(transport) ? { control: true } : {}) };
}

/** Transport Use means something for SCTP alone (RFC 5354 §3.4). */
export function hasControl(transport: TransportParameter): boolean {
  return transport.protocol === 'sctp' && transport.transportUse !== 0;
}

/** `0x00ff` */
export function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

/** `roundRobin`, `weightedRandom weight=3`, `leastUsed load=0.25` */
export function describePolicy({ type, ...values }: Policy): string {
  const shown = Object.entries(values).flatMap(([name, value]) =>
    typeof value === 'number' ? [`${name}=${decimal(value)}`] : [],
  );
  return [type, ...shown].join(' ');
}

/** A number without an exponent: the smallest loads have ten decimals. */
function decimal(value: number): string {
  const text = String(value);
  return text.includes('e') ? value.toFixed(10).replace(/0+$/, '') : text;
}

/** `90 s`, `1500 ms`, `unlimited` */
export function describeLife(lifeMs: number): string {
  if (!Number.isFinite(lifeMs)) return 'unlimited';
  return lifeMs % 1_000 === 0 ? `${lifeMs / 1_000} s` : `${lifeMs} ms`;
}

/** The values that each policy is written with, in order: `NAME`, `NAME:VALUE`, `NAME:VALUE:VALUE`. */
const POLICY_VALUES: Readonly<Record<string, readonly string[]>> = {
  roundRobin: [],
  weightedRoundRobin: ['weight'],
  random: [],
  weightedRandom: ['weight'],
  priority: ['priority'],
  leastUsed: ['load'],
  leastUsedDegradation: ['load', 'loadDegradation'],
  priorityLeastUsed: ['load', 'loadDegradation'],
  randomizedLeastUsed: ['load'],
};

/** Loads are written as fractions from 0 to 1, weights and priorities as whole numbers. */
const FRACTIONS = new Set(['load', 'loadDegradation']);
const MAX_VALUE = 0xffff_ffff;

/** Reads `weightedRandom:3` or `leastUsed:0.25`; throws ConfigError with the names and values there are. */
export function parsePolicy(text: string): Policy {
  const [given = '', ...values] = text.split(':');
  const type = Object.keys(POLICY_VALUES).find(
    (name) => name.toLowerCase() === given.toLowerCase(),
  );
  const names = type === undefined ? undefined : POLICY_VALUES[type];
  if (type === undefined || names === undefined) {
    const known = Object.keys(POLICY_VALUES).join(', ');
    throw new ConfigError('policy', `There is no policy "${given}". Choose one of: ${known}.`);
  }
  if (values.length !== names.length) {
    const wanted = [type, ...names.map((name) => name.toUpperCase())].join(':');
    throw new ConfigError('policy', `Write the policy as ${wanted}.`);
  }
  const fields = names.map((name, i) => [name, parsePolicyValue(name, values[i] ?? '')]);
  return { type, ...Object.fromEntries(fields) } as Policy;
}

function parsePolicyValue(name: string, text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (FRACTIONS.has(name)) {
    if (value >= 0 && value <= 1) return value;
    throw new ConfigError('policy', `The ${name} "${text}" must be a fraction from 0 to 1.`);
  }
  if (Number.isInteger(value) && value >= 0 && value <= MAX_VALUE) return value;
  throw new ConfigError(
    'policy',
    `The ${name} "${text}" must be a whole number up to ${MAX_VALUE}.`,
  );
}
