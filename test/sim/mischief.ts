/**
 * What the applications of a scope do wrong: listeners and loggers throw at random, the same for the same seed.
 * Nothing may come of it but the exceptions themselves, each of which is handed over once.
 */

import type { Logger } from '../../src/protocol/logger.ts';
import { guardedLogger } from '../../src/runtime/guarded-logger.ts';
import type { Random } from './random.ts';

/** One call of so many throws. */
const CALLS_PER_EXCEPTION = 3;

/** One for all: thousands of stack traces take time. */
const EXCEPTION = new Error('an application threw');

export class Mischief {
  /** What the machines of the scope log to. */
  readonly log: Logger;
  thrown = 0;
  #handedOver = 0;
  readonly #random: Random | undefined;

  /** Without a random source nothing throws. */
  constructor(random: Random | undefined) {
    this.#random = random;
    const line = () => this.throwAtRandom();
    const log = { trace: line, debug: line, info: line, warn: line, error: line };
    this.log = guardedLogger(log, this.onException);
  }

  /** At the end of every listener and of every line that is logged. */
  throwAtRandom(): void {
    if (this.#random === undefined || this.#random(CALLS_PER_EXCEPTION) > 0) return;
    this.thrown += 1;
    throw EXCEPTION;
  }

  readonly onException = (error: unknown): void => {
    if (error !== EXCEPTION) throw error;
    this.#handedOver += 1;
  };

  /** Every exception has been handed over, and once. */
  get isAllHandedOver(): boolean {
    return this.thrown === this.#handedOver;
  }
}
