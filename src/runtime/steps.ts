/**
 * The order of everything that happens to one object of the application, which runs on one driver or, if it is a
 * registrar, on two. A step is one input and everything that it causes. All outputs of a step are performed first:
 * messages, timers, and promises, which are settled. The application is called afterwards. So it cannot leave a
 * step half done, whatever it throws, and may use the object again.
 */

import { attempt, type ExceptionHandler, rethrowLater } from './application-calls.ts';

export class Steps {
  readonly #onException: ExceptionHandler;
  readonly #waiting: (() => void)[] = [];
  readonly #calls: (() => void)[] = [];
  #isUnderWay = false;
  #isCalling = false;

  /** `onException` receives what the application throws. Default: it is thrown again on the next tick. */
  constructor(onException: ExceptionHandler = rethrowLater) {
    this.#onException = onException;
  }

  /**
   * Runs a step. While another one is under way, which a logger may use to call the library, it waits for the end of
   * that one.
   *
   * @param onRefused receives what the step throws. Default: it is thrown; if the step has to wait, `onException`
   */
  run(step: () => void, onRefused?: ExceptionHandler): void {
    if (this.#isUnderWay) {
      this.#waiting.push(() => attempt(step, onRefused ?? this.#onException));
      return;
    }
    this.#isUnderWay = true;
    try {
      if (onRefused === undefined) step();
      else attempt(step, onRefused);
    } finally {
      for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) next();
      this.#isUnderWay = false;
    }
  }

  /** Keeps a call of the application until `callApplication`. */
  callLater(call: () => void): void {
    this.#calls.push(call);
  }

  /**
   * Makes the calls that were kept, in order, each also when an earlier one threw. Those that come up meanwhile, because
   * the application has used the object, are made at the end of the same loop.
   */
  callApplication(): void {
    if (this.#calls.length === 0 || this.#isUnderWay || this.#isCalling) return;
    this.#isCalling = true;
    for (const call of this.#calls) attempt(call, this.#onException);
    this.#calls.length = 0;
    this.#isCalling = false;
  }
}
