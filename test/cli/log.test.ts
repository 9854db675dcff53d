/** `--log-level` and `--log-file`, and what registrars show without them. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { afterAll, describe, expect, test } from 'vitest';
import { program } from '../../src/cli/program.ts';
import { Service, stopServices, temporaryFolder } from './lifecycle-support.ts';
import { rserpool, run } from './support.ts';

afterAll(stopServices);

function commandsOf(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(commandsOf);
}

/** Those that only print text have nothing to log. */
const LOGGING = commandsOf(program()).filter((one) => !['help', 'version'].includes(one.name()));

test.each(LOGGING.map((command) => [command.name(), command] as const))(
  'rserpool %s has --log-level and --log-file',
  (_, command) => {
    const names = command.options.map(({ long }) => long);
    expect(names).toEqual(expect.arrayContaining(['--log-level', '--log-file']));
  },
);

test('an unknown log level is a usage error that names the levels', async () => {
  const { exitCode, stderr } = await run('registrar', '--log-level', 'loud');
  expect(exitCode).toBe(2);
  expect(stderr).toContain('silent, error, warn, info, debug, trace');
});

test('a command that is not a service says that its log cannot be opened', async () => {
  const { exitCode, stderr } = await run('resolve', 'EchoPool', '--log-file', '/missing/log');
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^rserpool: The log \/missing\/log cannot be opened: ENOENT.*\n$/);
});

test('a command whose output cannot be written says so and exits with 1', () => {
  const { status, stderr } = spawnSync(
    'bash',
    ['-c', 'exec "$@" >/dev/full', 'bash', process.execPath, rserpool, '--version'],
    { encoding: 'utf8' },
  );
  expect(stderr).toMatch(/^rserpool: Standard output cannot be written: ENOSPC.*\n$/);
  expect(status).toBe(1);
});

test('a registrar logs its start to a file as JSON, behind what that holds', async () => {
  const log = path.join(temporaryFolder(), 'log');
  for (const _ of ['first', 'second']) {
    const options = ['--json', '--log-level', 'info', '--log-file', log];
    const service = await Service.start('rserpool registrar', { options });
    expect(await service.stop()).toBe(0);
    expect(service.stderr).toBe('');
  }
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  const entries = lines.map((line) => JSON.parse(line));
  const texts = entries.map(({ text }) => text).filter((text) => /^(started|ended)$/.test(text));
  expect(texts).toEqual(['started', 'ended', 'started', 'ended']);
  expect(entries[0]).toMatchObject({ level: 'info', registrarId: expect.stringMatching(/^0x/) });
});

test.skipIf(process.getuid?.() !== 0)(
  'a registrar that cannot send announces warns on standard error',
  async () => {
    // IPv6 alone, and the groups are IPv4 ones.
    const network =
      'ip link add d0 type veth peer name d1 && ip link set d1 up && ip link set d0 up && ip -6 addr add 2001:db8::1/64 dev d0 nodad';
    const registrar = ['registrar', '--enrp', '--transport', 'udp', '--address', '2001:db8::1'];
    const child = spawn(
      'unshare',
      [
        '--net',
        'bash',
        '-c',
        `${network} && exec "$@"`,
        'bash',
        process.execPath,
        rserpool,
        ...registrar,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const exited = once(child, 'exit');
    const [text] = await once(child.stderr.setEncoding('utf8'), 'data');
    child.kill();
    expect(await exited).toEqual([0, null]);
    expect(text).toMatch(
      /Warning: Announces to 239\.0\.0\.\d+:\d+ cannot be sent on any interface/,
    );
  },
);

describe('rspregistrar', () => {
  /** Shows a registrar a peer that comes and is killed; what it has printed then. */
  async function withPeer(options: readonly string[], isSeen: (service: Service) => void) {
    const quick = ['heartbeatcycle', 'maxtimelastheard', 'maxtimenoresponse'];
    const timers = quick.map((name) => `-peer${name}=1000`);
    const service = await Service.start('rspregistrar', { options: [...timers, ...options] });
    const peer = await Service.start('rspregistrar', {
      options: [...timers, `-peer=${service.host}:9901`],
    });
    await peer.until(() => expect(peer.stdout).toContain('peer is up'));
    await service.until(() => isSeen(service));
    await peer.stop('SIGKILL');
    return service;
  }

  test('without -loglevel shows its start and its peers behind its start text', async () => {
    const service = await withPeer([], ({ stdout }) => expect(stdout).toContain('peer is up'));
    await service.until(() => expect(service.stdout).toContain('Warning: peer is down'));
    expect(await service.stop()).toBe(0);
    expect(service.stdout).toMatch(
      /^rspregistrar [\s\S]*Note: started [\s\S]*Note: in service[\s\S]*Note: peer is up [\s\S]*peer is down/,
    );
    expect(service.stderr).not.toContain('peer is down');
  });

  test.each([['-loglevel=1'], ['-quiet'], ['-logquiet']])(
    'with %s does not show them',
    async (option) => {
      const service = await withPeer([option], () => {});
      await service.serve();
      expect(await service.stop()).toBe(0);
      expect(service.stdout).not.toMatch(/started|in service|peer is/);
      if (option !== '-quiet') expect(service.stderr).toBe('');
    },
  );

  test('logs that it has started before it is in service', async () => {
    const service = await Service.start('rspregistrar', { options: ['-loglevel=3'] });
    await service.until(() => expect(service.stderr).toContain('in service'));
    expect(service.stderr).toMatch(/Note: started [\s\S]*Note: in service/);
  });
});
