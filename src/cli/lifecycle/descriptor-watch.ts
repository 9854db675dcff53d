/**
 * Notices that the process has no file descriptor left. Most of those that need one are not told in a way that
 * reaches this program (libuv closes a connection that it cannot accept), so this tries for itself.
 */

import { closeSync, openSync } from 'node:fs';
import type { Logger } from '../../protocol/logger.ts';

const INTERVAL_MS = 1_000;
/** Between two warnings while it lasts. */
const WARNING_INTERVAL_MS = 60_000;

/** Warns while there is none left, and says when there are some again. Returns a function that ends this. */
export function watchDescriptors(log: Logger): () => void {
  let isReported = false;
  let reportedAt = Number.NEGATIVE_INFINITY;
  const timer = setInterval(() => {
    const reason = refusal();
    if (reason === undefined) {
      if (isReported) log.warn({}, 'file descriptors available again');
      isReported = false;
    } else if (performance.now() - reportedAt >= WARNING_INTERVAL_MS) {
      isReported = true;
      reportedAt = performance.now();
      log.warn({ reason }, EXHAUSTED);
    }
  }, INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}

const EXHAUSTED =
  'file descriptors exhausted: connections and files are refused, raise the limit of open files';

function refusal(): string | undefined {
  try {
    closeSync(openSync('/dev/null', 'r'));
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'EMFILE' || code === 'ENFILE' ? message : undefined;
  }
}
