/** That a failing history becomes short, and stays one that fails. */

import { expect, test } from 'vitest';
import { type History, historyOf } from './history.ts';
import { only, shrink } from './shrink.ts';

const numbersOf = ({ events }: History) => events.map(({ number }) => number);

test.each([[[7]], [[2, 3]], [[1, 12, 25]], [[]]])(
  'what is left of a history that needs the events %j is these',
  (needed) => {
    const goesWrong = (history: History) => needed.every((one) => numbersOf(history).includes(one));
    expect(numbersOf(shrink(historyOf(1), goesWrong, 1_000))).toEqual(needed);
  },
);

test('it stops after as many trials as it may make, with one that goes wrong', () => {
  let trials = 0;
  const goesWrong = (history: History) => {
    trials += 1;
    return numbersOf(history).includes(3) && numbersOf(history).includes(20);
  };
  const short = shrink(historyOf(1), goesWrong, 6);
  expect(trials).toBe(6);
  expect(numbersOf(short)).toEqual(expect.arrayContaining([3, 20]));
});

test('a history is played again with the events that are named', () => {
  expect(numbersOf(only(historyOf(5), [4, 9, 99]))).toEqual([4, 9]);
});
