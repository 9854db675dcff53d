/** Waits for the end of a long-running command: Ctrl-C, SIGTERM, or the death of the process that started it. */

import process from 'node:process';

/**
 * Resolves at the first of: SIGINT, SIGTERM, the parent's end where the parent holds an IPC channel, or
 * `signal`. A second Ctrl-C ends the process at once.
 */
export function untilStopped(signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      for (const name of ['SIGINT', 'SIGTERM'] as const) {
        process.off(name, stop);
        process.once(name, () => process.exit(130));
      }
      process.off('disconnect', stop);
      resolve();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    process.once('disconnect', stop);
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
  });
}
