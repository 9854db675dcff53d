/** What a machine asks of a logger: the part of pino's that it uses. The default says nothing. */

import { having, type Kind } from '../settings/kind.ts';

export interface Logger {
  trace(fields: object, text: string): void;
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

/** Any object with these methods. */
export const logger: Kind<Logger> = having(
  'a logger with the methods trace, debug, info, warn and error, such as a pino logger',
  ['trace', 'debug', 'info', 'warn', 'error'],
);

const nothing = () => {};

export const SILENT: Logger = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};

/** Logged by whoever hears a message that is neither ASAP nor ENRP. */
export const UNKNOWN_PAYLOAD_PROTOCOL =
  'message ignored: its payload protocol identifier is not expected here';
