/**
 * Closed native objects that are reused. V8 frees a native object and the functions bound to it only in a full
 * collection. Without reuse, a program that keeps opening and closing a few objects has hundreds in memory.
 */

/** Beyond this number, closed objects are left to the garbage collector. */
const MOST_SPARES = 16;

export class Spares<Native> {
  readonly #spares: Native[] = [];
  #closed: Native | undefined;

  /** Returns an object to reopen, if there is one. */
  take(): Native | undefined {
    return this.#spares.pop();
  }

  /**
   * Takes back a closed object. The caller replaces it by the returned one, which is never reopened: a late call
   * must not reach the object's next user.
   */
  giveBack(native: Native): Native {
    this.#closed ??= native;
    if (native !== this.#closed && this.#spares.length < MOST_SPARES) this.#spares.push(native);
    return this.#closed;
  }
}
