/**
 * The house rules that a compiler cannot see: which room may import which (ARCHITECTURE.md). A wrong
 * import fails here before a reviewer has to find it.
 */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const source = path.resolve(import.meta.dirname, '../src');

/** Everything that a room may import besides itself. Absent means never. */
const mayImport: Record<string, readonly string[]> = {
  types: [],
  errors: ['types'],
  native: ['types', 'errors'],
  'native-spares': [],
  wire: ['types', 'errors'],
  settings: ['types', 'errors', 'wire'],
  handlespace: ['types', 'errors', 'native', 'native-spares', 'wire', 'settings'],
  protocol: ['types', 'errors', 'wire', 'settings', 'handlespace'],
  transport: ['types', 'errors', 'native', 'native-spares', 'settings'],
  runtime: ['types', 'errors', 'wire', 'settings', 'handlespace', 'protocol', 'transport'],
  daemon: [
    ...['types', 'errors', 'wire', 'settings', 'handlespace', 'protocol', 'transport', 'runtime'],
  ],
  client: [
    ...['types', 'errors', 'wire', 'settings', 'handlespace', 'protocol', 'transport', 'runtime'],
  ],
  cli: [
    ...['types', 'errors', 'wire', 'settings', 'handlespace', 'protocol', 'transport', 'runtime'],
    ...['daemon', 'client'],
  ],
};

/** What other packages import. They may name any room below the command line; nothing may name them. */
const entries = ['index.ts', 'wire.ts', 'handlespace.ts'];

/** Rooms that compute and nothing else: no sockets, files, clocks or processes of Node's. */
const pureRooms = ['types', 'errors', 'wire', 'settings', 'handlespace', 'protocol'];

interface Import {
  readonly file: string;
  readonly specifier: string;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(source, file), 'utf8').replace(/^\s*(\*|\/\/|\/\*).*$/gm, '');
  const pattern = /(?:\bfrom\s+|\bimport\s+|\bimport\(\s*|\brequire\(\s*)['"]([^'"]+)['"]/g;
  return [...text.matchAll(pattern)].map((match) => ({ file, specifier: match[1] as string }));
}

/** Less those of types, which are gone when the code runs. */
function valueImportsOf(file: string): Import[] {
  const text = readFileSync(path.join(source, file), 'utf8');
  const isOfTypes = (specifier: string) => {
    const named = [...text.matchAll(/^import (type )?([^;]*?) from '([^']+)';$/gm)].find(
      (match) => match[3] === specifier,
    );
    return named?.[1] !== undefined || /^\{(\s*type \w+,?)+\s*\}$/.test(named?.[2] ?? '');
  };
  return importsOf(file).filter(
    ({ specifier }) => specifier.startsWith('.') && !isOfTypes(specifier),
  );
}

/** `wire` for `wire/tlv.ts`, `types` for `types.ts`. */
function roomOf(file: string): string {
  return (file.split('/')[0] as string).replace(/\.ts$/, '');
}

function targetOf({ file, specifier }: Import): string {
  return path.posix.join(path.posix.dirname(file), specifier);
}

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.split(path.sep).join('/'))
  .sort();
const imports = files.flatMap(importsOf);
const own = imports.filter(({ specifier }) => specifier.startsWith('.'));

describe('the house', () => {
  test('has files, and imports between them, for the rules below to see', () => {
    expect(files.length).toBeGreaterThan(20);
    expect(own.length).toBeGreaterThan(files.length);
  });

  test('knows every room', () => {
    const rooms = new Set(files.filter((file) => !entries.includes(file)).map(roomOf));
    expect([...rooms].filter((room) => !(room in mayImport))).toEqual([]);
  });

  test('has arrows that point one way', () => {
    const wrong = own.filter((one) => {
      if (entries.includes(one.file)) return roomOf(targetOf(one)) === 'cli';
      const [from, to] = [roomOf(one.file), roomOf(targetOf(one))];
      return from !== to && !mayImport[from]?.includes(to);
    });
    expect(wrong).toEqual([]);
  });

  test('has machines that know nothing of each other', () => {
    const machineOf = (file: string) => /^protocol\/(\w+)\//.exec(file)?.[1];
    const wrong = own.filter((one) => {
      const [from, to] = [machineOf(one.file), machineOf(targetOf(one))];
      return from !== undefined && to !== undefined && from !== to;
    });
    expect(wrong).toEqual([]);
  });

  test('has no circles of files that need each other to be loaded', () => {
    const needs = new Map(files.map((file) => [file, valueImportsOf(file).map(targetOf)]));
    // Whoever needs nobody that is left is taken away, over and over: circles stay.
    for (let size = -1; size !== needs.size; ) {
      size = needs.size;
      for (const [file, needed] of needs) {
        if (!needed.some((one) => needs.has(one))) needs.delete(file);
      }
    }
    expect([...needs.keys()]).toEqual([]);
  });

  test('has entries that nothing inside imports', () => {
    expect(own.filter((one) => entries.includes(targetOf(one)))).toEqual([]);
  });

  test('names the native addon in native.ts alone', () => {
    const naming = files.filter((file) =>
      /\.node['"`]/.test(readFileSync(path.join(source, file), 'utf8')),
    );
    expect(naming).toEqual(['native.ts']);
  });

  test('lets nothing of Node.js into the rooms that only compute', () => {
    const wrong = imports.filter(
      ({ file, specifier }) =>
        pureRooms.includes(roomOf(file)) && !entries.includes(file) && !specifier.startsWith('.'),
    );
    expect(wrong).toEqual([]);
  });

  test('has named exports only', () => {
    const wrong = files.filter((file) =>
      /^export default\b/m.test(readFileSync(path.join(source, file), 'utf8')),
    );
    expect(wrong).toEqual([]);
  });
});
