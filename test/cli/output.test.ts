/** What commands print. */

import process from 'node:process';
import { afterEach, expect, test, vi } from 'vitest';
import { createOutput } from '../../src/cli/output.ts';

afterEach(() => vi.restoreAllMocks());

function printed(print: (output: ReturnType<typeof createOutput>) => void, isJson = false): string {
  return writes(print, isJson).join('');
}

/** What is written, piece by piece. */
function writes(
  print: (output: ReturnType<typeof createOutput>) => void,
  isJson = false,
): string[] {
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  print(createOutput(isJson));
  return written;
}

const nothing = 'There is nothing.';

test('a table of nothing is a sentence, and a count for programs', () => {
  expect(printed((output) => output.table(['pool'], [], { nothing }))).toBe('There is nothing.\n');
  expect(printed((output) => output.table(['pool'], [], { nothing }), true)).toBe('{"count":0}\n');
});

test('a table has its rows for programs, and their count in the last line', () => {
  const rows = [{ pool: 'EchoPool' }, { pool: 'Po' }];
  expect(printed((output) => output.table(['pool'], rows, { nothing }), true)).toBe(
    '{"pool":"EchoPool"}\n{"pool":"Po"}\n{"count":2}\n',
  );
});

test('a table has columns as wide as their widest cell', () => {
  const rows = [{ pool: 'EchoPool', id: 1 }, { pool: 'Po' }];
  expect(printed((output) => output.table(['pool', 'id'], rows, { nothing }))).toBe(
    'POOL      ID\nEchoPool  1\nPo\n',
  );
});

test('a table shows of a long cell its beginning, and makes no other row longer for the last one', () => {
  const rows = [
    { pool: 'x'.repeat(10_000_000), id: 'y'.repeat(81) },
    { pool: 'Po', id: 'y'.repeat(80) },
  ];
  const lines = printed((output) => output.table(['pool', 'id'], rows, { nothing })).split('\n');
  expect(lines[1]).toBe(`${'x'.repeat(79)}…  ${'y'.repeat(79)}…`);
  expect(lines[2]).toBe(`${'Po'.padEnd(80)}  ${'y'.repeat(80)}`);
  expect(lines[0]).toBe(`${'POOL'.padEnd(80)}  ID`);
});

test('a table is written in slices', () => {
  const rows = Array.from({ length: 10_000 }, (_, id) => ({ id, pool: 'x'.repeat(80) }));
  const pieces = writes((output) => output.table(['id', 'pool'], rows, { nothing }));
  const longest = Math.max(...pieces.map(({ length }) => length));
  expect(longest).toBeLessThan(100_000);
});

test('a table has any number of rows', () => {
  const rows = Array.from({ length: 200_000 }, (_, id) => ({ pool: 'EchoPool', id }));
  const lines = printed((output) => output.table(['pool', 'id'], rows, { nothing })).split('\n');
  expect(lines).toHaveLength(200_002);
  expect(lines.at(-2)).toBe('EchoPool  199999');
});
