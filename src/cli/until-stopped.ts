/** The end of a long-running command: Ctrl-C, SIGTERM, or the death of the process that started it. */

import process from 'node:process';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs a command with a signal that is aborted at the first of: SIGINT, SIGTERM, or the parent's end where the
 * parent holds an IPC channel. A command that rejects with an AbortError then has ended as it was told to. A
 * second Ctrl-C ends the process at once. When the command is over, nothing of this keeps the process.
 */
export async function runUntilStopped(run: (stopped: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const { signal } = stop;
  const onStop = () => (signal.aborted ? process.exit(130) : stop.abort());
  const onParentsEnd = () => stop.abort();
  for (const name of SIGNALS) process.on(name, onStop);
  process.on('disconnect', onParentsEnd);
  if (process.connected === false) stop.abort(); // it has gone while we were loaded
  try {
    await run(signal);
  } catch (error) {
    const isOfStop = error instanceof Error && error.name === 'AbortError';
    if (!signal.aborted || !isOfStop) throw error;
  } finally {
    for (const name of SIGNALS) process.off(name, onStop);
    process.off('disconnect', onParentsEnd);
  }
}

/** Resolves when the signal is aborted, at once where it is. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
