/**
 * Brings a clone into the state in which everything runs: packages installed, native addon built,
 * TypeScript compiled. Does only what has changed since the last time, so it may run before every command.
 * Uses Node's own modules only: it is what installs the others.
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { arePatched, patchCrates, patchInputs } from './patched-crates.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const stampFile = path.join(root, '.setup', 'stamps.json');

const MINIMUM_NODE = [20, 19];
const MINIMUM_CARGO = [1, 88];

/** A step is done when the hash of its inputs is the one stamped and its result is still there. */
const steps = [
  {
    name: 'packages',
    title: 'Installing npm packages',
    inputs: () => ['package.json', 'package-lock.json'],
    isThere: () => existsSync(path.join(root, 'node_modules', '.package-lock.json')),
    run: () => execute('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error']),
  },
  {
    name: 'crates',
    title: 'Patching crates',
    inputs: () => ['scripts/patched-crates.mjs', ...patchInputs(root)],
    isThere: () => arePatched(root),
    run: () => {
      checkRustToolchain();
      patchCrates(root);
    },
  },
  {
    name: 'addon',
    title: 'Building the native addon, 2 to 5 minutes the first time: cargo names each crate',
    inputs: () => [
      ...['Cargo.toml', 'Cargo.lock', ...patchInputs(root)],
      ...files('native', /\.(rs|toml)$/),
    ],
    isThere: () => readdirSync(path.join(root, 'native')).some((name) => name.endsWith('.node')),
    run: () => {
      checkRustToolchain();
      execute(process.execPath, [
        path.join(root, 'node_modules', '@napi-rs', 'cli', 'dist', 'cli.js'),
        ...[
          'build',
          '--release',
          '--platform',
          '--no-js',
          '--dts',
          path.join('..', '.setup', 'addon.d.ts'),
        ],
        ...['--manifest-path', 'native/binding/Cargo.toml', '--output-dir', 'native'],
      ]);
    },
  },
  {
    name: 'typescript',
    title: 'Compiling TypeScript',
    inputs: () => ['tsconfig.json', 'package-lock.json', ...files('src', /\.ts$/)],
    isThere: () => existsSync(path.join(root, 'dist', 'index.js')),
    run: () =>
      execute(process.execPath, [path.join(root, 'node_modules', 'typescript', 'bin', 'tsc')]),
  },
];

/** Does every step whose inputs changed. Throws an Error with one sentence that says what to do. */
export function setup() {
  checkNode();
  const stamps = readStamps();
  const pending = steps
    .map((step) => ({ ...step, hash: hashOf(step.inputs()) }))
    .filter(({ name, hash, isThere }) => stamps[name] !== hash || !isThere());
  const onDone = ({ name, hash }) => {
    stamps[name] = hash;
    writeStamps(stamps);
  };
  runSteps(
    pending,
    onDone,
    (line) => process.stderr.write(line),
    performance.now.bind(performance),
  );
}

/**
 * Runs steps one after the other and writes which one of how many begins, and how long each one took.
 * `now` returns milliseconds.
 */
export function runSteps(pending, onDone, write, now) {
  const begin = now();
  for (const [index, step] of pending.entries()) {
    const label = `[${index + 1}/${pending.length}]`;
    write(`${label} ${step.title} ...\n`);
    const stepBegin = now();
    step.run();
    onDone(step);
    write(`${label} done in ${formatDuration(now() - stepBegin)}\n`);
  }
  if (pending.length > 1) write(`The set-up is complete after ${formatDuration(now() - begin)}.\n`);
}

/** `8 s`, `4 min 5 s` */
function formatDuration(durationMs) {
  const seconds = Math.round(durationMs / 1_000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `setup()` for commands: an error becomes its sentence and exit code 1. */
export function setupOrExit() {
  try {
    setup();
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

function checkNode() {
  if (!isAtLeast(process.versions.node, MINIMUM_NODE)) {
    throw new Error(
      `Node.js ${process.versions.node} is too old: install Node.js ${MINIMUM_NODE.join('.')} or newer.`,
    );
  }
}

/** Throws one sentence when cargo or the linker that it needs is missing or too old. */
export function checkRustToolchain() {
  const wanted = MINIMUM_CARGO.join('.');
  const how = 'install the stable Rust toolchain from https://rustup.rs and try again.';
  const cargo = spawnSync('cargo', ['--version'], { cwd: root, encoding: 'utf8' });
  if (cargo.error || cargo.status !== 0) {
    throw new Error(`cargo was not found, but the native core needs it: ${how}`);
  }
  const version = /\d+\.\d+\.\d+/.exec(cargo.stdout)?.[0] ?? '0.0.0';
  if (!isAtLeast(version, MINIMUM_CARGO)) {
    throw new Error(`cargo ${version} is too old, ${wanted} or newer is needed: ${how}`);
  }
  const linker = spawnSync('cc', ['--version'], { stdio: 'ignore' });
  if (linker.error || linker.status !== 0) {
    throw new Error(
      'No C linker was found (command "cc"), but Rust needs one: install gcc (Debian: apt install gcc libc6-dev) and try again.',
    );
  }
}

function isAtLeast(version, [major, minor]) {
  const [a = 0, b = 0] = version.split('.').map(Number);
  return a > major || (a === major && b >= minor);
}

/** Runs a program to its end with its output shown; its failure ends the set-up. */
function execute(program, args) {
  const result = spawnSync(program, args, {
    cwd: root,
    // Progress belongs on standard error: what a command prints stays clean.
    stdio: ['ignore', process.stderr, process.stderr],
  });
  if (result.error) throw new Error(`${program} could not be started: ${result.error.message}`);
  if (result.status !== 0) {
    throw new Error(
      `The set-up stopped because this failed: ${path.basename(program)} ${args.join(' ')}`,
    );
  }
}

function files(folder, pattern) {
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort();
}

function hashOf(names) {
  const hash = createHash('sha256').update(process.versions.modules).update(process.arch);
  for (const name of names) hash.update(`${name}\0`).update(readFileSync(path.join(root, name)));
  return hash.digest('hex');
}

function readStamps() {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    return {};
  }
}

function writeStamps(stamps) {
  mkdirSync(path.dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, `${JSON.stringify(stamps, null, 2)}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) setupOrExit();
