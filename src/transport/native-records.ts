/**
 * The words in which the native stack tells what happened: `EVENT_WORDS` to a record, as laid out by
 * `native/sctp/src/batch.rs`. Bytes that belong to a record lie in the inbound arena, 4-aligned.
 */

export const EVENT_WORDS = 6;

/** The place of each word in its record. */
export const EVENT = {
  /** What happened: a number of `KIND`. */
  kind: 0,
  association: 1,
  /** The record's bytes in the inbound arena. */
  offset: 2,
  length: 3,
  /** Meaning by kind. */
  first: 4,
  second: 5,
} as const;

export const KIND = {
  /** Bytes: the payload; `first`: payload protocol identifier; `second`: stream. */
  message: 1,
  /** Bytes: the peer's addresses as text; `first`: local port << 16 | peer port; `second`: streams. */
  up: 2,
  /** The same. */
  restart: 3,
  /** Bytes: detail as text; `first`: index in `DOWN_REASONS`. */
  down: 4,
  /** Bytes: address as text; `first`: 1 up, 0 down. */
  path: 5,
  writable: 6,
  /** As for `up`. */
  addresses: 7,
} as const;

export const DOWN_REASONS = ['shutdown', 'abort', 'lost', 'refused'] as const;

/** Instead of one of these: `abort`, by us, for what the peer did. */
export const EVICTED = 4;

/** What `send` answers. */
export const SEND_RESULTS = ['queued', 'full', 'gone'] as const;
