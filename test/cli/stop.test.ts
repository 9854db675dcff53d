/** Commands that fail, are stopped before they have come far, or lose who started them: nothing stays. */

import { type ChildProcess, fork } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loopback } from '../support/loopback.ts';
import { exitOf, outcomeOf, Running, rserpool, run, start, stopAll } from './support.ts';

afterEach(stopAll);

const serveEcho = (registrarUdpPort: number) => [
  ...['serve', 'echo', '--address', loopback(1), '--transport', 'udp'],
  ...['--registrar', loopback(9), '--registrar-udp-port', String(registrarUdpPort)],
];

test('rserpool serve echo says that there is no registrar, and ends', async () => {
  const { exitCode, stdout, stderr } = await run(...serveEcho(9));
  expect(stderr).toContain(`rserpool: No registrar answers at ${loopback(9)}:3863. `);
  expect(stdout).toBe('');
  expect(exitCode).toBe(1);
});

describe('rserpool serve echo that waits for a registrar', () => {
  /** Takes what it is sent and says nothing: so does a registrar that hangs. */
  let silent: Socket;
  let args: string[];

  beforeEach(async () => {
    silent = createSocket('udp4').bind({ address: loopback(9), port: 0 });
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
  const place = ['registrar', '--address', loopback(2), '--no-announce', '--udp-port'];
  const { udpPort } = await new Running(...place, '0').until('ready');
  await withFork([...place, String(udpPort)], async (second) => {
    expect(await exitOf(second)).toBe(1);
  });
});

describe('a demonstration', () => {
  const name = 'RSERPOOL_TEST_MARK';
  /** A busy machine takes longer than the 26 s that the demonstration has otherwise. */
  const PATIENCE_S = 300;

  /** One that is played once, as soon as it has said this; and those of its processes that are there. */
  async function played(until: string, limitS: number) {
    const value = `${process.pid}-${Date.now()}`;
    const dev = start('rserpool', ['dev', '--once', '--limit', `${limitS}`], { [name]: value });
    const lines = createInterface({ input: dev.stdout as NodeJS.ReadableStream });
    for await (const line of lines) if (line.includes(until)) break;
    return { dev, processes: () => processesWith(`${name}=${value}`) };
  }

  test('whose reader has gone leaves nothing behind', async () => {
    const { dev, processes } = await played('the registrars know each other', PATIENCE_S);
    expect(processes().length).toBeGreaterThan(3);
    dev.stdout?.destroy();
    await exitOf(dev);
    await expect.poll(processes, { timeout: 120_000 }).toEqual([]);
  });

  test('ends with all its processes on SIGHUP', async () => {
    const { dev, processes } = await played('the registrars know each other', PATIENCE_S);
    dev.kill('SIGHUP');
    expect(await exitOf(dev)).toBe(0);
    expect(processes()).toEqual([]);
  });

  test('that cannot come to its end says so in time, and leaves nothing behind', async () => {
    const { dev, processes } = await played('request 1 answered', 26);
    const outcome = outcomeOf(dev);
    for (const id of processes()) if (id !== dev.pid) process.kill(id, 'SIGSTOP');
    const { exitCode, stderr } = await outcome;
    expect(stderr).toMatch(/^rserpool: The demonstration did not finish within 26 s\. /);
    expect(exitCode).toBe(1);
    expect(processes()).toEqual([]);
  });
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
