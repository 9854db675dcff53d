/** The set-up on machines that lack something: one sentence says what to install. */

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const setup = pathToFileURL(path.resolve(import.meta.dirname, '../../scripts/setup.mjs')).href;
let programs = '';

beforeEach(() => {
  programs = mkdtempSync(path.join(tmpdir(), 'rserpool-setup-'));
});

afterEach(() => {
  rmSync(programs, { recursive: true });
});

/** Puts a program on the otherwise empty PATH. */
function install(name: string, says: string): void {
  const file = path.join(programs, name);
  writeFileSync(file, `#!/bin/sh\necho "${says}"\n`);
  chmodSync(file, 0o755);
}

function check(): string {
  const script = `
    import { checkRustToolchain } from ${JSON.stringify(setup)};
    try { checkRustToolchain(); console.log('fine'); } catch (error) { console.log(error.message); }`;
  const result = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    env: { PATH: programs },
    encoding: 'utf8',
  });
  expect(result.stderr).toBe('');
  return result.stdout.trim();
}

describe('the set-up', () => {
  test('says where to get cargo when there is none', () => {
    expect(check()).toBe(
      'cargo was not found, but the native core needs it: install the stable Rust toolchain from https://rustup.rs and try again.',
    );
  });

  test("says so when cargo is too old, as Debian's own is", () => {
    install('cargo', 'cargo 1.65.0');
    expect(check()).toMatch(/^cargo 1\.65\.0 is too old, 1\.88 or newer is needed: install .*\.$/);
  });

  test('names the package that brings a linker', () => {
    install('cargo', 'cargo 1.95.0 (f2d3ce0bd 2026-03-21)');
    expect(check()).toMatch(/^No C linker was found .* install gcc .* and try again\.$/);
  });

  test('is content with a stable toolchain and a linker', () => {
    install('cargo', 'cargo 1.95.0 (f2d3ce0bd 2026-03-21)');
    install('cc', 'cc (Debian 12.2.0-14) 12.2.0');
    expect(check()).toBe('fine');
  });
});
