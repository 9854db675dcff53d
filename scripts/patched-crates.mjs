/**
 * Crates of the registry with lines of ours: the patches in `patches/NAME-VERSION/` are applied to the registry's own
 * package, which cargo fetches and verifies, in a git-ignored folder. `.cargo/config.toml`, git-ignored too, makes cargo
 * use that folder; without it cargo uses the registry's package, and Cargo.lock is the same. No copy of a crate is in
 * this tree. Uses Node's own modules only.
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
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const FOLDER = path.join('.setup', 'crates');
const CONFIG = path.join('.cargo', 'config.toml');
const CONFIG_COMMENT =
  '# Written by scripts/patched-crates.mjs: crates with the lines of patches/.';

/** Everything that decides what is made, as files relative to `root`. */
export function patchInputs(root) {
  return ['native/sctp/Cargo.toml', ...patchedCrates(root).flatMap(({ patches }) => patches)];
}

export function arePatched(root) {
  const isMade = ({ name }) => existsSync(path.join(root, FOLDER, name, 'Cargo.toml'));
  return existsSync(path.join(root, CONFIG)) && patchedCrates(root).every(isMade);
}

/** Makes every patched crate anew. Throws an Error with one sentence when a patch does not fit. */
export function patchCrates(root) {
  checkConfig(root);
  const crates = patchedCrates(root);
  for (const { name, version, folder, patches } of crates) {
    checkVersion(root, name, version, folder);
    const target = path.join(root, FOLDER, name);
    const unfinished = `${target}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(path.dirname(target), { recursive: true });
    cpSync(sourceOf(name, version), unfinished, { recursive: true });
    applyPatches(unfinished, root, patches);
    rmSync(target, { recursive: true, force: true });
    renameSync(unfinished, target);
  }
  writeConfig(
    root,
    crates.map(({ name }) => `${FOLDER}/${name}`),
  );
}

function patchedCrates(root) {
  return readdirSync(path.join(root, 'patches')).flatMap((entry) => {
    const match = /^(.+)-(\d+\.\d+\.\d+)$/.exec(entry);
    if (!match) return [];
    const folder = path.join('patches', entry);
    const files = readdirSync(path.join(root, folder)).filter((name) => name.endsWith('.patch'));
    const patches = files.sort().map((name) => path.join(folder, name));
    return [{ name: match[1], version: match[2], folder, patches }];
  });
}

/** A file of somebody else is not overwritten. */
function checkConfig(root) {
  const file = path.join(root, CONFIG);
  if (!existsSync(file) || readFileSync(file, 'utf8').startsWith(CONFIG_COMMENT)) return;
  throw new Error(
    `${CONFIG} is not of this project's making: move it to the folder above or to ~/.cargo, where cargo reads it, too.`,
  );
}

function writeConfig(root, paths) {
  mkdirSync(path.join(root, '.cargo'), { recursive: true });
  const list = paths.map((entry) => JSON.stringify(entry)).join(', ');
  writeFileSync(path.join(root, CONFIG), `${CONFIG_COMMENT}\npaths = [${list}]\n`);
  // So that cargo runs it again: it tells the tests whether the crate is patched.
  const buildScript = path.join(root, 'native', 'sctp', 'build.rs');
  if (existsSync(buildScript)) utimesSync(buildScript, new Date(), new Date());
}

function checkVersion(root, name, version, folder) {
  const manifest = readFileSync(path.join(root, 'native', 'sctp', 'Cargo.toml'), 'utf8');
  const wanted = new RegExp(`^${name} = "=([^"]+)"`, 'm').exec(manifest)?.[1];
  if (wanted === version) return;
  throw new Error(
    `${folder} is for ${name} ${version}, but native/sctp/Cargo.toml wants ${wanted ?? 'no exact version'}: make patches for that version, or go back to "=${version}".`,
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

/**
 * Applies patches that only add lines (`diff -U0` with a text before). Each is for the file as published, so that it
 * can be understood, and offered to the crate's authors, without the others.
 */
function applyPatches(crate, root, patches) {
  const additions = patches.flatMap((file) =>
    additionsOf(readFileSync(path.join(root, file), 'utf8'), file),
  );
  for (const target of new Set(additions.map(({ target }) => target))) {
    const source = path.join(crate, target);
    const lines = readFileSync(source, 'utf8').split('\n');
    const ofTarget = additions.filter((addition) => addition.target === target);
    // From the end, so that line numbers stay those of the published file.
    for (const { after, added } of ofTarget.sort((a, b) => b.after - a.after)) {
      lines.splice(after, 0, ...added);
    }
    writeFileSync(source, lines.join('\n'));
  }
}

/** What a patch adds: to which file, after which of its lines, which lines. */
function additionsOf(patch, file) {
  const additions = [];
  let target;
  for (const line of patch.trimEnd().split('\n')) {
    const name = /^\+\+\+ b\/(.+)$/.exec(line)?.[1];
    const after = /^@@ -(\d+),0 \+\d+(,\d+)? @@$/.exec(line)?.[1];
    if (name) target = name;
    else if (target && after) additions.push({ target, after: Number(after), added: [] });
    else if (additions.length > 0 && line.startsWith('+'))
      additions.at(-1).added.push(line.slice(1));
    else if (target && !line.startsWith('--- a/')) {
      throw new Error(`${file} does more than to add lines: "${line}".`);
    }
  }
  return additions;
}
