/** `rserpool load`: the load program, built where that is needed, against a registrar process. */

import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { builtLoadProgram } from '#load-program';
import { Running, run, stopAll } from './support.ts';

const BUILD_MS = 300_000;

beforeAll(() => {
  builtLoadProgram();
}, BUILD_MS);
afterEach(stopAll);

describe('rserpool load', () => {
  test('registers, resolves and registers again, with every answer checked', async () => {
    const registrar = new Running(
      ...['registrar', '--address', '127.0.0.1', '--udp-port', '0', '--no-announce'],
      ...['--keep-alive-interval', '3600000'],
    );
    const { udpPort } = await registrar.until('ready');
    const { exitCode, stdout, stderr } = await run(
      ...['load', '--udp-port', String(udpPort), '--associations', '5', '--outstanding', '4'],
      ...['--register', '20', '--pools', '4', '--seconds', '0.2', '--json'],
      ...['--measure', 'resolutions', '--measure', 'registrations'],
    );
    expect(stderr).toBe('');
    const lines = stdout.trim().split('\n');
    const measurements = lines.map((line) => JSON.parse(line));
    expect(measurements).toMatchObject([
      { measured: 'first registrations', answers: 20 },
      { measured: 'resolutions', answers: expect.any(Number) },
      { measured: 'registrations', answers: expect.any(Number) },
    ]);
    for (const { answers, latencyUs } of measurements) {
      expect(answers).toBeGreaterThan(0);
      expect(latencyUs.p50).toBeGreaterThan(0);
      expect(latencyUs.max).toBeGreaterThanOrEqual(latencyUs.p99);
    }
    expect(exitCode).toBe(0);
  });

  test('fails where a pool is not there, and says which answer was wrong', async () => {
    const registrar = new Running(
      ...['registrar', '--address', '127.0.0.1', '--udp-port', '0', '--no-announce'],
    );
    const { udpPort } = await registrar.until('ready');
    const { exitCode, stdout, stderr } = await run(
      ...['load', '--udp-port', String(udpPort), '--pool', 'Nobody', '--seconds', '0.1'],
    );
    expect(stderr).toMatch(/^rserpool-load: \d+ answers were wrong; the first: /);
    expect(stdout).toBe('');
    expect(exitCode).toBe(1);
  });

  test('lists the options of the load program with --help', async () => {
    const { exitCode, stdout } = await run('load', '--help');
    expect(stdout).toMatch(/^Usage: rserpool load/);
    expect(stdout).toMatch(/--associations N/);
    expect(exitCode).toBe(0);
  });

  test('refuses an unknown option with one sentence', async () => {
    const { exitCode, stderr } = await run('load', '--frobnicate');
    expect(stderr).toMatch(/^rserpool-load: .*--frobnicate.*\n$/);
    expect(exitCode).toBe(1);
  });
});
