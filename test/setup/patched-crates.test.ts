/** Crates with a line of ours: made from the registry's package, or one sentence that says why not. */

import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const tree = path.resolve(import.meta.dirname, '../..');
const script = pathToFileURL(path.join(tree, 'scripts/patched-crates.mjs')).href;
const patchName = readdirSync(path.join(tree, 'patches')).find((name) =>
  name.endsWith('.patch'),
) as string;
const [, name = '', version = ''] = /^(.+)-([\d.]+)\.patch$/.exec(patchName) ?? [];
let root = '';

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'rserpool-patches-'));
  mkdirSync(path.join(root, 'native/sctp'), { recursive: true });
  cpSync(path.join(tree, 'patches'), path.join(root, 'patches'), { recursive: true });
  cpSync(path.join(tree, 'native/sctp/Cargo.toml'), path.join(root, 'native/sctp/Cargo.toml'));
});

afterEach(() => rmSync(root, { recursive: true }));

function patchCrates(): string {
  const code = `
    import { arePatched, patchCrates } from ${JSON.stringify(script)};
    const root = ${JSON.stringify(root)};
    try { patchCrates(root); console.log(arePatched(root)); } catch (error) { console.log(error.message); }`;
  const result = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
  });
  expect(result.stderr).toBe('');
  return result.stdout.trim();
}

describe('patched crates', () => {
  test('are the package of the registry with the lines of the patch', () => {
    expect(patchCrates()).toBe('true');
    const made = path.join(root, '.setup/npm-run-setup-makes-this', name);
    expect(readFileSync(path.join(made, 'Cargo.toml'), 'utf8')).toContain(`version = "${version}"`);
    const [hunk, line = ''] = readFileSync(path.join(root, 'patches', patchName), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(-2);
    const number = Number(/\+(\d+) @@$/.exec(hunk ?? '')?.[1]);
    const source = readFileSync(path.join(made, 'src/lib.rs'), 'utf8').split('\n');
    expect(source[number - 1]).toBe(line.slice(1));
    expect(source[number - 2]).toContain('fn log_packet');
    expect(readdirSync(path.dirname(made))).toEqual([name]);
  }, 60_000);

  test('are refused when the source wants another version', () => {
    const manifest = path.join(root, 'native/sctp/Cargo.toml');
    const text = readFileSync(manifest, 'utf8').replace(`"=${version}"`, '"=9.9.9"');
    writeFileSync(manifest, text);
    expect(patchCrates()).toBe(
      `patches/${patchName} is for ${name} ${version}, but native/sctp/Cargo.toml wants 9.9.9: make a patch for that version, or go back to "=${version}".`,
    );
  });

  test('are refused when the patch does more than to add lines', () => {
    const file = path.join(root, 'patches', patchName);
    writeFileSync(file, `${readFileSync(file, 'utf8')}-gone\n`);
    expect(patchCrates()).toContain('does more than to add lines: "-gone"');
  }, 60_000);

  test('are missed by cargo in words that say what to run', () => {
    for (const file of ['Cargo.toml', 'Cargo.lock', 'native', 'bench']) {
      const isSource = (entry: string) => !entry.endsWith('.node');
      cpSync(path.join(tree, file), path.join(root, file), { recursive: true, filter: isSource });
    }
    const { status, stderr } = spawnSync('cargo', ['build'], { cwd: root, encoding: 'utf8' });
    expect(status).not.toBe(0);
    expect(stderr).toContain('npm-run-setup-makes-this');
  });
});
