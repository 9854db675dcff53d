/** What a stack of the `memory` backend can be told beyond the settings that every backend has. */

import type { Arena } from '../native.ts';
import { checkInteger, completeStackOptions, type PartialStackOptions } from './options.ts';
import type { SctpStackOptions } from './transport.ts';

export interface MemoryArenas {
  readonly inbound: Arena;
  readonly outbound: Arena;
}

export interface MemoryStackSettings extends SctpStackOptions {
  /**
   * Octets of messages per association that are kept, acknowledged, until the process reads: the receive window
   * (RFC 9260 §6.2). At least `maxMessageBytes`. Default as `udp` has it: two of the longest messages, but no
   * less than 131 072.
   */
  readonly receiveBufferBytes: number;
  /**
   * Octets of packets that wait while a host is frozen, as in the socket of SCTP in user space; what is beyond
   * is lost. As many of announces wait while a process does not read. Default 262 144.
   */
  readonly socketBufferBytes: number;
}

export type MemoryStackOptions = PartialStackOptions & {
  readonly receiveBufferBytes?: number | undefined;
  readonly socketBufferBytes?: number | undefined;
  /** Memory for `sendInPlace` and for received messages, for example a handlespace's own. */
  readonly arenas?: MemoryArenas;
};

/** Fills in the defaults. Throws `ConfigError` that names the setting and says what it should be. */
export function completeMemoryOptions(options: MemoryStackOptions): MemoryStackSettings {
  const { arenas: _, receiveBufferBytes, socketBufferBytes = 262_144, ...others } = options;
  const complete = completeStackOptions(others);
  const { maxMessageBytes } = complete;
  const settings = {
    ...complete,
    receiveBufferBytes: receiveBufferBytes ?? Math.max(2 * maxMessageBytes, 131_072),
    socketBufferBytes,
  };
  checkInteger('receiveBufferBytes', settings.receiveBufferBytes, maxMessageBytes, 2 ** 30);
  checkInteger('socketBufferBytes', socketBufferBytes, 0, 2 ** 30);
  return settings;
}
