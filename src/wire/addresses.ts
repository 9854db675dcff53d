/**
 * IP addresses as bytes and as canonical text: dotted decimal, and RFC 5952 for IPv6. An IPv4-mapped IPv6
 * address (::ffff:a.b.c.d) is its IPv4 address everywhere, as rsplib writes it, so that one address has one
 * text. Scope identifiers and ports are no part of an address.
 */

import type { IpAddress } from '../types.ts';

/** Canonical text of the 4 or 16 bytes of an address; RangeError for any other number of bytes. */
export function formatIpAddress(bytes: Uint8Array): IpAddress {
  if (bytes.length === 4) return dotted(bytes, 0);
  if (bytes.length !== 16) {
    throw new RangeError(`An IP address has 4 or 16 bytes, not ${bytes.length}.`);
  }
  if (isMapped(bytes)) return dotted(bytes, 12);
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] as number) << 8) | (bytes[2 * i + 1] as number)).toString(16),
  );
  const zeros = longestZeros(groups);
  if (zeros.length < 2) return groups.join(':'); // "MUST NOT be used to shorten just one" (RFC 5952 §4.2.2)
  const after = zeros.start + zeros.length;
  return `${groups.slice(0, zeros.start).join(':')}::${groups.slice(after).join(':')}`;
}

/** The 4 or 16 bytes of an address in any usual text form; TypeError when it is none. */
export function parseIpAddress(text: string): Uint8Array {
  const bytes = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
  if (bytes === undefined) {
    throw new TypeError(`"${text}" is not an IP address: write it like 10.1.2.3 or 2001:db8::1.`);
  }
  return bytes.length === 16 && isMapped(bytes) ? bytes.subarray(12) : bytes;
}

/** Every message that names a pool element brings some. */
function dotted(bytes: Uint8Array, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

function isMapped(bytes: Uint8Array): boolean {
  for (let i = 0; i < 10; i += 1) if (bytes[i] !== 0) return false;
  return bytes[10] === 0xff && bytes[11] === 0xff;
}

/** The longest run of zero groups, the first one of several (RFC 5952 §4.2.3). */
function longestZeros(groups: readonly string[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; ) {
    let length = 0;
    while (groups[start + length] === '0') length += 1;
    if (length > longest.length) longest = { start, length };
    start += length + 1;
  }
  return longest;
}

/** Character by character: every registration brings some. */
function parseIpv4(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(4);
  let part = 0;
  let digits = 0;
  let value = 0;
  for (let i = 0; i < text.length; i += 1) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit === DOT && digits > 0 && part < 3) {
      bytes[part++] = value;
      digits = value = 0;
    } else {
      // No leading zeros: some read them as octal.
      const isLeadingZero = digits === 1 && value === 0;
      value = value * 10 + digit;
      digits += 1;
      if (digit < 0 || digit > 9 || isLeadingZero || value > 255) return undefined;
    }
  }
  bytes[part] = value;
  return part === 3 && digits > 0 ? bytes : undefined;
}

const ZERO = '0'.charCodeAt(0);
const DOT = '.'.charCodeAt(0) - ZERO;

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::').map(parseGroups);
  const [before, after] = halves;
  if (before === undefined || halves.length > 2) return undefined;
  if (halves.length === 1) return before.length === 16 ? Uint8Array.from(before) : undefined;
  if (after === undefined || before.length + after.length > 14) return undefined;
  const bytes = new Uint8Array(16);
  bytes.set(before);
  bytes.set(after, 16 - after.length);
  return bytes;
}

/** The bytes of `2001:db8` or `ffff:1.2.3.4`; nothing for an empty text. */
function parseGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  const bytes: number[] = [];
  for (const [index, group] of groups.entries()) {
    const isLast = index === groups.length - 1;
    const embedded = isLast && group.includes('.') ? parseIpv4(group) : undefined;
    if (embedded !== undefined) bytes.push(...embedded);
    else if (/^[\da-f]{1,4}$/i.test(group))
      bytes.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff);
    else return undefined;
  }
  return bytes;
}
