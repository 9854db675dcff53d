/**
 * The examples as their readers use them: each compiles as TypeScript, and all run together, until their timers have
 * done what they are for. The README shows the same text (`test/docs.test.ts`).
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loopbackNetwork } from '../support/loopback.ts';

const tree = path.resolve(import.meta.dirname, '../..');
const examples = readdirSync(path.join(tree, 'examples')).filter((file) => file.endsWith('.mjs'));
const running: Example[] = [];
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'rserpool-examples-'));
  mkdirSync(path.join(folder, 'node_modules'));
  symlinkSync(tree, path.join(folder, 'node_modules', 'rserpool'));
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module", "private": true }');
  for (const example of examples) {
    const text = readFileSync(path.join(tree, 'examples', example), 'utf8');
    // Loopback addresses of this test's own: others may use 127.0.0.1 at the same time.
    writeFileSync(
      path.join(folder, example),
      text.replaceAll(/\b127\.0\.0\./g, `${loopbackNetwork}.`),
    );
  }
});

afterAll(async () => {
  for (const { child, exit } of running) {
    child.kill('SIGKILL');
    await exit;
  }
  rmSync(folder, { recursive: true, force: true });
});

/** A running example, and the lines that it has written. */
class Example {
  readonly child: ChildProcess;
  readonly exit: Promise<unknown[]>;
  readonly lines: string[] = [];
  #onLine = () => {};

  constructor(file: string) {
    this.child = spawn(process.execPath, [file], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.exit = once(this.child, 'exit');
    running.push(this);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      createInterface({ input: stream as NodeJS.ReadableStream }).on('line', (line) => {
        this.lines.push(line);
        this.#onLine();
      });
    }
  }

  /** Waits for a line; rejects with all that was written when the example ends before. */
  async wrote(pattern: RegExp): Promise<void> {
    const isThere = new Promise<void>((resolve) => {
      this.#onLine = () => this.lines.some((line) => pattern.test(line)) && resolve();
      this.#onLine();
    });
    const isOver = this.exit.then(() => {
      if (this.lines.some((line) => pattern.test(line))) return;
      throw new Error(`ended without ${pattern}:\n${this.lines.join('\n')}`);
    });
    await Promise.race([isThere, isOver]);
  }

  async stop(): Promise<void> {
    this.child.kill('SIGINT');
    expect([await this.exit, this.lines.filter((line) => /Error/.test(line))]).toEqual([
      [0, null],
      [],
    ]);
  }
}

describe('the examples', () => {
  test('are all tried here', () => {
    expect(examples.sort()).toEqual([
      ...['embed-handlespace.mjs', 'pool-element.mjs', 'pool-user.mjs', 'registrar.mjs'],
    ]);
  });

  test('compile as TypeScript, as do all snippets of the README', () => {
    const readme = readFileSync(path.join(tree, 'README.md'), 'utf8');
    const snippets = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, text], index) => {
      const file = `snippet-${index}.mts`;
      writeFileSync(path.join(folder, file), text as string);
      return file;
    });
    expect(snippets.length).toBeGreaterThan(examples.length);
    const compilerOptions = {
      ...{ target: 'ES2022', lib: ['ES2023', 'ESNext.Disposable'], module: 'NodeNext' },
      ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true },
      ...{ allowJs: true, checkJs: true, noEmit: true, types: ['node'] },
      typeRoots: [path.join(tree, 'node_modules', '@types')],
    };
    const config = JSON.stringify({ compilerOptions, files: [...examples, ...snippets] });
    writeFileSync(path.join(folder, 'tsconfig.json'), config);
    const compiler = path.join(tree, 'node_modules', 'typescript', 'bin', 'tsc');
    const args = [compiler, '-p', '.'];
    const output = execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    expect(output).toBe('');
  });

  test('work together: a registrar, a server that changes its load, a client', async () => {
    const registrar = new Example('registrar.mjs');
    await registrar.wrote(/is ready$/); // a pool element whose registrar does not run yet ends
    const element = new Example('pool-element.mjs');
    await element.wrote(/load: 0\.25/);
    await registrar.wrote(/ registered$/);
    const user = new Example('pool-user.mjs');
    await user.wrote(/^connected to /);
    expect(await user.exit).toEqual([0, null]);
    await element.stop();
    await registrar.wrote(/ deregistered$/);
    await registrar.stop();
  });
});
