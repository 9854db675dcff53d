/** Two copies of the package in one process, as two dependencies bring them along. */

import {
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loopback } from '../support/loopback.ts';
import { outputOf } from './child.ts';

const tree = path.resolve(import.meta.dirname, '../..');
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'rserpool-copies-'));
  copyTo('copied', cpSync);
  // As pnpm installs a package twice: files of their own, which are the same file on the disk.
  copyTo('linked', cpSync);
  copyTo('linked-too', (_from, to) => linkSync(addonIn('linked'), to));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function copyTo(name: string, copyAddon: (from: string, to: string) => void): void {
  const target = path.join(folder, name);
  mkdirSync(path.join(target, 'native'), { recursive: true });
  cpSync(path.join(tree, 'dist'), path.join(target, 'dist'), { recursive: true });
  cpSync(path.join(tree, 'package.json'), path.join(target, 'package.json'));
  symlinkSync(path.join(tree, 'node_modules'), path.join(target, 'node_modules'));
  const from = addonIn(tree);
  copyAddon(from, path.join(target, 'native', path.basename(from)));
}

function addonIn(place: string): string {
  const native = path.join(path.resolve(folder, place), 'native');
  const [name] = readdirSync(native).filter((file) => file.endsWith('.node'));
  return path.join(native, name as string);
}

describe('two copies of the package in one process', () => {
  test.each([
    ['with addons of their own', tree, 'copied'],
    ['with one addon under two names', 'linked', 'linked-too'],
  ])('%s work with each other and close', async (_title, one, other) => {
    const packages = [path.resolve(folder, one), path.resolve(folder, other)];
    const output = await outputOf('two-copies.mjs', [...packages, loopback(1)]);
    expect(output).toContain('done');
    const threads = await outputOf('two-copies.mjs', [...packages, loopback(1), 'threads']);
    expect(threads).toContain('done');
  });

  test('do not take each other for their own: arenas of another addon are refused', async () => {
    const packages = [tree, path.join(folder, 'copied')];
    const output = await outputOf('two-copies.mjs', [...packages, loopback(1)]);
    expect(output).toContain('TypeError');
  });
});
