/** Registrar processes under many registrations: their output stays short, and every event is in it. */

import { afterEach, expect, test } from 'vitest';
import { openSctpStack } from '../../src/transport/open.ts';
import type { SctpStack } from '../../src/transport/transport.ts';
import { type AssociationId, poolElementId, type RegistrarId } from '../../src/types.ts';
import { type AsapMessage, decodeAsap, encodeAsap } from '../../src/wire.ts';
import { loopback } from '../support/loopback.ts';
import { Recorder } from '../transport/recorder.ts';
import { Rspregistrar, stopRspregistrars } from './rspregistrar-support.ts';
import { outcomeOf, Running, start, stopAll } from './support.ts';

const ASAP = 11;
const COUNT = 2_000;
const POOLS = ['EchoPool', 'OtherPool'];
const stacks: SctpStack[] = [];

afterEach(async () => {
  for (const stack of stacks.splice(0)) await stack.close();
  await stopRspregistrars();
  await stopAll();
});

/** Registers pool elements over one association; resolves when every one is accepted. */
async function registerMany(address: string, port: number, udpPort: number): Promise<SctpStack> {
  const stack = openSctpStack({ transport: 'udp', localAddresses: [loopback(2)], udpPort: 0 });
  stacks.push(stack);
  const heard = new Recorder();
  const endpoint = stack.open({ port: 0, accepts: false }, heard);
  const association: AssociationId = endpoint.connect([{ address, port }], { udpPort });
  await heard.until('up', () => heard.of('up').length > 0);
  for (let id = 1; id <= COUNT; id++) {
    endpoint.send(association, ASAP, encodeAsap(registration(id)));
    if (id % 100 > 0) continue;
    endpoint.flush();
    await heard.until(`${id} answers`, () => heard.of('message').length >= id);
  }
  const answers = heard.of('message').map(({ payload }) => decodeAsap(payload));
  expect(answers.filter((one) => 'isRejected' in one && one.isRejected)).toEqual([]);
  return stack;
}

function registration(id: number): AsapMessage {
  return {
    type: 'ASAP_REGISTRATION',
    poolHandle: Buffer.from(POOLS[id % 2] as string),
    poolElement: {
      id: poolElementId(id),
      homeRegistrarId: 0 as RegistrarId,
      lifeMs: 300_000,
      policy: { type: 'roundRobin' },
      userTransport: { protocol: 'tcp', port: 7, transportUse: 0, addresses: [loopback(2)] },
    },
  };
}

const REGISTRAR = [
  ...['registrar', '--address', loopback(1), '--udp-port', '0', '--transport', 'udp'],
  ...['--no-announce', '--keep-alive-interval', '3600000'],
];

test('a registrar prints a summary for many registrations, and counts every one', async () => {
  const registrar = new Running(...REGISTRAR);
  const { udpPort } = await registrar.until('ready');
  const stack = await registerMany(loopback(1), 3863, Number(udpPort));
  await registrar.until('summary');
  await stack.close();
  const { lines } = registrar;
  const shown = (event: string) => lines.filter((line) => line.event === event);
  const summariesOf = (event: string) => shown('summary').filter((line) => line.of === event);
  const told = (event: string) => shown(event).length + sum(summariesOf(event));
  await expect.poll(() => told('removed'), { timeout: 30_000 }).toBe(COUNT);
  expect(await registrar.stop()).toBe(0);

  expect(lines.length).toBeLessThan(COUNT / 4);
  for (const event of ['registered', 'removed']) {
    const summaries = summariesOf(event);
    expect(shown(event).length).toBeGreaterThan(0);
    expect(summaries.length).toBeGreaterThan(0);
    expect(told(event)).toBe(COUNT);
    const groups = summaries.flatMap((one) => one.groups as Record<string, unknown>[]);
    expect(sum(groups)).toBe(sum(summaries));
    const reason = event === 'removed' ? { reason: 'associationLost' } : {};
    for (const group of groups) {
      const pool = expect.toSatisfy((name: string) => POOLS.includes(name));
      expect(group).toEqual({ pool, count: expect.any(Number), ...reason });
    }
  }
  // What is still counted at the end comes before the last line.
  expect(lines.at(-1)).toMatchObject({ event: 'closed' });
});

function sum(counted: readonly Record<string, unknown>[]): number {
  return counted.reduce((total, { count }) => total + Number(count), 0);
}

test('a registrar prints every event with --max-event-rate 0', async () => {
  const registrar = new Running(...REGISTRAR, '--max-event-rate', '0');
  const { udpPort } = await registrar.until('ready');
  await registerMany(loopback(1), 3863, Number(udpPort));
  expect(await registrar.stop()).toBe(0);
  const ids = registrar.lines.filter(({ event }) => event === 'registered').map(({ id }) => id);
  expect(new Set(ids).size).toBe(COUNT);
});

test('a registrar on a terminal or in a file writes a summary as a sentence', async () => {
  const child = start('rserpool', REGISTRAR);
  const udpPort = await new Promise<number>((resolve) => {
    child.stdout?.on('data', (text) => {
      const [, port] = /UDP port (\d+)/.exec(String(text)) ?? [];
      if (port !== undefined) resolve(Number(port));
    });
  });
  const ended = outcomeOf(child);
  await registerMany(loopback(1), 3863, udpPort);
  child.kill('SIGTERM');
  const { stdout } = await ended;
  const counted = [...stdout.matchAll(/ ([\d,]+) pool elements registered: .*(Echo|Other)Pool /g)];
  const total = counted.reduce((sum, [, count]) => sum + Number(count?.replace(',', '')), 0);
  expect(total + [...stdout.matchAll(/ registered (Echo|Other)Pool /g)].length).toBe(COUNT);
  expect(counted.length).toBeGreaterThan(0);
});

test('the log of rspregistrar has a summary for many entries with the same text', async () => {
  const registrar = await Rspregistrar.start('-loglevel=4', `-asap=${loopback(1)}`);
  const { address, port } = registrar.address;
  await registerMany(address, port, registrar.udpPort);
  expect(await registrar.stop()).toBe(0);
  const entries = registrar.stderr.match(/Action: pool element registered \(.*/g) ?? [];
  const counts = entries.map((entry) => /count ([\d,]+), by .*Pool [\d,]+/.exec(entry)?.[1] ?? '1');
  expect(entries.length).toBeLessThan(COUNT / 4);
  expect(counts.reduce((sum, count) => sum + Number(count.replace(',', '')), 0)).toBe(COUNT);
});
