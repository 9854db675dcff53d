/** What the set-up shows while it runs: which step of how many, and how long each one took. */

import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

const file = path.resolve(import.meta.dirname, '../../scripts/setup.mjs');
const { runSteps } = await import(pathToFileURL(file).href);

/** Steps that take so many seconds of a clock of their own. */
function shown(...durations: [title: string, seconds: number][]): string[] {
  let now = 1_000;
  const lines: string[] = [];
  const steps = durations.map(([title, seconds]) => ({
    title,
    run: () => {
      lines.push(`running ${title}`);
      now += seconds * 1_000;
    },
  }));
  runSteps(
    steps,
    ({ title }: { title: string }) => lines.push(`stamped ${title}`),
    (line: string) => lines.push(line),
    () => now,
  );
  return lines;
}

test('the set-up numbers its steps and says how long each one and all of them took', () => {
  expect(shown(['Installing', 8], ['Building', 245])).toEqual([
    ...['[1/2] Installing ...\n', 'running Installing', 'stamped Installing'],
    '[1/2] done in 8 s\n',
    ...['[2/2] Building ...\n', 'running Building', 'stamped Building'],
    '[2/2] done in 4 min 5 s\n',
    'The set-up is complete after 4 min 13 s.\n',
  ]);
});

test('the set-up shows nothing when there is nothing to do', () => {
  expect(shown()).toEqual([]);
});

test('a step that fails is not stamped, and is not reported as done', () => {
  const lines: string[] = [];
  const step = {
    title: 'Building',
    run: () => {
      throw new Error('no compiler');
    },
  };
  const run = () =>
    runSteps(
      [step],
      () => lines.push('stamped'),
      lines.push.bind(lines),
      () => 0,
    );
  expect(run).toThrow('no compiler');
  expect(lines).toEqual(['[1/1] Building ...\n']);
});
