/** What commands print. */

import process from 'node:process';
import { afterEach, expect, test, vi } from 'vitest';
import { createOutput } from '../../src/cli/output.ts';

afterEach(() => vi.restoreAllMocks());

function printed(print: (output: ReturnType<typeof createOutput>) => void, isJson = false): string {
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  print(createOutput(isJson));
  return written.join('');
}

test('a table has columns as wide as their widest cell', () => {
  const rows = [{ pool: 'EchoPool', id: 1 }, { pool: 'Po' }];
  expect(printed((output) => output.table(['pool', 'id'], rows))).toBe(
    'POOL      ID\nEchoPool  1\nPo\n',
  );
});

test('a table has any number of rows', () => {
  const rows = Array.from({ length: 200_000 }, (_, id) => ({ pool: 'EchoPool', id }));
  const lines = printed((output) => output.table(['pool', 'id'], rows)).split('\n');
  expect(lines).toHaveLength(200_002);
  expect(lines.at(-2)).toBe('EchoPool  199999');
});
