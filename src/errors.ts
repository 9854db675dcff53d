/**
 * Every error that this package throws on purpose. `code` is API and stable; `message` is for people and
 * says what to do next where there is something to do.
 */

export abstract class RSerPoolError extends Error {
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Bytes that are no valid message. */
export class DecodeError extends RSerPoolError {
  readonly code = 'ERR_RSERPOOL_DECODE';

  /**
   * @param offset first offending byte, counted from the start of the message
   * @param causeCode RFC 5354 §3.12 cause to report; `undefined`: discard silently (RFC 5354 §3, §4)
   * @param causeInfo the offending parameter or message, as the cause wants it; a view of the input
   */
  constructor(
    message: string,
    readonly offset: number,
    readonly causeCode: number | undefined,
    readonly causeInfo?: Uint8Array,
  ) {
    super(message);
  }
}

/** An operation that the handlespace refuses. */
export class HandlespaceError extends RSerPoolError {
  readonly code = 'ERR_RSERPOOL_HANDLESPACE';

  /** @param causeCode the RFC 5354 §3.12 cause that says the same on the wire; 0 when there is none */
  constructor(
    message: string,
    readonly causeCode: number,
  ) {
    super(message);
  }
}

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

/** Use after `close()`. */
export class ClosedError extends RSerPoolError {
  readonly code = 'ERR_RSERPOOL_CLOSED';
}
