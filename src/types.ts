/** The few types that every room shares, with what makes and prints their values. */

declare const brand: unique symbol;
type Branded<Name extends string> = number & { readonly [brand]: Name };

/** An instant or a duration in integer milliseconds. Instants come from a monotonic clock. */
export type Milliseconds = number;

/** A registrar's 32-bit identifier, never 0 for a real registrar (RFC 5353 §2.1). */
export type RegistrarId = Branded<'RegistrarId'>;

/** A pool element's 32-bit identifier, never 0 (RFC 5354 §3.14). */
export type PoolElementId = Branded<'PoolElementId'>;

/** One SCTP association of this process: u32, never reused while the process runs. */
export type AssociationId = Branded<'AssociationId'>;

/** An IP address in its canonical text form (RFC 5952 for IPv6), without scope identifier. */
export type IpAddress = string;

/** One SCTP transport address. The UDP port of an encapsulated association (RFC 6951) is not part of it. */
export interface SctpAddress {
  readonly address: IpAddress;
  readonly port: number;
}

/** SCTP port that IANA assigned to ASAP (RFC 5352 §8.2). */
export const ASAP_PORT = 3863;

/** SCTP port that IANA assigned to ENRP (RFC 5353 §5.3). */
export const ENRP_PORT = 9901;

/** SCTP payload protocol identifiers (RFC 5352 §8.3, RFC 5353 §5.4). */
export const PAYLOAD_PROTOCOL = { ASAP: 11, ENRP: 12 } as const;

/** Makes a registrar's identifier of a number from 1 to 0xffffffff; RangeError for anything else. */
export function registrarId(id: number): RegistrarId {
  return identifier('registrar', id) as RegistrarId;
}

/** Makes a pool element's identifier of a number from 1 to 0xffffffff; RangeError for anything else. */
export function poolElementId(id: number): PoolElementId {
  return identifier('pool element', id) as PoolElementId;
}

function identifier(what: string, id: number): number {
  if (Number.isInteger(id) && id >= 1 && id <= 0xffff_ffff) return id;
  throw new RangeError(`A ${what} identifier is a whole number from 1 to 0xffffffff, not ${id}.`);
}

/** Prints any 32-bit identifier the way logs, tables and the RFCs do: `0x0000cafe`. */
export function formatId(id: number): string {
  return `0x${(id >>> 0).toString(16).padStart(8, '0')}`;
}

/** `10.1.2.3:3863`, `[fd00::1]:3863` */
export function formatAddress({ address, port }: SctpAddress): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}

/** A pool handle is bytes; printable ASCII is shown as it is, anything else as hexadecimal. */
export function formatPoolHandle(poolHandle: Uint8Array): string {
  const isPrintable =
    poolHandle.length > 0 && poolHandle.every((byte) => byte > 0x20 && byte < 0x7f);
  const bytes = Buffer.from(poolHandle.buffer, poolHandle.byteOffset, poolHandle.byteLength);
  return isPrintable ? bytes.toString('latin1') : `0x${bytes.toString('hex')}`;
}
