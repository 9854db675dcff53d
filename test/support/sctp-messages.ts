/**
 * What captured frames carry: SCTP packets with their chunks over IPv4 or IPv6, user messages put together
 * again, and UDP datagrams. Checksums are not looked at: captures on one machine have none (offload).
 * Associations are not followed: that is `../replay/conversation.ts`.
 */

import type { IpAddress, SctpAddress } from '../../src/types.ts';
import { formatIpAddress } from '../../src/wire/addresses.ts';
import { type CapturedFrame, readPcapng } from './pcapng.ts';

interface Captured {
  /** As Wireshark counts. */
  readonly frame: number;
  /** Milliseconds since the first frame of the capture, with fraction; frames may be out of order. */
  readonly atMs: number;
  readonly interface: number;
  readonly source: SctpAddress;
  readonly destination: SctpAddress;
}

export interface CapturedPacket extends Captured {
  readonly verificationTag: number;
  readonly chunks: readonly CapturedChunk[];
}

/** One user message; in several chunks: where the one came that completed it. Retransmissions are left out. */
export interface CapturedData {
  readonly type: 'DATA';
  /** Of its last chunk. */
  readonly tsn: number;
  readonly stream: number;
  readonly payloadProtocol: number;
  readonly payload: Uint8Array;
}

export interface CapturedInit {
  readonly type: 'INIT' | 'INIT_ACK';
  readonly initiateTag: number;
  /** The address parameters: what the sender has besides the packet's source address. */
  readonly addresses: readonly IpAddress[];
}

export type CapturedChunk =
  | CapturedData
  | CapturedInit
  | {
      readonly type: Exclude<(typeof CHUNK_TYPES)[number], 'DATA' | 'INIT' | 'INIT_ACK'> | 'OTHER';
    };

export interface CapturedMessage extends Captured, CapturedData {}

export interface CapturedDatagram extends Captured {
  readonly payload: Uint8Array;
}

/** The chunk types of RFC 9260 §3.2, by number. */
const CHUNK_TYPES = [
  ...(['DATA', 'INIT', 'INIT_ACK', 'SACK', 'HEARTBEAT', 'HEARTBEAT_ACK', 'ABORT'] as const),
  ...(['SHUTDOWN', 'SHUTDOWN_ACK', 'ERROR', 'COOKIE_ECHO', 'COOKIE_ACK'] as const),
  ...(['ECNE', 'CWR', 'SHUTDOWN_COMPLETE'] as const),
] as const;

const ETHERTYPE = { IPV4: 0x0800, IPV6: 0x86dd } as const;
const IP_PROTOCOL = { UDP: 17, SCTP: 132 } as const;
const INIT_PARAMETER = { IPV4: 5, IPV6: 6 } as const;

/** Every SCTP packet of a pcapng file. */
export function readSctpPackets(file: Uint8Array): CapturedPacket[] {
  const reassembly = new Reassembly();
  return readPcapng(file).flatMap((frame) => {
    const ip = ipPacketIn(frame);
    if (ip?.protocol !== IP_PROTOCOL.SCTP) return [];
    const verificationTag = ip.payload.getUint32(4);
    const direction = `${ip.payload.getUint32(0)}/${verificationTag}`; // both ports, receiver's tag
    const chunks = readChunks(ip.payload, direction, reassembly);
    return [{ ...ip.captured, verificationTag, chunks }];
  });
}

/** Every user message of a pcapng file, in the order of its frames. */
export function readSctpMessages(file: Uint8Array): CapturedMessage[] {
  return readSctpPackets(file).flatMap(({ chunks, verificationTag: _, ...captured }) =>
    chunks.filter((chunk) => chunk.type === 'DATA').map((data) => ({ ...captured, ...data })),
  );
}

/** Every UDP datagram of a pcapng file. */
export function readUdpDatagrams(file: Uint8Array): CapturedDatagram[] {
  return readPcapng(file).flatMap((frame) => {
    const ip = ipPacketIn(frame);
    if (ip?.protocol !== IP_PROTOCOL.UDP) return [];
    const payload = bytesOf(ip.payload, 8, ip.payload.getUint16(4));
    return [{ ...ip.captured, payload }];
  });
}

interface IpPacket {
  readonly protocol: number;
  readonly payload: DataView;
  /** Frame, time, addresses; the ports are where SCTP and UDP both have them. */
  readonly captured: Captured;
}

function ipPacketIn({ bytes, ...frame }: CapturedFrame): IpPacket | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const etherType = view.getUint16(12);
  if (etherType === ETHERTYPE.IPV4) {
    const headerLength = (view.getUint8(14) & 0x0f) * 4;
    if ((view.getUint16(20) & 0x3fff) !== 0) throw new Error(`Frame ${frame.frame} is a fragment.`);
    const [start, end] = [14 + headerLength, 14 + view.getUint16(16)];
    return ipPacket(frame, view, view.getUint8(23), { at: 26, length: 4 }, start, end);
  }
  if (etherType === ETHERTYPE.IPV6) {
    const end = 54 + view.getUint16(18); // extension headers: none in SCTP and UDP packets so far
    return ipPacket(frame, view, view.getUint8(20), { at: 22, length: 16 }, 54, end);
  }
  return undefined;
}

function ipPacket(
  frame: Omit<CapturedFrame, 'bytes'>,
  view: DataView,
  protocol: number,
  addresses: { at: number; length: number },
  start: number,
  end: number,
): IpPacket | undefined {
  if (protocol !== IP_PROTOCOL.SCTP && protocol !== IP_PROTOCOL.UDP) return undefined;
  const payload = new DataView(view.buffer, view.byteOffset + start, end - start);
  const endpoint = (index: number) => {
    const at = addresses.at + index * addresses.length;
    const address = formatIpAddress(bytesOf(view, at, at + addresses.length));
    return { address, port: payload.getUint16(index * 2) };
  };
  const captured = { ...frame, source: endpoint(0), destination: endpoint(1) };
  return { protocol, payload, captured };
}

function readChunks(packet: DataView, direction: string, reassembly: Reassembly): CapturedChunk[] {
  const chunks: CapturedChunk[] = [];
  for (let at = 12; at + 4 <= packet.byteLength; ) {
    const type = CHUNK_TYPES[packet.getUint8(at)] ?? 'OTHER';
    const length = packet.getUint16(at + 2);
    if (length < 4) throw new Error(`A chunk of length ${length} in an SCTP packet.`);
    const end = at + length;
    if (type === 'DATA') {
      const data = reassembly.add(direction, packet.getUint8(at + 1), {
        type,
        tsn: packet.getUint32(at + 4),
        stream: packet.getUint16(at + 8),
        payloadProtocol: packet.getUint32(at + 12),
        payload: bytesOf(packet, at + 16, end),
      });
      if (data !== undefined) chunks.push(data);
    } else if (type === 'INIT' || type === 'INIT_ACK') {
      const addresses = addressParameters(packet, at + 20, end);
      chunks.push({ type, initiateTag: packet.getUint32(at + 4), addresses });
    } else {
      chunks.push({ type });
    }
    at = end + (-length & 3);
  }
  return chunks;
}

/** RFC 9260 §3.3.2.1 */
function addressParameters(packet: DataView, start: number, end: number): IpAddress[] {
  const addresses: IpAddress[] = [];
  for (let at = start; at + 4 <= end; ) {
    const type = packet.getUint16(at);
    const length = packet.getUint16(at + 2);
    if (length < 4) throw new Error(`An INIT parameter of length ${length}.`);
    if (type === INIT_PARAMETER.IPV4 || type === INIT_PARAMETER.IPV6) {
      addresses.push(formatIpAddress(bytesOf(packet, at + 4, at + length)));
    }
    at += length + (-length & 3);
  }
  return addresses;
}

/** Puts the chunks of one user message together again (RFC 9260 §6.9), in whatever order they were seen. */
class Reassembly {
  readonly #chunks = new Map<string, { readonly flags: number; readonly data: CapturedData }>();

  /** The message that this chunk completes. */
  add(direction: string, flags: number, data: CapturedData): CapturedData | undefined {
    const key = (tsn: number) => `${direction}/${tsn >>> 0}`;
    if (this.#chunks.has(key(data.tsn))) return undefined; // retransmitted
    this.#chunks.set(key(data.tsn), { flags, data });

    let first = data.tsn;
    while (!this.#hasFlag(key(first), BEGINNING)) {
      first -= 1;
      if (!this.#chunks.has(key(first))) return undefined;
    }
    const fragments: CapturedData[] = [];
    for (let tsn = first; ; tsn += 1) {
      const chunk = this.#chunks.get(key(tsn));
      if (chunk === undefined) return undefined;
      fragments.push(chunk.data);
      if (chunk.flags & ENDING) break;
    }
    const last = fragments.at(-1) as CapturedData;
    return { ...last, payload: Buffer.concat(fragments.map(({ payload }) => payload)) };
  }

  #hasFlag(key: string, flag: number): boolean {
    return ((this.#chunks.get(key)?.flags ?? 0) & flag) !== 0;
  }
}

const BEGINNING = 0x02;
const ENDING = 0x01;

function bytesOf(view: DataView, start: number, end: number): Uint8Array {
  if (end > view.byteLength) throw new Error('A captured packet is cut off.');
  return new Uint8Array(view.buffer, view.byteOffset + start, end - start);
}
