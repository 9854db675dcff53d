/**
 * Memory for messages on their way out. They are short and many: taken from one large piece, they cost next to
 * nothing, where memory of its own for each would cost more than all the rest of an answer.
 */

/** Each piece is twice as large as the one before: a client that sends a few messages needs little. */
const FIRST_PIECE_BYTES = 1 << 12;
const LARGEST_PIECE_BYTES = 1 << 16;
/** Longer ones get memory of their own. */
const USUAL_BYTES = 2_048;

export class MessageMemory<Message> {
  readonly #encode: (message: Message) => Uint8Array;
  readonly #encodeInto: (message: Message, out: Uint8Array, offset: number) => number;
  #piece = new Uint8Array(0);
  #used = 0;
  #nextPieceBytes = FIRST_PIECE_BYTES;

  constructor(codec: {
    encode(message: Message): Uint8Array;
    encodeInto(message: Message, out: Uint8Array, offset: number): number;
  }) {
    this.#encode = codec.encode;
    this.#encodeInto = codec.encodeInto;
  }

  /** The encoded message: a view, which stays as it is. Throws what the codec throws. */
  encode(message: Message): Uint8Array {
    if (this.#piece.length - this.#used < USUAL_BYTES) {
      this.#piece = new Uint8Array(this.#nextPieceBytes);
      this.#nextPieceBytes = Math.min(2 * this.#nextPieceBytes, LARGEST_PIECE_BYTES);
      this.#used = 0;
    }
    const start = this.#used;
    const length = this.#write(message, this.#piece, start);
    if (length === undefined) return this.#encode(message);
    this.#used = start + length;
    return this.#piece.subarray(start, start + length);
  }

  /** `undefined`: it is too long, or cannot be written at all. */
  #write(message: Message, out: Uint8Array, offset: number): number | undefined {
    try {
      return this.#encodeInto(message, out, offset);
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }
}
