/**
 * The backend `kernel`, in the lab's VM: its Rust tests (`native/sctp/tests/kernel/`), and the transport's
 * tests that the other backends pass too. Each of them is one test here, with its own words when it fails.
 */

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeInLab, runInVm } from './lab.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../..');
const LIMIT_S = 200;
const BUILD_LIMIT_MS = 300_000;

/** The compiled tests; builds it where that has not been done. */
async function rustTestProgram(): Promise<string> {
  const options = ['-q', '-p', 'rserpool-sctp', '--test', 'kernel', '--no-run'];
  const { stdout } = await run('cargo', ['test', ...options, '--message-format=json'], {
    cwd: root,
    maxBuffer: 1 << 24,
  });
  const messages = stdout.split('\n').filter((line) => line.startsWith('{'));
  const programs = messages
    .map((line) => JSON.parse(line))
    .filter(({ target, executable }) => target?.name === 'kernel' && executable);
  const program = programs.at(-1)?.executable;
  if (program === undefined) throw new Error('cargo built no test program "kernel"');
  return program;
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

describeInLab("the backend of the kernel's SCTP", () => {
  test(
    'passes its Rust tests',
    async () => {
      const program = await rustTestProgram();
      // What is sent to a dummy device is lost, and its addresses are for the tests to take away.
      const device = 'ip link add dummy0 type dummy && ip link set dummy0 up';
      const tests = `RSERPOOL_LAB_DEVICE=dummy0 exec ${program} --test-threads=4 --nocapture`;
      const { stdout, stderr } = await runInVm(['bash', '-c', `${device} && ${tests}`], LIMIT_S);
      expect(stderr).not.toContain('skipped:');
      // What failed is told in the program's own words, which are in the rejection.
      expect(stdout).toMatch(/^test result: ok\. [1-9]\d* passed; 0 failed; 0 ignored/m);
    },
    BUILD_LIMIT_MS + LIMIT_S * 1_000,
  );
});

describeInLab("the transport on the kernel's SCTP", () => {
  let report: VitestReport;
  let folder: string;

  beforeAll(
    async () => {
      folder = mkdtempSync(path.join(tmpdir(), 'rserpool-kernel-'));
      const file = path.join(folder, 'report.json');
      const vitest = [
        process.execPath,
        path.join(root, 'node_modules/vitest/vitest.mjs'),
        ...['run', 'test/transport/udp.test.ts', '--reporter=json', `--outputFile=${file}`],
      ];
      const environment = ['env', 'RSERPOOL_TEST_TRANSPORT=kernel'];
      // It also fails when tests do; they are told one by one below.
      await runInVm([...environment, ...vitest], LIMIT_S).catch(() => undefined);
      report = JSON.parse(readFileSync(file, 'utf8'));
    },
    (LIMIT_S + 90) * 1_000,
  );
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('behaves as every transport does', () => {
    const all = report.testResults.flatMap(({ assertionResults }) => assertionResults);
    const failed = all.filter(({ status }) => status === 'failed');
    const told = failed.map(({ fullName, failureMessages }) => [fullName, ...failureMessages]);
    expect(told).toEqual([]);
    expect(report.numPassedTests).toBeGreaterThan(15);
  });
});

describeInLab('rserpool doctor where the kernel has SCTP', () => {
  test('says that auto takes the kernel, and how peers on UDP reach it', async () => {
    const doctor = [process.execPath, path.join(root, 'dist/cli/rserpool.js'), 'doctor', '--json'];
    const { stdout } = await runInVm(doctor, 60);
    const checks = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
    expect(checks).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          name: 'transport',
          state: 'ok',
          finding: expect.stringContaining('"auto" selects kernel'),
        }),
        expect.objectContaining({ name: 'module', state: 'ok' }),
        expect.objectContaining({
          name: 'encapsulation',
          remedy: expect.stringContaining('net.sctp.udp_port=9899'),
        }),
        // The guest's only interface is the loopback.
        expect.objectContaining({ name: 'multicast', state: 'warning' }),
      ]),
    );
  }, 150_000);
});
