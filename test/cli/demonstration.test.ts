/** `rserpool dev`: what the demonstration prints, and that none of its processes outlives it. */

import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, test } from 'vitest';
import { claimLoopbackAddresses } from '../../src/cli/dev/loopback.ts';
import { formatId } from '../../src/types.ts';
import { Running, run, stopAll } from './support.ts';

/** A busy machine takes longer than the 26 s that the demonstration has otherwise. */
const PATIENCE_S = '300';

afterEach(stopAll);

test('two demonstrations at a time claim different addresses, and give them back', async () => {
  const claims = await Promise.all([claimLoopbackAddresses(6), claimLoopbackAddresses(6)]);
  const claimed = claims.flatMap(({ addresses }) => addresses);
  expect(new Set(claimed).size).toBe(12);
  for (const { release } of claims) release();
  const again = await claimLoopbackAddresses(12);
  again.release();
  expect(again.addresses).toHaveLength(12);
});

describe('rserpool dev', () => {
  test('plays the demonstration once: nothing is lost, and no process stays behind', async () => {
    const { exitCode, stdout, stderr } = await run('dev', '--once', '--limit', PATIENCE_S);
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    const lines = stdout.trim().split('\n');
    const result = JSON.parse(lines.at(-1) as string);
    const counters = ['resolutions', 'requests', 'lost', 'failovers'];
    expect(Object.keys(result)).toEqual([...counters, 'takeoverMs']);
    expect(result).toMatchObject({ lost: 0, takeoverMs: expect.any(Number) });
    expect(result.requests).toBeGreaterThan(5);
    expect(result.failovers).toBeGreaterThan(0);

    const text = lines.join('\n');
    const [, element] = /killing pool element (0x[0-9a-f]{8}) /.exec(text) as string[];
    expect(text).toContain(`removed EchoPool ${element} at`);
    const processIds = [...text.matchAll(/, process (\d+), SIGKILL\)/g)].map(([, id]) =>
      Number(id),
    );
    expect(processIds).toHaveLength(2);
    for (const id of processIds) expect(() => process.kill(id, 0)).toThrow(/ESRCH/);
  });

  test('says which registrar was killed, who took over, and where each pool element is now', async () => {
    const { exitCode, stdout } = await run('dev', '--once', '--json', '--limit', PATIENCE_S);
    expect(exitCode).toBe(0);
    const lines = stdout.trim().split('\n');
    const events = lines.map((line) => JSON.parse(line));
    const killed = events.find(({ event }) => event === 'killed');
    const taken = events.find(({ event }) => event === 'takenOver');
    expect(killed.text).toMatch(/^killing registrar 0x0000000[123] /);
    expect(taken.target).toBe(killed.id);
    expect(taken.takeoverMs).toBe(events.at(-1).takeoverMs);
    expect(taken.text).toContain(`from registrar ${killed.id}`);
    expect(taken.poolElements.length).toBeGreaterThan(0);
    const living = [1, 2, 3].map(formatId).filter((id) => id !== killed.id);
    for (const id of taken.poolElements) {
      expect(killed.text).toContain(id);
      const homes = living.map((home) => `${id} at ${home}`);
      expect(homes.filter((home) => taken.text.includes(home))).toHaveLength(1);
    }
    // On a slow machine they may all have noticed the death themselves, before the registrars did.
    if (taken.successor === undefined) expect(taken.text).toMatch(/^They had registered elsewhere/);
    else {
      expect(living).toContain(taken.successor);
      expect(taken.text).toMatch(new RegExp(`^Registrar ${taken.successor} has taken over`));
    }
  });

  test('ends its demonstration on Ctrl-C with all that it started, also where an address is in use', async () => {
    const holder = createSocket('udp4');
    const held = new Promise((resolve) => holder.once('listening', resolve).once('error', resolve));
    holder.bind({ address: '127.0.0.2', port: 9899, exclusive: true });
    await held; // or somebody else has it: the same
    try {
      const dev = new Running('dev');
      await dev.until('answered');
      expect(await dev.stop('SIGINT')).toBe(0);
      expect(dev.lines.at(-1)).toMatchObject({ requests: expect.any(Number), lost: 0 });
      const served = dev.lines.filter(({ event }) => event === 'ready').map(({ text }) => text);
      expect(served).toHaveLength(3);
      expect(served.join()).not.toContain('127.0.0.2:');
    } finally {
      holder.close();
    }
  });
});
