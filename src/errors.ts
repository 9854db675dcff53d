/**
 * Every error that this package throws on purpose. `code` is API and stable; `message` is for people and
 * says what to do next where there is something to do.
 */

import type { PoolElementId } from './types.ts';

export abstract class RSerPoolError extends Error {
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** What could still be read of a message that is refused, so that its sender can be answered. */
export interface RefusedMessage {
  /** Its RFC name, such as `ASAP_REGISTRATION`; `undefined` when it is no known message. */
  readonly messageType?: string | undefined;
  /** A view of the input. */
  readonly poolHandle?: Uint8Array | undefined;
  /** Of the PE Identifier or Pool Element parameter; 0 when that is what the message said. */
  readonly poolElementId?: PoolElementId | undefined;
}

/** Bytes that are no valid message. */
export class DecodeError extends RSerPoolError implements RefusedMessage {
  readonly code = 'ERR_RSERPOOL_DECODE';
  readonly messageType: string | undefined;
  readonly poolHandle: Uint8Array | undefined;
  readonly poolElementId: PoolElementId | undefined;

  /**
   * @param offset first offending byte, counted from the start of the message
   * @param causeCode RFC 5354 §3.12 cause to report; `undefined`: discard silently (RFC 5354 §3, §4)
   * @param causeInfo the offending parameter or message, as the cause wants it; a view of the input;
   *   `undefined` when the cause has none, and when it is too long to be sent back
   */
  constructor(
    message: string,
    readonly offset: number,
    readonly causeCode: number | undefined,
    readonly causeInfo?: Uint8Array,
    { messageType, poolHandle, poolElementId }: RefusedMessage = {},
  ) {
    super(message);
    this.messageType = messageType;
    this.poolHandle = poolHandle;
    this.poolElementId = poolElementId;
  }
}

/** An operation that the handlespace refuses. */
export class HandlespaceError extends RSerPoolError {
  readonly code = 'ERR_RSERPOOL_HANDLESPACE';

  /**
   * @param causeCode the RFC 5354 §3.12 cause that says the same on the wire; 0 when there is none
   * @param reason stable name of what is wrong, finer than the cause
   */
  constructor(
    message: string,
    readonly causeCode: number,
    readonly reason: HandlespaceRefusal,
  ) {
    super(message);
  }
}

export type HandlespaceRefusal =
  | 'POOL_HANDLE_LENGTH'
  | 'ZERO_IDENTIFIER'
  | 'UNKNOWN_POLICY'
  | 'INCONSISTENT_POLICY'
  | 'INCONSISTENT_TRANSPORT'
  | 'INCONSISTENT_CONTROL'
  | 'TOO_MANY_POOLS'
  | 'TOO_MANY_ELEMENTS'
  | 'RECORD'
  | 'OUTPUT_TOO_SMALL'
  /** A defect of this package: the handlespace closed itself. */
  | 'INTERNAL';

/** A registrar answered no. */
export class RejectedError extends RSerPoolError {
  readonly code = 'ERR_RSERPOOL_REJECTED';

  /** @param causeCodes the error causes of the answer, in order (RFC 5354 §3.12) */
  constructor(
    message: string,
    readonly causeCodes: readonly number[],
  ) {
    super(message);
  }
}

/** No answer in time, or the association was lost. */
export class UnreachableError extends RSerPoolError {
  readonly code = 'ERR_RSERPOOL_UNREACHABLE';
}

/** A setting that cannot be used. */
export class ConfigError extends RSerPoolError {
  readonly code = 'ERR_RSERPOOL_CONFIG';

  /** @param key the setting, in camelCase, as the library spells it */
  constructor(
    readonly key: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The native addon is missing or cannot be loaded. */
export class AddonError extends RSerPoolError {
  readonly code = 'ERR_RSERPOOL_ADDON';
}

/** Use after `close()`. */
export class ClosedError extends RSerPoolError {
  readonly code = 'ERR_RSERPOOL_CLOSED';
}
