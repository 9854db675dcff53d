/**
 * Calls into the application: listeners, loggers, callbacks. What they throw is the application's business and must
 * not end the work in the middle of which they are called.
 */

import process from 'node:process';

/** Receives what code of the application has thrown. */
export type ExceptionHandler = (error: unknown) => void;

/** Throws it again where nothing of this library is under way: `uncaughtException` of the process sees it. */
export const rethrowLater: ExceptionHandler = (error) => {
  process.nextTick(() => {
    throw error;
  });
};

/** Calls `call` and hands what it throws to `onException`. */
export function attempt(call: () => unknown, onException: ExceptionHandler): void {
  try {
    call();
  } catch (error) {
    onException(error);
  }
}
