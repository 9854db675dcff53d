/** A logger of the application as the library uses it: what the application's throws ends nothing. */

import { type Logger, SILENT } from '../protocol/logger.ts';
import { attempt, type ExceptionHandler, rethrowLater } from './application-calls.ts';

/**
 * Passes every line on to `log`. Machines log in the middle of a step: an exception goes to `onException`, by default to
 * be thrown again on the next tick, and the step goes on. Without a logger: silence.
 */
export function guardedLogger(
  log: Logger | undefined,
  onException: ExceptionHandler = rethrowLater,
): Logger {
  if (log == null || log === SILENT) return SILENT;
  // The method is looked up with every line: pino replaces its methods when its level changes.
  const passOn = (level: keyof Logger) => (fields: object, text: string) =>
    attempt(() => log[level](fields, text), onException);
  return {
    trace: passOn('trace'),
    debug: passOn('debug'),
    info: passOn('info'),
    warn: passOn('warn'),
    error: passOn('error'),
  };
}
