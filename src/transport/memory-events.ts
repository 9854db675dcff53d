/** Virtual time: a queue of things to do at their instants, done in order. Equal instants keep their order. */

import type { Milliseconds } from '../types.ts';

/** Packets come before the wake-ups of the same instant, as in a process that reads before timers fire. */
export type EventRank = 'packet' | 'wakeUp';

export interface TimedEvent {
  readonly at: Milliseconds;
  readonly rank: EventRank;
  /** Background events (heartbeats, wake-ups) do not keep the network from being settled. */
  readonly isBackground: boolean;
  readonly order: number;
  /** What to do; `undefined` once done or cancelled. */
  run: (() => void) | undefined;
}

export class EventQueue {
  readonly #heap: TimedEvent[] = [];
  #order = 0;
  #foreground = 0;

  /** Events that something in the foreground still waits for. */
  get foreground(): number {
    return this.#foreground;
  }

  schedule(
    at: Milliseconds,
    run: () => void,
    options: { rank?: EventRank; isBackground?: boolean } = {},
  ): TimedEvent {
    const { rank = 'packet', isBackground = false } = options;
    const event: TimedEvent = { at, rank, isBackground, order: this.#order++, run };
    if (!isBackground) this.#foreground++;
    this.#push(event);
    return event;
  }

  cancel(event: TimedEvent | undefined): void {
    if (event?.run === undefined) return;
    event.run = undefined;
    if (!event.isBackground) this.#foreground--;
  }

  /** The next event that is still wanted. */
  peek(): TimedEvent | undefined {
    while (this.#heap.length > 0 && this.#heap[0]?.run === undefined) this.#pop();
    return this.#heap[0];
  }

  /** Takes the next event out and does it. */
  runNext(): void {
    const event = this.peek();
    if (event === undefined) return;
    const { run } = event;
    this.#pop();
    this.cancel(event);
    run?.();
  }

  #push(event: TimedEvent): void {
    const heap = this.#heap;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(event, heap[parent] as TimedEvent)) break;
      heap[index] = heap[parent] as TimedEvent;
      index = parent;
    }
    heap[index] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      const right = child + 1;
      if (right < heap.length && isBefore(heap[right] as TimedEvent, heap[child] as TimedEvent)) {
        child = right;
      }
      if (!isBefore(heap[child] as TimedEvent, last)) break;
      heap[index] = heap[child] as TimedEvent;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(a: TimedEvent, b: TimedEvent): boolean {
  if (a.at !== b.at) return a.at < b.at;
  if (a.rank !== b.rank) return a.rank === 'packet';
  return a.order < b.order;
}
