/** Commands that fail, are stopped before they have come far, or lose who started them: nothing stays. */

import { type ChildProcess, fork } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exitOf, outcomeOf, Running, rserpool, run, start, stopAll } from './support.ts';

afterEach(stopAll);

const serveEcho = (registrarUdpPort: number) => [
  ...['serve', 'echo', '--address', '127.0.8.1', '--transport', 'udp'],
  ...['--registrar', '127.0.8.9', '--registrar-udp-port', String(registrarUdpPort)],
];

test('rserpool serve echo says that there is no registrar, and ends', async () => {
  const { exitCode, stdout, stderr } = await run(...serveEcho(9));
  expect(stderr).toMatch(/^rserpool: No registrar answers at 127\.0\.8\.9:3863: .*\n$/);
  expect(stdout).toBe('');
  expect(exitCode).toBe(1);
});

describe('rserpool serve echo that waits for a registrar', () => {
  /** Takes what it is sent and says nothing: so does a registrar that hangs. */
  let silent: Socket;
  let args: string[];

  beforeEach(async () => {
    silent = createSocket('udp4').bind({ address: '127.0.8.9', port: 0 });
    await once(silent, 'listening');
    args = serveEcho(silent.address().port);
  });
  afterEach(() => silent.close());

  test.each(['SIGINT', 'SIGTERM'] as const)('ends at the first %s', async (signal) => {
    const called = once(silent, 'message');
    const server = start('rserpool', args);
    const outcome = outcomeOf(server);
    await called;
    server.kill(signal);
    expect(await outcome).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });

  test('ends with the process that started it', async () => {
    const called = once(silent, 'message');
    await withFork(args, async (server) => {
      await called;
      const exited = once(server, 'exit');
      server.disconnect();
      expect(await exited).toEqual([0, null]);
    });
  });
});

test('rserpool registrar that cannot start ends, although who started it lives', async () => {
  const place = ['registrar', '--address', '127.0.8.2', '--no-announce', '--udp-port'];
  const { udpPort } = await new Running(...place, '0').until('ready');
  await withFork([...place, String(udpPort)], async (second) => {
    expect(await exitOf(second)).toBe(1);
  });
});

test('nothing is left of a demonstration whose reader has gone', async () => {
  const [name, value] = ['RSERPOOL_TEST_MARK', `${process.pid}-${Date.now()}`];
  const dev = start('rserpool', ['dev', '--once'], { [name]: value });
  for await (const text of dev.stdout?.setEncoding('utf8') ?? []) {
    if (String(text).includes('the registrars know each other')) break; // which closes the pipe
  }
  expect(processesWith(`${name}=${value}`).length).toBeGreaterThan(3);
  await exitOf(dev);
  await expect.poll(() => processesWith(`${name}=${value}`), { timeout: 30_000 }).toEqual([]);
});

/** A process that hears when this one ends, as those of the demonstration do. */
async function withFork(args: string[], act: (child: ChildProcess) => Promise<void>) {
  const child = fork(rserpool, args, { stdio: 'ignore', execArgv: [] });
  try {
    await act(child);
  } finally {
    child.kill('SIGKILL');
  }
}

/** Those that were started with this in their environment. */
function processesWith(mark: string): number[] {
  const ids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return ids.filter((id) => {
    try {
      return readFileSync(`/proc/${id}/environ`, 'latin1').split('\0').includes(mark);
    } catch {
      return false; // it has ended meanwhile, or is somebody else's
    }
  });
}
