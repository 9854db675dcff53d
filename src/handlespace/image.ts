/**
 * Numbers and bytes of pool elements as native code lays them out in memory (`native/binding/src/image.rs`
 * has the table). Reading them here makes no object but the ones asked for.
 */

import type { Milliseconds } from '../types.ts';

/** Where things lie in the image of a pool element, in bytes from its start. */
const AT = {
  totalBytes: 0,
  id: 4,
  homeRegistrarId: 8,
  association: 12,
  unreachableReports: 16,
  flags: 20,
  timer: 24,
  poolHandleBytes: 28,
  expiresAt: 32,
  recordBytes: 40,
  annexBytes: 44,
  poolHandle: 48,
} as const;

const FLAG = { isWatched: 1, awaitsAcknowledgement: 2, disagrees: 4 } as const;

/** In a batch: how many images, and the token to go on with; then the images. */
const BATCH_HEAD_BYTES = 8;

/** A copy that native code has no part in any more; never changes. */
export class Image {
  readonly #view: DataView;

  constructor(bytes: Uint8Array, offset: number, length: number) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset + offset, length);
  }

  get id(): number {
    return wordAt(this.#view, AT.id);
  }

  get homeRegistrarId(): number {
    return wordAt(this.#view, AT.homeRegistrarId);
  }

  get association(): number {
    return wordAt(this.#view, AT.association);
  }

  get unreachableReports(): number {
    return wordAt(this.#view, AT.unreachableReports);
  }

  get isWatched(): boolean {
    return (wordAt(this.#view, AT.flags) & FLAG.isWatched) !== 0;
  }

  get awaitsAcknowledgement(): boolean {
    return (wordAt(this.#view, AT.flags) & FLAG.awaitsAcknowledgement) !== 0;
  }

  get disagrees(): boolean {
    return (wordAt(this.#view, AT.flags) & FLAG.disagrees) !== 0;
  }

  /** Number of the timer that was due; 0 outside `expire`. */
  get timer(): number {
    return wordAt(this.#view, AT.timer);
  }

  get expiresAt(): Milliseconds {
    return this.#view.getFloat64(AT.expiresAt, isLittleEndian);
  }

  get poolHandle(): Uint8Array {
    return this.#bytes(0, wordAt(this.#view, AT.poolHandleBytes));
  }

  /** The encoded Pool Element parameter, without ASAP transport. */
  get record(): Uint8Array {
    return this.#bytes(wordAt(this.#view, AT.poolHandleBytes), wordAt(this.#view, AT.recordBytes));
  }

  /** The encoded ASAP transport; empty when there is none. */
  get annex(): Uint8Array {
    const offset = wordAt(this.#view, AT.poolHandleBytes) + wordAt(this.#view, AT.recordBytes);
    return this.#bytes(offset, wordAt(this.#view, AT.annexBytes));
  }

  /** One behind the other. */
  get recordAndAnnex(): Uint8Array {
    const bytes = wordAt(this.#view, AT.recordBytes) + wordAt(this.#view, AT.annexBytes);
    return this.#bytes(wordAt(this.#view, AT.poolHandleBytes), bytes);
  }

  copy(): Image {
    const { buffer, byteOffset, byteLength } = this.#view;
    return copyImage(new Uint8Array(buffer, byteOffset, byteLength), byteLength);
  }

  #bytes(offset: number, length: number): Uint8Array {
    const { buffer, byteOffset } = this.#view;
    return new Uint8Array(buffer, byteOffset + AT.poolHandle + offset, length);
  }
}

/** The image at the start of `bytes`, copied: the desk, for example, is used again by the next call. */
export function copyImage(bytes: Uint8Array, length: number): Image {
  // From Node's pool, and octet by octet: memory of its own would cost more than all the rest of a look-up.
  const copy = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i += 1) copy[i] = bytes[i] as number;
  return new Image(copy, 0, length);
}

/** Of the image at the start of `desk`, whose words these are; nothing is copied. */
export function associationIn(words: Uint32Array): number {
  return words[AT.association / 4] as number;
}

/** The images of a batch, each over the memory of the batch. */
export function imagesOf(batch: Uint8Array): Image[] {
  const view = viewOf(batch);
  let offset = BATCH_HEAD_BYTES;
  return Array.from({ length: wordAt(view, 0) }, () => {
    const length = wordAt(view, offset + AT.totalBytes);
    const image = new Image(batch, offset, length);
    offset += length;
    return image;
  });
}

/** The token to go on with; 0: that was the end. */
export function nextOf(batch: Uint8Array): number {
  return wordAt(viewOf(batch), 4);
}

export interface PoolImage {
  readonly poolHandle: Uint8Array;
  readonly policyType: number;
  readonly poolElementCount: number;
}

export function poolsOf(batch: Uint8Array): PoolImage[] {
  const view = viewOf(batch);
  let offset = BATCH_HEAD_BYTES;
  return Array.from({ length: wordAt(view, 0) }, () => {
    const poolHandle = batch.subarray(offset + 16, offset + 16 + wordAt(view, offset + 12));
    const policyType = wordAt(view, offset + 4);
    const poolElementCount = wordAt(view, offset + 8);
    offset += wordAt(view, offset);
    return { poolHandle, policyType, poolElementCount };
  });
}

/** Native code uses the byte order of the machine. */
const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function wordAt(view: DataView, offset: number): number {
  return view.getUint32(offset, isLittleEndian);
}
