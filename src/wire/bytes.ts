/**
 * Big-endian numbers in byte arrays: reading by index, writing through a cursor. Byte indexing is several
 * times quicker here than `Buffer.readUInt32BE`. What the numbers mean is everybody else's business.
 */

export const EMPTY = new Uint8Array(0);

/** So few bytes are copied quicker one by one than by `set`. */
const FEW = 64;

export function readU16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
}

export function readU32(bytes: Uint8Array, offset: number): number {
  return ((readU16(bytes, offset) << 16) | readU16(bytes, offset + 2)) >>> 0;
}

/** The next multiple of 4. */
export function aligned(length: number): number {
  return (length + 3) & ~3;
}

/**
 * A cursor over bytes that are being written. Values are checked, since they come from callers: TypeError
 * for a wrong type, RangeError for a wrong value or when a given buffer is too small.
 */
export class ByteWriter {
  bytes: Uint8Array;
  position: number;
  readonly start: number;
  readonly #mayGrow: boolean;

  private constructor(bytes: Uint8Array, start: number, mayGrow: boolean) {
    this.bytes = bytes;
    this.start = start;
    this.position = start;
    this.#mayGrow = mayGrow;
  }

  /** Writes into memory of its own, as much as it takes. */
  static growing(): ByteWriter {
    return new ByteWriter(new Uint8Array(256), 0, true);
  }

  /** Writes into `bytes` from `offset` on. */
  static into(bytes: Uint8Array, offset: number): ByteWriter {
    if (!(bytes instanceof Uint8Array)) throw new TypeError('The buffer must be a Uint8Array.');
    if (!Number.isInteger(offset) || offset < 0 || offset > bytes.length) {
      throw new RangeError(`The offset ${offset} is not in a buffer of ${bytes.length} bytes.`);
    }
    return new ByteWriter(bytes, offset, false);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.position - this.start;
  }

  /** What was written; a view. */
  written(): Uint8Array {
    return this.bytes.subarray(this.start, this.position);
  }

  u16(value: number, what: string): void {
    checkWhole(value, 0xffff, what);
    const at = this.#advance(2);
    this.bytes[at] = value >>> 8;
    this.bytes[at + 1] = value;
  }

  u32(value: number, what: string): void {
    checkWhole(value, 0xffff_ffff, what);
    const at = this.#advance(4);
    this.bytes[at] = value >>> 24;
    this.bytes[at + 1] = value >>> 16;
    this.bytes[at + 2] = value >>> 8;
    this.bytes[at + 3] = value;
  }

  raw(value: Uint8Array, what: string): void {
    if (!(value instanceof Uint8Array)) throw new TypeError(`The ${what} must be a Uint8Array.`);
    const at = this.#advance(value.length); // may replace `this.bytes`
    if (value.length > FEW) this.bytes.set(value, at);
    else for (let i = 0; i < value.length; i += 1) this.bytes[at + i] = value[i] as number;
  }

  /** Fills up with zero octets to a multiple of 4, counted from where the writer started. */
  align(): void {
    const padding = -this.length & 3;
    if (padding === 0) return;
    const at = this.#advance(padding);
    this.bytes.fill(0, at, at + padding);
  }

  /** Makes room; returns where it begins. */
  #advance(count: number): number {
    const at = this.position;
    const end = at + count;
    if (end > this.bytes.length) {
      if (!this.#mayGrow)
        throw new RangeError(`A buffer of ${this.bytes.length} bytes is too small.`);
      const larger = new Uint8Array(Math.max(end, 2 * this.bytes.length));
      larger.set(this.bytes);
      this.bytes = larger;
    }
    this.position = end;
    return at;
  }
}

/** Throws unless `value` is a whole number from 0 to `maximum`. */
export function checkWhole(value: number, maximum: number, what: string): void {
  if (typeof value !== 'number') throw new TypeError(`The ${what} must be a number.`);
  if (!Number.isInteger(value) || value < 0 || value > maximum) {
    throw new RangeError(`The ${what} is a whole number from 0 to ${maximum}, not ${value}.`);
  }
}
