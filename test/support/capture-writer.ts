/**
 * Writes pcapng files of Ethernet frames with IPv4 and SCTP DATA, to be read by tshark and by `pcapng.ts`.
 * Checksums are left 0: neither looks at them unless told to.
 */

const BYTE_ORDER_MAGIC = 0x1a2b_3c4d;
const MICROSECONDS = 1000; // units per millisecond, the default of the format

export interface DataChunk {
  readonly tsn: number;
  readonly payloadProtocol: number;
  readonly payload: Uint8Array;
  /** First and last chunk of a user message; both by default. */
  readonly isBeginning?: boolean;
  readonly isEnding?: boolean;
}

/** A big-endian file with one Ethernet interface; one frame per millisecond. */
export function writePcapng(frames: readonly Uint8Array[]): Buffer {
  const sectionHeader = u32s(BYTE_ORDER_MAGIC, 0x0001_0000, 0xffff_ffff, 0xffff_ffff);
  const ethernet = u32s(0x0001_0000, 0);
  const blocks = [block(0x0a0d_0d0a, sectionHeader), block(1, ethernet)];
  for (const [index, frame] of frames.entries()) {
    const length = frame.length;
    const body = [u32s(0, 0, index * MICROSECONDS, length, length), frame, padding(length)];
    blocks.push(block(6, Buffer.concat(body)));
  }
  return Buffer.concat(blocks);
}

/** An Ethernet frame with one SCTP packet of DATA chunks from 10.0.0.1:1001 to 10.0.0.2:3863. */
export function sctpFrame(chunks: readonly DataChunk[]): Buffer {
  const ethernet = Buffer.from('0200000000020200000000010800', 'hex');
  const sctp = Buffer.concat([u32s((1001 << 16) | 3863, 0x1122_3344, 0), ...chunks.map(dataChunk)]);
  const length = 20 + sctp.length;
  const ip = u32s((0x4500 << 16) | length, 0, (0x4084 << 16) | 0, 0x0a00_0001, 0x0a00_0002);
  return Buffer.concat([ethernet, ip, sctp]);
}

/** RFC 9260 §3.3.1 */
function dataChunk(chunk: DataChunk): Buffer {
  const { tsn, payloadProtocol, payload, isBeginning = true, isEnding = true } = chunk;
  const flags = (isBeginning ? 0x02 : 0) | (isEnding ? 0x01 : 0);
  const header = u32s((flags << 16) | (16 + payload.length), tsn, tsn & 0xffff, payloadProtocol);
  return Buffer.concat([header, payload, padding(payload.length)]);
}

function block(type: number, body: Uint8Array): Buffer {
  const length = 12 + body.length;
  return Buffer.concat([u32s(type, length), body, u32s(length)]);
}

function padding(length: number): Uint8Array {
  return new Uint8Array(-length & 3);
}

function u32s(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, 4 * index);
  return bytes;
}
