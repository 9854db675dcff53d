/** A log whose entries above a rate become summaries: one kind for each level and text (`event-digest.ts`). */

import process from 'node:process';
import type { PoolElementState } from '../handlespace/pool-element.ts';
import { type Logger, SILENT } from '../protocol/logger.ts';
import type { Clock } from '../runtime/clock.ts';
import { formatPoolHandle } from '../types.ts';
import {
  type DigestSettings,
  describeGroups,
  EventDigest,
  type EventGroup,
  formatCount,
  type Summary,
} from './event-digest.ts';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;

/**
 * Returns `log` with its entries digested; levels that are off stay off. A summary has the text of the entries that it
 * counts, and the fields `count`, `by` (the counts by pool and reason) and `periodMs`. What is still counted when the
 * process exits is summarized then.
 */
export function digestedLog<Log extends Logger>(
  log: Log,
  settings: DigestSettings,
  clock: Clock,
): Log {
  const digest = new EventDigest(settings, clock);
  process.once('exit', () => digest.close());
  const methods = LEVELS.filter((level) => log[level] !== SILENT[level]).map((level) => {
    const write = (fields: object, text: string) =>
      digest.add(
        `${level} ${text}`,
        groupOf(fields),
        () => log[level](fields, text),
        (summary) => log[level](fieldsOf(summary), text),
      );
    return [level, write] as const;
  });
  return { ...log, ...Object.fromEntries(methods) };
}

function groupOf(fields: object): EventGroup {
  const { poolElement, pool, reason } = fields as {
    readonly poolElement?: PoolElementState;
    readonly pool?: unknown;
    readonly reason?: unknown;
  };
  const name = poolElement === undefined ? pool : formatPoolHandle(poolElement.poolHandle);
  return {
    pool: name === undefined ? undefined : String(name),
    reason: reason === undefined ? undefined : String(reason),
  };
}

function fieldsOf(summary: Summary): object {
  const by = describeGroups(summary) || undefined;
  return { count: formatCount(summary.count), by, periodMs: summary.periodMs };
}
