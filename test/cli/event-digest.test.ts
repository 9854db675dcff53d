/** Events above a rate are counted: which are shown, which are summarized, and that none is lost. */

import { expect, test } from 'vitest';
import {
  type DigestSettings,
  describeGroups,
  EventDigest,
  type EventGroup,
  MAX_GROUPS,
  type Summary,
} from '../../src/cli/event-digest.ts';
import type { Clock } from '../../src/runtime/clock.ts';

const SETTINGS: DigestSettings = { maxEventsPerWindow: 3, windowMs: 1_000 };

/** A clock that a test moves. */
class TestClock implements Clock {
  #now = 5_000;
  readonly #wakeUps = new Set<{ readonly at: number; readonly wake: () => void }>();

  now(): number {
    return this.#now;
  }

  wakeAt(at: number, wake: () => void): () => void {
    const wakeUp = { at, wake };
    this.#wakeUps.add(wakeUp);
    return () => this.#wakeUps.delete(wakeUp);
  }

  get timers(): number {
    return this.#wakeUps.size;
  }

  advance(durationMs: number): void {
    const until = this.#now + durationMs;
    for (;;) {
      const due = [...this.#wakeUps].filter(({ at }) => at <= until);
      const [first] = due.sort((a, b) => a.at - b.at);
      if (first === undefined) break;
      this.#wakeUps.delete(first);
      this.#now = Math.max(this.#now, first.at);
      first.wake();
    }
    this.#now = until;
  }
}

function scene(settings = SETTINGS) {
  const clock = new TestClock();
  const digest = new EventDigest(settings, clock);
  const lines: string[] = [];
  const summaries: Summary[] = [];
  let shown = 0;
  const add = (kind: string, count = 1, group: EventGroup = { pool: 'P' }) => {
    for (let i = 0; i < count; i++) {
      const show = () => {
        shown += 1;
        lines.push(kind);
      };
      digest.add(kind, group, show, (summary) => {
        summaries.push(summary);
        lines.push(`${summary.count} ${kind}`);
      });
    }
  };
  const accounted = () => shown + summaries.reduce((sum, { count }) => sum + count, 0);
  return { clock, digest, lines, summaries, add, accounted };
}

test('events up to the rate are shown at once, and no timer is armed', () => {
  const { clock, lines, add } = scene();
  for (let second = 0; second < 3; second++) {
    add('a', 3);
    clock.advance(1_000);
  }
  expect(lines).toEqual(Array(9).fill('a'));
  expect(clock.timers).toBe(0);
});

test('events above the rate are counted until the window ends', () => {
  const { clock, lines, summaries, add } = scene();
  add('a', 10);
  expect(lines).toEqual(['a', 'a', 'a']);
  clock.advance(999);
  expect(summaries).toEqual([]);
  clock.advance(1);
  expect(lines.at(-1)).toBe('7 a');
  expect(summaries).toEqual([
    {
      count: 7,
      periodMs: 1_000,
      groups: [{ pool: 'P', count: 7 }],
      others: { groups: 0, count: 0 },
    },
  ]);
});

test('at a steady high rate there is one line for each window', () => {
  const { clock, lines, add, accounted } = scene();
  for (let tick = 0; tick < 100; tick++) {
    add('a', 10);
    clock.advance(100);
  }
  clock.advance(1_000);
  expect(lines.length).toBeLessThanOrEqual(3 + 11);
  expect(accounted()).toBe(1_000);
});

test('events are shown one by one again after a window below the rate', () => {
  const { clock, lines, add } = scene();
  add('a', 10);
  clock.advance(1_000);
  add('a', 2); // the window before was above the rate
  clock.advance(1_000);
  add('a', 1);
  expect(lines.slice(3)).toEqual(['7 a', '2 a', 'a']);
  expect(clock.timers).toBe(0);
});

test('kinds have rates of their own, and lines keep the order of what happened', () => {
  const { clock, lines, add } = scene();
  add('a', 5);
  add('b');
  add('a', 2);
  clock.advance(1_000);
  expect(lines).toEqual(['a', 'a', 'a', '2 a', 'b', '2 a']);
});

test('counts are told apart by pool and reason, the largest first', () => {
  const { clock, summaries, add } = scene({ maxEventsPerWindow: 0, windowMs: 1_000 });
  add('a', 2, { pool: 'P', reason: 'lost' });
  add('a', 3, { pool: 'P', reason: 'deregistered' });
  add('a', 1, { pool: 'Q' });
  add('a', 4, {});
  clock.advance(1_000);
  expect(summaries[0]?.groups).toEqual([
    { count: 4 },
    { pool: 'P', reason: 'deregistered', count: 3 },
    { pool: 'P', reason: 'lost', count: 2 },
    { pool: 'Q', count: 1 },
  ]);
  expect(describeGroups(summaries[0] as Summary)).toBe('P (deregistered) 3, P (lost) 2, Q 1');
});

test('of very many groups the largest are named and the rest is counted', () => {
  const { clock, summaries, add } = scene();
  add('a', 3 + 2, { pool: 'big' });
  for (let pool = 0; pool < MAX_GROUPS + 9; pool++) add('a', 1, { pool: `p${pool}` });
  clock.advance(1_000);
  const [summary] = summaries as [Summary];
  expect(summary.groups).toHaveLength(MAX_GROUPS);
  expect(summary.others).toEqual({ groups: 10, count: 10 });
  expect(summary.count).toBe(2 + MAX_GROUPS + 9);
  expect(describeGroups(summary)).toBe(
    `big 2, p0 1, p1 1, p2 1, p3 1, ${(MAX_GROUPS + 5).toLocaleString('en-US')} more groups ${(MAX_GROUPS + 5).toLocaleString('en-US')}`,
  );
});

test('closing summarizes what is still counted, once', () => {
  const { clock, digest, lines, add, accounted } = scene();
  add('a', 10);
  add('b', 5);
  digest.close();
  digest.close();
  expect(lines).toEqual(['a', 'a', 'a', '7 a', 'b', 'b', 'b', '2 b']);
  expect(accounted()).toBe(15);
  expect(clock.timers).toBe(0);
});

test('no event is lost or doubled, whatever the rate, the order and the pauses', () => {
  const { clock, digest, add, accounted } = scene();
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed % below;
  };
  let total = 0;
  for (let step = 0; step < 2_000; step++) {
    const count = random(6);
    add('abc'[random(3)] as string, count, { pool: `p${random(4)}` });
    total += count;
    clock.advance([0, 1, 300, 1_500][random(4)] as number);
    if (random(50) === 0) digest.flush();
  }
  digest.close();
  expect(accounted()).toBe(total);
});

test('without a limit every event is shown', () => {
  const { lines, add } = scene({ maxEventsPerWindow: Number.POSITIVE_INFINITY, windowMs: 1_000 });
  add('a', 10_000);
  expect(lines).toHaveLength(10_000);
});
