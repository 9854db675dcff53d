/**
 * Crates of the registry with a change of ours: `patches/NAME-VERSION.patch` is applied to the registry's own
 * package, which cargo fetches and verifies, in the git-ignored folder that `[patch.crates-io]` of the
 * workspace names. No copy of a crate is in this tree. Uses Node's own modules only.
 */

import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Where `[patch.crates-io]` looks; cargo's complaint about a missing one so says what to do. */
const FOLDER = path.join('.setup', 'npm-run-setup-makes-this');

/** Everything that decides what is made, as files relative to `root`. */
export function patchInputs(root) {
  return ['native/sctp/Cargo.toml', ...patchesOf(root).map(({ file }) => file)];
}

export function arePatched(root) {
  return patchesOf(root).every(({ name }) =>
    existsSync(path.join(root, FOLDER, name, 'Cargo.toml')),
  );
}

/** Makes every patched crate anew. Throws an Error with one sentence when a patch does not fit. */
export function patchCrates(root) {
  for (const { name, version, file } of patchesOf(root)) {
    checkVersion(root, name, version, file);
    const target = path.join(root, FOLDER, name);
    const unfinished = `${target}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(path.dirname(target), { recursive: true });
    cpSync(sourceOf(name, version), unfinished, { recursive: true });
    applyPatch(unfinished, readFileSync(path.join(root, file), 'utf8'), file);
    rmSync(target, { recursive: true, force: true });
    renameSync(unfinished, target);
  }
}

function patchesOf(root) {
  return readdirSync(path.join(root, 'patches')).flatMap((entry) => {
    const match = /^(.+)-(\d+\.\d+\.\d+)\.patch$/.exec(entry);
    return match ? [{ name: match[1], version: match[2], file: path.join('patches', entry) }] : [];
  });
}

function checkVersion(root, name, version, file) {
  const manifest = readFileSync(path.join(root, 'native', 'sctp', 'Cargo.toml'), 'utf8');
  const wanted = new RegExp(`^${name} = "=([^"]+)"`, 'm').exec(manifest)?.[1];
  if (wanted === version) return;
  throw new Error(
    `${file} is for ${name} ${version}, but native/sctp/Cargo.toml wants ${wanted ?? 'no exact version'}: make a patch for that version, or go back to "=${version}".`,
  );
}

/** The registry's package, unpacked by cargo. */
function sourceOf(name, version) {
  const project = mkdtempSync(path.join(tmpdir(), 'rserpool-crate-'));
  try {
    mkdirSync(path.join(project, 'src'));
    writeFileSync(path.join(project, 'src', 'lib.rs'), '');
    writeFileSync(
      path.join(project, 'Cargo.toml'),
      `[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2024"\n[dependencies]\n${name} = "=${version}"\n`,
    );
    const args = ['metadata', '--format-version', '1', '--quiet'];
    const options = { cwd: project, encoding: 'utf8', maxBuffer: 1 << 28 };
    const { status, stdout, stderr } = spawnSync('cargo', args, options);
    if (status !== 0) throw new Error(`cargo could not fetch ${name} ${version}: ${stderr}`);
    const { packages } = JSON.parse(stdout);
    const found = packages.find((one) => one.name === name && one.version === version);
    return path.dirname(found.manifest_path);
  } finally {
    rmSync(project, { recursive: true });
  }
}

/** Understands what our patches are: files to which lines are added (`diff -U0`), with a text before. */
function applyPatch(folder, patch, file) {
  let target;
  let lines = [];
  let at = 0;
  const save = () => target && writeFileSync(target, lines.join('\n'));
  for (const line of patch.trimEnd().split('\n')) {
    const name = /^\+\+\+ b\/(.+)$/.exec(line)?.[1];
    const hunk = /^@@ -\d+,0 \+(\d+)(,\d+)? @@$/.exec(line);
    if (name) {
      save();
      target = path.join(folder, name);
      lines = readFileSync(target, 'utf8').split('\n');
    } else if (hunk) at = Number(hunk[1]) - 1;
    else if (target && line.startsWith('+')) lines.splice(at++, 0, line.slice(1));
    else if (target) throw new Error(`${file} does more than to add lines: "${line}".`);
  }
  save();
}
