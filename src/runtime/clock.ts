/** Time as the runtime knows it: a number, and a wake-up at a later number. Tests bring their own. */

import type { Milliseconds } from '../types.ts';

export interface Clock {
  /** Whole milliseconds; never goes backwards. */
  now(): Milliseconds;
  /**
   * Calls `wake` once at `at` or soon after, when what had arrived by then has been read: after a pause of
   * the process nobody is called missing whose message already lies there (decision 46 in ARCHITECTURE.md).
   * The result takes the wish back.
   */
  wakeAt(at: Milliseconds, wake: () => void): () => void;
}

/** Longest delay that `setTimeout` keeps; a later wake-up comes early, which is harmless. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** The process's monotonic clock. A waiting timer does not keep the process alive: open sockets do. */
export const systemClock: Clock = {
  now: () => Math.floor(performance.now()),
  wakeAt(at, wake) {
    const delayMs = Math.min(Math.max(at - performance.now(), 0), LONGEST_TIMEOUT_MS);
    let isWanted = true;
    // Node.js runs due timers first, then reads events, then immediates.
    const onTime = () => setImmediate(() => isWanted && wake());
    const cancel = delayMs > 0 ? afterTimer(delayMs, onTime) : afterEvents(onTime);
    return () => {
      isWanted = false;
      cancel();
    };
  },
};

function afterTimer(delayMs: number, run: () => void): () => void {
  // Rounded up: a wake-up before its time would find nothing due and be armed again at once.
  const timer = setTimeout(run, Math.ceil(delayMs));
  timer.unref();
  return () => clearTimeout(timer);
}

/** What is due already need not wait for a timer, of which the shortest takes more than a millisecond. */
function afterEvents(run: () => void): () => void {
  const immediate = setImmediate(run);
  return () => clearImmediate(immediate);
}
