/**
 * Reads pcapng capture files (the IETF draft "PCAP Now Generic"): link-layer frames with their number, time
 * and interface. What is in a frame is `sctp-messages.ts`.
 */

export interface CapturedFrame {
  /** Counted from 1 over the whole file, as Wireshark does. */
  readonly frame: number;
  /** Milliseconds since the first frame of the file, with fraction. */
  readonly atMs: number;
  /** Number of the interface, counted from 0 in the order of the file. */
  readonly interface: number;
  /** An Ethernet frame, possibly cut off by the capture's limit. */
  readonly bytes: Uint8Array;
}

const SECTION_HEADER = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION = 1;
const ENHANCED_PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b_3c4d;
const LINK_ETHERNET = 1;
const OPTION_END = 0;
const OPTION_TIME_RESOLUTION = 9;

export function readPcapng(file: Uint8Array): CapturedFrame[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const frames: CapturedFrame[] = [];
  const unitsPerMs: number[] = []; // of each interface
  let isLittleEndian = true;
  let firstAtMs: number | undefined;

  for (let at = 0; at < file.length; ) {
    const isSection = view.getUint32(at) === SECTION_HEADER; // the same in both byte orders
    if (isSection) {
      isLittleEndian = view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC;
      unitsPerMs.length = 0;
    }
    const u32 = (offset: number) => view.getUint32(offset, isLittleEndian);
    const type = isSection ? SECTION_HEADER : u32(at);
    const length = u32(at + 4);
    if (length < 12 || length % 4 !== 0 || at + length > file.length) {
      throw new Error(`The pcapng block at ${at} has the length ${length}.`);
    }
    if (type === INTERFACE_DESCRIPTION) {
      const linkType = view.getUint16(at + 8, isLittleEndian);
      if (linkType !== LINK_ETHERNET) throw new Error(`Link type ${linkType} is not Ethernet.`);
      unitsPerMs.push(unitsPerMsOf(view, at + 16, at + length - 4, isLittleEndian));
    } else if (type === ENHANCED_PACKET) {
      const id = u32(at + 8);
      const units = u32(at + 12) * 2 ** 32 + u32(at + 16);
      const epochMs = units / (unitsPerMs[id] ?? Number.NaN);
      firstAtMs ??= epochMs;
      const bytes = file.subarray(at + 28, at + 28 + u32(at + 20));
      frames.push({ frame: frames.length + 1, atMs: epochMs - firstAtMs, interface: id, bytes });
    }
    at += length;
  }
  return frames;
}

/** if_tsresol: a negative power of 10, or of 2 when the highest bit is set; microseconds when absent. */
function unitsPerMsOf(view: DataView, start: number, end: number, isLittleEndian: boolean): number {
  for (let at = start; at + 4 <= end; ) {
    const code = view.getUint16(at, isLittleEndian);
    const length = view.getUint16(at + 2, isLittleEndian);
    if (code === OPTION_END) break;
    if (code === OPTION_TIME_RESOLUTION) {
      const exponent = view.getUint8(at + 4);
      return (exponent & 0x80 ? 2 ** (exponent & 0x7f) : 10 ** exponent) / 1000;
    }
    at += 4 + length + (-length & 3);
  }
  return 1000;
}
