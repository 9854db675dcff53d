/** Makes a history that goes wrong shorter: what happened is left out, bit by bit, as long as it still goes wrong. */

import type { History, HistoryEvent } from './history.ts';

/** The shortest that was found within `mostTrials` calls of `goesWrong`. */
export function shrink(
  history: History,
  goesWrong: (history: History) => boolean,
  mostTrials: number,
): History {
  let { events } = history;
  let trials = 0;
  const isEnough = (some: readonly HistoryEvent[]) =>
    trials++ < mostTrials && goesWrong({ ...history, events: some });
  for (let size = events.length; size >= 1; size = Math.floor(size / 2)) {
    for (let start = 0; start < events.length; ) {
      const others = [...events.slice(0, start), ...events.slice(start + size)];
      if (isEnough(others)) events = others;
      else start += size;
    }
  }
  return { ...history, events };
}

/** Only the events with these numbers. */
export function only(history: History, numbers: readonly number[]): History {
  return { ...history, events: history.events.filter(({ number }) => numbers.includes(number)) };
}
