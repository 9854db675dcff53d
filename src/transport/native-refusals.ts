/** What the native stack refuses, as errors that name the setting which is to be changed. */

import { ConfigError } from '../errors.ts';

/** The setting that each refusal of the native stack is about. */
const KEYS: Readonly<Record<string, string>> = {
  ADDRESS_NOT_LOCAL: 'localAddresses',
  UDP_PORT_IN_USE: 'udpPort',
  PERMISSION_DENIED: 'udpPort',
  PORT_IN_USE: 'port',
  NO_ROOM: 'maxAssociations',
  NO_ROUTE: 'localAddresses',
  INVALID_OPTION: 'transport',
  KERNEL_SCTP: 'transport',
  NO_RAW_SOCKETS: 'transport',
  SYSTEM: 'transport',
};

/** Makes a `ConfigError` of what the native stack refuses; `others` are keys that differ here. */
export function withKeys<Result>(
  action: () => Result,
  others: Readonly<Record<string, string>> = {},
): Result {
  try {
    return action();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const key = others[code] ?? KEYS[code];
    if (key === undefined) throw error;
    throw new ConfigError(key, (error as Error).message, { cause: error });
  }
}
