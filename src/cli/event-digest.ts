/**
 * Keeps lines of a terminal or log readable at any rate: events of one kind are shown one by one up to a rate;
 * above it they are counted, and a summary is shown for each window. Every event is shown once or counted once.
 * How a summary is written is left to the caller.
 */

import type { Clock } from '../runtime/clock.ts';
import type { Milliseconds } from '../types.ts';

export interface DigestSettings {
  /** Events of one kind in one window that are shown one by one; `Infinity`: all. */
  readonly maxEventsPerWindow: number;
  readonly windowMs: Milliseconds;
}

export const DEFAULT_DIGEST: DigestSettings = { maxEventsPerWindow: 50, windowMs: 1_000 };

/** What a summary tells events of one kind apart by. */
export interface EventGroup {
  readonly pool?: string | undefined;
  readonly reason?: string | undefined;
}

export interface GroupCount extends EventGroup {
  readonly count: number;
}

export interface Summary {
  /** Events that were counted and not shown. */
  readonly count: number;
  /** From the first of them, or the summary before, until now. */
  readonly periodMs: Milliseconds;
  /** The largest groups, at most `MAX_GROUPS`. */
  readonly groups: readonly GroupCount[];
  /** The groups beyond, and how many events they have together. */
  readonly others: { readonly groups: number; readonly count: number };
}

/** Groups that a summary names one by one. */
export const MAX_GROUPS = 1_000;

interface Kind {
  readonly summarize: (summary: Summary) => void;
  windowEndsAt: Milliseconds;
  /** In this window, shown or counted. */
  events: number;
  /** The last window was above the rate: all events of this one are counted. */
  isCounting: boolean;
  countedSince: Milliseconds;
  counts: Map<string, { readonly group: EventGroup; count: number }>;
}

export class EventDigest {
  readonly #settings: DigestSettings;
  readonly #clock: Clock;
  readonly #kinds = new Map<string, Kind>();
  #cancelWakeUp: (() => void) | undefined;

  constructor(settings: DigestSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /**
   * Calls `show` at once, or counts the event for a later `summarize`; both are the same for all events of a kind.
   * What was counted of other kinds is summarized before `show`, so that lines keep their order.
   */
  add(
    name: string,
    group: EventGroup,
    show: () => void,
    summarize: (summary: Summary) => void,
  ): void {
    const now = this.#clock.now();
    const kind = this.#kindNamed(name, now, summarize);
    if (now >= kind.windowEndsAt) this.#endWindow(now, kind);
    kind.events += 1;
    if (!kind.isCounting && kind.events <= this.#settings.maxEventsPerWindow) {
      this.flush();
      show();
      return;
    }
    kind.isCounting = true;
    if (kind.counts.size === 0) kind.countedSince = now;
    count(kind, group);
    this.#wakeUp();
  }

  /** Summarizes what has been counted so far: before a line that is not an event, and at the end. */
  flush(): void {
    const now = this.#clock.now();
    for (const kind of this.#kinds.values()) summarizeCounts(now, kind);
  }

  /** Summarizes the rest; nothing of this keeps the process afterwards. */
  close(): void {
    this.#cancelWakeUp?.();
    this.#cancelWakeUp = undefined;
    this.flush();
  }

  #kindNamed(name: string, now: Milliseconds, summarize: (summary: Summary) => void): Kind {
    const known = this.#kinds.get(name);
    if (known !== undefined) return known;
    const kind: Kind = {
      summarize,
      windowEndsAt: now + this.#settings.windowMs,
      events: 0,
      isCounting: false,
      countedSince: now,
      counts: new Map(),
    };
    this.#kinds.set(name, kind);
    return kind;
  }

  #endWindow(now: Milliseconds, kind: Kind): void {
    summarizeCounts(now, kind);
    kind.isCounting &&= kind.events > this.#settings.maxEventsPerWindow;
    kind.windowEndsAt = now + this.#settings.windowMs;
    kind.events = 0;
  }

  /** Arms one timer for the first window that ends while events are counted. */
  #wakeUp(): void {
    if (this.#cancelWakeUp !== undefined) return;
    const ends = [...this.#kinds.values()]
      .filter(({ isCounting }) => isCounting)
      .map(({ windowEndsAt }) => windowEndsAt);
    if (ends.length === 0) return;
    this.#cancelWakeUp = this.#clock.wakeAt(Math.min(...ends), () => {
      this.#cancelWakeUp = undefined;
      const now = this.#clock.now();
      for (const kind of this.#kinds.values()) {
        if (kind.isCounting && now >= kind.windowEndsAt) this.#endWindow(now, kind);
      }
      this.#wakeUp();
    });
  }
}

function count(kind: Kind, group: EventGroup): void {
  const key = JSON.stringify([group.pool, group.reason]);
  const known = kind.counts.get(key);
  if (known === undefined) kind.counts.set(key, { group, count: 1 });
  else known.count += 1;
}

function summarizeCounts(now: Milliseconds, kind: Kind): void {
  if (kind.counts.size === 0) return;
  const groups = [...kind.counts.values()].sort((a, b) => b.count - a.count);
  kind.counts = new Map();
  const sum = (some: readonly { count: number }[]) =>
    some.reduce((total, { count }) => total + count, 0);
  const beyond = groups.slice(MAX_GROUPS);
  const periodMs = now - kind.countedSince;
  kind.countedSince = now;
  kind.summarize({
    count: sum(groups),
    periodMs,
    groups: groups.slice(0, MAX_GROUPS).map(({ group, count }) => ({ ...group, count })),
    others: { groups: beyond.length, count: sum(beyond) },
  });
}

/** Groups that a line of text names. */
const MAX_GROUPS_IN_TEXT = 5;

/** Returns `EchoPool 1,000, OtherPool 204`, `EchoPool (keepAliveTimeout) 3`, `... and 7 more groups 12`. */
export function describeGroups({ groups, others }: Summary): string {
  const named = groups.slice(0, MAX_GROUPS_IN_TEXT);
  const rest = groups.slice(MAX_GROUPS_IN_TEXT);
  const restGroups = rest.length + others.groups;
  const restCount = rest.reduce((total, { count }) => total + count, others.count);
  const texts = named.flatMap((one) => {
    const name = nameOf(one);
    return name === '' ? [] : [`${name} ${formatCount(one.count)}`];
  });
  if (restGroups > 0)
    texts.push(`${formatCount(restGroups)} more groups ${formatCount(restCount)}`);
  return texts.join(', ');
}

function nameOf({ pool, reason }: EventGroup): string {
  if (pool === undefined) return reason ?? '';
  return reason === undefined ? pool : `${pool} (${reason})`;
}

/** `1,204` */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}
