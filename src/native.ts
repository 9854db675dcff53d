/**
 * Loads the one native addon and gives its functions their types. Imported by `handlespace/` and
 * `transport/` only. Loading opens no socket and starts no thread.
 */

/** Memory owned by native code and seen from both sides; see design of the hot path in ARCHITECTURE.md. */
export interface Arena {
  readonly bytes: Uint8Array;
  /**
   * One word, native memory too: the offset in `bytes` at which the next thing is written. Whoever writes
   * (the core a response, the transport a copy of a payload) starts there; whoever queues it moves it on.
   */
  readonly position: Uint32Array;
}
