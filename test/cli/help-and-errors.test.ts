/** How commands show help and version, and what they print when they fail: for people and, with `--json`, for programs. */

import { afterEach, describe, expect, test } from 'vitest';
import { loopback } from '../support/loopback.ts';
import { runRspregistrar } from './rspregistrar-support.ts';
import { type Outcome, Running, run, stopAll } from './support.ts';

afterEach(stopAll);

describe('help and version', () => {
  test.each([['help'], ['-h'], ['--help']])('rserpool %s shows the commands', async (...args) => {
    const { exitCode, stdout, stderr } = await run(...args);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Usage: rserpool /);
    for (const command of ['registrar', 'serve', 'version', 'help']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'));
    }
  });

  test.each([
    ['help registrar', /^Usage: rserpool registrar .*--max-event-rate/s],
    ['registrar -h', /^Usage: rserpool registrar /],
    ['help serve', /^Usage: rserpool serve /],
    ['help serve echo', /^Usage: rserpool serve echo .*\(default:\s+roundRobin\)/s],
    ['serve echo -h', /^Usage: rserpool serve echo /],
    ['help diff', /^Usage: rserpool diff /],
    ['resolve -h', /^Usage: rserpool resolve .*\(default: discovered by\s+multicast\)/s],
  ])('rserpool %s shows the help of that command', async (line, text) => {
    const { exitCode, stdout, stderr } = await run(...line.split(' '));
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(text);
  });

  test.each([['version'], ['-v'], ['--version']])('rserpool %s shows the version', async (arg) => {
    const { exitCode, stdout, stderr } = await run(arg);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('rserpool version --json shows it as an object', async () => {
    const { stdout } = await run('version', '--json');
    expect(JSON.parse(stdout)).toEqual({ version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
  });

  test.each(['help', '-h', '-help'])('rspregistrar %s shows its options', async (arg) => {
    const { exitCode, stdout, stderr } = await runRspregistrar(arg);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Usage: rspregistrar /);
  });

  test.each(['version', '-v', '-version'])('rspregistrar %s shows its version', async (arg) => {
    const { exitCode, stdout } = await runRspregistrar(arg);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^rspregistrar \d+\.\d+\.\d+\n$/);
  });
});

describe('with --json, a command that fails ends its output with the error', () => {
  const errorOf = ({ stdout }: Outcome) => JSON.parse(stdout.trim().split('\n').at(-1) ?? '').error;

  test.each([
    ['an unknown option', 'registrar --frobnicate', "unknown option '--frobnicate'"],
    ['an unknown command', 'frobnicate', "unknown command 'frobnicate'"],
    ['an unknown command of serve', 'serve frobnicate', "unknown command 'frobnicate'"],
    ['help for an unknown command', 'help frobnicate', "unknown command 'frobnicate'"],
    ['a missing argument', 'resolve', "missing required argument 'handle'"],
    ['a missing option', 'pools', "required option '--registrar <address>' not specified"],
    ['a bad value', 'registrar --port x', 'Write a whole number from 1 to 65535.'],
    ['too many arguments', 'diff a b c', 'too many arguments'],
  ])('for %s: exit code 2', async (_, line, message) => {
    const outcome = await run(...line.split(' '), '--json');
    expect(outcome.exitCode).toBe(2);
    expect(errorOf(outcome)).toEqual({
      code: 'ERR_RSERPOOL_USAGE',
      message: expect.stringContaining(message),
    });
    expect(outcome.stderr).toContain(message);
    expect((await run(...line.split(' '))).stdout).toBe('');
  });

  test('for an option without its value: exit code 2', async () => {
    const outcome = await run('registrar', '--json', '--port');
    expect(outcome.exitCode).toBe(2);
    expect(errorOf(outcome).message).toMatch(/'--port <port>' argument missing/);
  });

  test('for a setting of the command line that cannot be used: exit code 2', async () => {
    const outcome = await run('resolve', 'x'.repeat(70_000), '--registrar', '127.0.0.1', '--json');
    expect(outcome.exitCode).toBe(2);
    expect(errorOf(outcome)).toMatchObject({ code: 'ERR_RSERPOOL_CONFIG' });
  });

  test('for a port that is in use: exit code 1', async () => {
    const where = ['registrar', '--transport', 'udp', '--address', loopback(3), '--no-announce'];
    const first = new Running(...where);
    await first.until('ready');
    const outcome = await run(...where, '--json');
    expect(outcome.exitCode).toBe(1);
    const message = expect.stringMatching(/^UDP port 9899 .* is in use/);
    expect(errorOf(outcome)).toEqual({ code: 'ERR_RSERPOOL_CONFIG', message });
  });

  test('for a registrar that cannot be reached: exit code 1, and 3 for diff', async () => {
    const registrar = ['--registrar', loopback(4), '--transport', 'udp'];
    const resolving = await run('resolve', 'P', ...registrar, '--json');
    expect(resolving.exitCode).toBe(1);
    const message = expect.stringMatching(/^No registrar answers at /);
    expect(errorOf(resolving)).toEqual({ code: 'ERR_RSERPOOL_UNREACHABLE', message });
    const comparing = await run(
      ...['diff', loopback(4), loopback(5), '--transport', 'udp', '--json'],
    );
    expect(comparing.exitCode).toBe(3);
    expect(errorOf(comparing)).toMatchObject({ code: 'ERR_RSERPOOL_UNREACHABLE' });
  });

  test('for a rejected registration, with the policy of the pool in words', async () => {
    const registrar = new Running(
      ...['registrar', '--transport', 'udp', '--address', loopback(6), '--no-announce'],
    );
    await registrar.until('ready');
    const serve = [
      ...['serve', 'echo', '--transport', 'udp', '--address', loopback(7)],
      ...['--registrar', loopback(6)],
    ];
    const first = new Running(...serve, '--policy', 'leastUsed:0.5');
    await first.until('registered');
    const outcome = await run(...serve, '--json');
    expect(outcome.exitCode).toBe(1);
    const reason = 'the pool uses leastUsed, not roundRobin (cause 5)';
    const message = `The registrar rejected the registration: ${reason}.`;
    expect(outcome.stderr).toContain(`\nrserpool: ${message}\n`); // after the warning of the log
    expect(errorOf(outcome)).toEqual({ code: 'ERR_RSERPOOL_REJECTED', message });
    const refused = await registrar.until('refused');
    expect(refused).toMatchObject({ pool: 'EchoPool', causeCode: 5, reason });
    expect(refused.text).toMatch(/^rejected the registration of EchoPool 0x[0-9a-f]{8}: the pool /);
  });
});

describe('lists for programs', () => {
  test('of checks end with their count', async () => {
    const { stdout } = await run('doctor', '--json');
    const lines = stdout.trim().split('\n');
    expect(JSON.parse(lines.at(-1) as string)).toEqual({ count: lines.length - 1 });
  });
});

describe('registrars report', () => {
  const at = (host: number, id: number, ...peers: number[]) =>
    new Running(
      ...['registrar', '--transport', 'udp', '--address', loopback(host), '--id', String(id)],
      ...['--no-announce', ...peers.flatMap((peer) => ['--peer', loopback(peer)])],
      ...['--peer-heartbeat-cycle', '200', '--peer-max-time-last-heard', '1000'],
      ...['--peer-max-time-no-response', '500', '--mentor-discovery-timeout', '300'],
    );

  test('a duplicate identifier, both of them', async () => {
    const called = at(8, 7, 200);
    await called.until('inService');
    const caller = at(9, 7, 8);
    expect(await called.until('duplicateId')).toMatchObject({
      id: '0x00000007',
      text: `another registrar at ${loopback(9)}:9901 uses our identifier 0x00000007; restart one of the two with another --id, or without`,
    });
    expect(await caller.until('duplicateId')).toMatchObject({
      id: '0x00000007',
      addresses: [{ address: loopback(8), port: 9901 }],
    });
  });

  test('a peer without pool elements that is stopped as left', async () => {
    const staying = at(10, 1, 11);
    const leaving = at(11, 2, 10);
    await staying.until('peerUp');
    await leaving.until('peerUp');
    expect(await leaving.stop()).toBe(0);
    expect(await staying.until('peerDown')).toMatchObject({
      ...{ id: '0x00000002', reason: 'left' },
      text: 'peer 0x00000002 left; it had no pool elements',
    });
  });

  test('a peer without pool elements that is killed as silent', async () => {
    const staying = at(12, 1, 13);
    const dying = at(13, 2, 12);
    await staying.until('peerUp');
    await dying.until('peerUp');
    await dying.stop('SIGKILL');
    expect(await staying.until('peerDown')).toMatchObject({ reason: 'silent' });
  });
});
