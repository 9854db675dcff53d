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
const folder = readdirSync(path.join(tree, 'patches')).find((name) => /-[\d.]+$/.test(name)) ?? '';
const [, name = '', version = ''] = /^(.+)-([\d.]+)$/.exec(folder) ?? [];
const patches = readdirSync(path.join(tree, 'patches', folder)).map((file) =>
  path.join('patches', folder, file),
);
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

function read(...file: string[]): string {
  return readFileSync(path.join(...file), 'utf8');
}

/** The crates of the workspace without what has been built of it. */
function copyWorkspace(): void {
  for (const file of ['Cargo.toml', 'Cargo.lock', 'native', 'bench']) {
    const isSource = (entry: string) => !entry.endsWith('.node');
    cpSync(path.join(tree, file), path.join(root, file), { recursive: true, filter: isSource });
  }
}

/** The manifest of the crate that cargo uses; fails if it would have to change Cargo.lock. */
function usedManifest(): string {
  const args = ['metadata', '--locked', '--format-version', '1', '--quiet'];
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 } as const;
  const { stdout, stderr, status } = spawnSync('cargo', args, options);
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const { packages } = JSON.parse(stdout) as {
    packages: { name: string; manifest_path: string }[];
  };
  return packages.find((one) => one.name === name)?.manifest_path ?? '';
}

describe('patched crates', () => {
  test('are the package of the registry with the lines of every patch', () => {
    expect(patchCrates()).toBe('true');
    const made = path.join(root, '.setup/crates', name);
    expect(read(made, 'Cargo.toml')).toContain(`version = "${version}"`);
    expect(patches.length).toBeGreaterThan(0);
    for (const file of patches) {
      const [, ...targets] = read(root, file).split(/^\+\+\+ b\//m);
      for (const target of targets) {
        const [source = '', ...hunks] = target.split('\n');
        const added = hunks.filter((line) => line.startsWith('+')).map((line) => line.slice(1));
        const lines = read(made, source).split('\n');
        expect(lines.filter((line) => added.includes(line)).length).toBeGreaterThanOrEqual(
          added.length,
        );
      }
    }
    expect(readdirSync(path.dirname(made))).toEqual([name]);
  }, 60_000);

  test('are what cargo uses once they are made, and the published ones before, with one Cargo.lock', () => {
    copyWorkspace();
    expect(usedManifest()).not.toContain(root);
    expect(patchCrates()).toBe('true');
    expect(usedManifest()).toBe(path.join(root, '.setup/crates', name, 'Cargo.toml'));
  }, 60_000);

  test('are missed in words that say what to run', () => {
    copyWorkspace();
    const crate = path.join(root, 'native/sctp');
    const program = path.join(root, 'build-script');
    const built = spawnSync('rustc', ['--edition', '2024', '-o', program, 'build.rs'], {
      cwd: crate,
    });
    expect(built.status).toBe(0);
    const output = () => spawnSync(program, { cwd: crate, encoding: 'utf8' }).stdout;
    expect(output()).toMatch(/^cargo::warning=.*`npm run setup`/m);
    expect(output()).not.toContain('cargo::rustc-cfg=');
    expect(patchCrates()).toBe('true');
    expect(output()).toContain('cargo::rustc-cfg=dcsctp_is_patched');
    expect(output()).not.toContain('warning');
  }, 60_000);

  test('are refused when the source wants another version', () => {
    const manifest = path.join(root, 'native/sctp/Cargo.toml');
    writeFileSync(manifest, read(manifest).replace(`"=${version}"`, '"=9.9.9"'));
    expect(patchCrates()).toBe(
      `patches/${folder} is for ${name} ${version}, but native/sctp/Cargo.toml wants 9.9.9: make patches for that version, or go back to "=${version}".`,
    );
  });

  test('are refused when a patch does more than to add lines', () => {
    const file = path.join(root, patches[0] ?? '');
    writeFileSync(file, `${read(file)}-gone\n`);
    expect(patchCrates()).toContain('does more than to add lines: "-gone"');
  }, 60_000);

  test('leave a configuration of cargo alone that somebody else has written', () => {
    mkdirSync(path.join(root, '.cargo'));
    writeFileSync(path.join(root, '.cargo/config.toml'), '[net]\noffline = false\n');
    expect(patchCrates()).toMatch(/^\.cargo\/config\.toml is not of this project's making: /);
    expect(read(root, '.cargo/config.toml')).toBe('[net]\noffline = false\n');
  });
});
