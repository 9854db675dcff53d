/**
 * The package as others get it: packed, unpacked in an empty folder outside of the tree, and the handlespace
 * embedded from there, with nothing else installed. What is packed is what the set-up has built.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const tree = path.resolve(import.meta.dirname, '../..');
const example = 'embed-handlespace.mjs';
let folder = '';
let packed: readonly string[] = [];

function run(program: string, args: readonly string[], cwd = folder): string {
  return execFileSync(program, args, { cwd, encoding: 'utf8', timeout: 250_000 });
}

function tsc(args: readonly string[], cwd = folder): string {
  const program = path.join(tree, 'node_modules', 'typescript', 'bin', 'tsc');
  return run(process.execPath, [program, ...args], cwd);
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'rserpool-embedding-'));
  if (!existsSync(path.join(tree, 'dist', 'handlespace.js'))) tsc([], tree);
  const report = run(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
    tree,
  );
  const [tarball] = JSON.parse(report) as [{ filename: string; files: { path: string }[] }];
  packed = tarball.files.map((file) => file.path);
  // What `npm install` would do with it, but for the dependencies: the handlespace needs none.
  const target = path.join(folder, 'node_modules', 'rserpool');
  mkdirSync(target, { recursive: true });
  run('tar', ['-xzf', path.join(folder, tarball.filename), '-C', target, '--strip-components=1']);
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module", "private": true }');
  copyFileSync(path.join(tree, 'examples', example), path.join(folder, example));
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the packed package', () => {
  test('holds the compiled files, the addon and its papers, and no sources', () => {
    expect(packed).toEqual(
      expect.arrayContaining([
        ...['package.json', 'README.md', 'LICENSE', 'dist/handlespace.js', 'dist/handlespace.d.ts'],
        expect.stringMatching(/^native\/rserpool\..*\.node$/),
      ]),
    );
    const foreign = /^(src|test|bench|scripts|node_modules)\/|\.rs$|Cargo/;
    expect(packed.filter((file) => foreign.test(file))).toEqual([]);
  });

  test('runs the example of the README on its own', () => {
    const output = run(process.execPath, [example]);
    expect(output).toContain("poolHandle: 'EchoPool'");
    expect(output).toContain("id: '0x00000001'");
    expect(output).toContain("policy: { type: 'leastUsed', load: 0 }");
    expect(output.trimEnd().endsWith('[]')).toBe(true);
  });

  test('has the types that the example needs, and that are right in themselves', () => {
    const typeRoots = [path.join(tree, 'node_modules', '@types')];
    const compilerOptions = {
      ...{ target: 'ES2022', lib: ['ES2023', 'ESNext.Disposable'], module: 'NodeNext' },
      ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true },
      ...{ allowJs: true, checkJs: true, types: ['node'], typeRoots },
    };
    writeFileSync(
      path.join(folder, 'wrong.mts'),
      `import { Handlespace } from 'rserpool/handlespace';
       // @ts-expect-error a seed is a bigint
       new Handlespace({ seed: 1 });`,
    );
    const config = JSON.stringify({ compilerOptions, files: [example, 'wrong.mts'] });
    writeFileSync(path.join(folder, 'tsconfig.json'), config);
    expect(tsc(['-p', '.'])).toBe('');
  });

  test('opens nothing and starts no thread when it is imported, nor when it is used', () => {
    writeFileSync(path.join(folder, 'probe.mjs'), PROBE);
    const { before, imported, used } = JSON.parse(run(process.execPath, ['probe.mjs']));
    expect(imported).toEqual(before);
    expect(used).toEqual(before);
  });

  test('works in several threads at once, and ends with them', () => {
    writeFileSync(path.join(folder, 'threads.mjs'), THREADS);
    expect(run(process.execPath, ['threads.mjs'])).toBe('1 1 1 1\n');
  });

  test('explains that the load program is not in it, with --help as well', () => {
    for (const name of ['commander', 'pino']) {
      symlinkSync(path.join(tree, 'node_modules', name), path.join(folder, 'node_modules', name));
    }
    const program = path.join(folder, 'node_modules', 'rserpool', 'dist', 'cli', 'rserpool.js');
    const load = (...args: string[]) =>
      spawnSync(process.execPath, [program, 'load', ...args], { cwd: folder, encoding: 'utf8' });
    const sentence =
      '`rserpool load` is not in the npm package: run it in a clone of the repository, which builds the load program from source.';
    expect(load()).toMatchObject({ status: 1, stdout: '', stderr: `rserpool: ${sentence}\n` });
    const { status, stdout } = load('--associations', '5', '--json');
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'ERR_RSERPOOL_ADDON', message: sentence },
    });
    expect(status).toBe(1);
    const help = load('--help');
    expect(help.stdout).toMatch(/^Usage: rserpool load/);
    expect(help.stdout).toContain(sentence);
    expect(help).toMatchObject({ status: 0, stderr: '' });
  });

  test('says in one sentence what to do when the addon is missing', () => {
    const native = path.join(folder, 'node_modules', 'rserpool', 'native');
    rmSync(native, { recursive: true });
    writeFileSync(path.join(folder, 'without-addon.mjs'), WITHOUT_ADDON);
    const error = JSON.parse(run(process.execPath, ['without-addon.mjs']));
    expect(error).toEqual({
      code: 'ERR_RSERPOOL_ADDON',
      message: `rserpool has no prebuilt addon for ${process.platform}-${process.arch}. To build it, clone the repository and run "npm run setup".`,
    });
  });
});

/** Prints what keeps the process alive and how many threads it has, before and after. */
const PROBE = `
import { existsSync, promises, readdirSync } from 'node:fs';
const tasks = '/proc/self/task';
const state = () => ({
  resources: process.getActiveResourcesInfo().filter((one) => one !== 'FSReqPromise'),
  handles: process._getActiveHandles().length,
  threads: existsSync(tasks) ? readdirSync(tasks).length : 0,
});
// Node's own thread pool starts with the first files that it reads.
await Promise.all(Array.from({ length: 8 }, () => promises.readFile('probe.mjs')));
const before = state();
const { Handlespace } = await import('rserpool/handlespace');
const imported = state();
const handlespace = new Handlespace({ seed: 1n });
handlespace.arenas();
handlespace.resolve('EchoPool');
const used = state();
console.log(JSON.stringify({ before, imported, used }));
`;

/** Four threads with a handlespace each; terminated with it open, and its functions in use. */
const THREADS = `
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { Handlespace } from 'rserpool/handlespace';
const handlespace = new Handlespace({ seed: 1n });
handlespace.register(0, {
  ...{ poolHandle: 'EchoPool', id: 1, homeRegistrarId: 1, lifeMs: 1000, policy: { type: 'random' } },
  userTransport: { protocol: 'tcp', port: 7, transportUse: 0, addresses: ['10.0.0.1'] },
});
handlespace.arenas();
if (isMainThread) {
  const workers = Array.from({ length: 4 }, () => new Worker(new URL(import.meta.url)));
  const answers = await Promise.all(workers.map((worker) => once(worker, 'message')));
  await Promise.all(workers.map((worker) => worker.terminate()));
  console.log(answers.join(' '));
} else {
  parentPort.postMessage(handlespace.resolve('EchoPool').length);
  for (;;) handlespace.resolve('EchoPool');
}
`;

const WITHOUT_ADDON = `
import { Handlespace } from 'rserpool/handlespace';
try {
  new Handlespace({ seed: 1n });
} catch ({ code, message }) {
  console.log(JSON.stringify({ code, message }));
}
`;
