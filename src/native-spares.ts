/**
 * Native objects that were closed and wait to be opened again. V8 frees a native object and the functions bound
 * to it only when it collects its old generation: it takes no part of them for garbage before that. A program
 * that opens and closes a few at a time would have hundreds of them in memory.
 */

/** As many as a program may have open at a time that opens and closes all day. */
const MOST_SPARES = 16;

export class Spares<Native> {
  readonly #spares: Native[] = [];
  #closed: Native | undefined;

  /** Returns one to be opened again, if there is any. */
  take(): Native | undefined {
    return this.#spares.pop();
  }

  /**
   * Takes one back that is closed. Returns one that stays closed, which its user keeps in its place: calls that
   * come too late must not reach the next user's.
   */
  giveBack(native: Native): Native {
    this.#closed ??= native;
    if (native !== this.#closed && this.#spares.length < MOST_SPARES) this.#spares.push(native);
    return this.#closed;
  }
}
