/** Output of long-running commands: events above a rate become summaries, with the same counts (`event-digest.ts`). */

import process from 'node:process';
import type { Clock } from '../runtime/clock.ts';
import {
  type DigestSettings,
  describeGroups,
  EventDigest,
  formatCount,
  type Summary,
} from './event-digest.ts';
import type { Output } from './output.ts';

/** What is counted, by event. */
const SUBJECTS: Readonly<Record<string, string>> = {
  registered: 'pool elements registered',
  reregistered: 'pool elements registered again',
  removed: 'pool elements removed',
  refused: 'requests rejected',
  registrationLost: 'registrations lost',
  homeChanged: 'home registrars changed',
  peerUp: 'peers came up',
  peerDown: 'peers went down',
  takeover: 'takeovers',
  duplicateId: 'duplicate identifiers',
};

/**
 * Returns `output` with its events digested. What is still counted when the process exits is summarized then. A summary
 * is an event "summary"; its fields are `of` (the event that was counted), `count`, `periodMs`, and `groups`: the counts
 * by pool and reason, the largest first.
 */
export function digestedOutput(output: Output, settings: DigestSettings, clock: Clock): Output {
  const digest = new EventDigest(settings, clock);
  process.once('exit', () => digest.close());
  return {
    ...output,
    event(who, event, text, fields = {}, colour) {
      const show = () => output.event(who, event, text, fields, colour);
      digest.add(`${who} ${event}`, groupOf(fields), show, (summary) =>
        output.event(who, 'summary', textOf(event, summary), fieldsOf(event, summary), colour),
      );
    },
  };
}

function groupOf(fields: object) {
  const { pool, reason } = fields as Readonly<Record<string, unknown>>;
  return {
    pool: typeof pool === 'string' ? pool : undefined,
    reason: typeof reason === 'string' ? reason : undefined,
  };
}

function textOf(event: string, summary: Summary): string {
  const subject = SUBJECTS[event] ?? `events "${event}"`;
  const groups = describeGroups(summary);
  const text = `${formatCount(summary.count)} ${subject}`;
  return groups === '' ? text : `${text}: ${groups}`;
}

function fieldsOf(event: string, { count, periodMs, groups, others }: Summary): object {
  const beyond = others.groups > 0 ? { otherGroups: others } : {};
  return { of: event, count, periodMs, groups, ...beyond };
}
