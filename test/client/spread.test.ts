/** Where the requests of default pool users go: a registrar and echo servers in processes of their own. */

import { afterEach, describe, expect, test } from 'vitest';
import { createPoolElement, createPoolUser, type PoolUser } from '../../src/index.ts';
import { Running, stopAll } from '../cli/support.ts';
import { loopback } from '../support/loopback.ts';

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
  await stopAll();
});

interface Scope {
  readonly user: PoolUser;
  readonly registrars: readonly string[];
  readonly registrarUdpPort: number;
}

/** A registrar with this many echo servers of one policy, and a pool user with default options. */
async function scopeOf(servers: number, policy: string): Promise<Scope> {
  const udp = ['--transport', 'udp'];
  const address = ['--address', loopback(1), '--udp-port', '0', '--no-announce'];
  const registrar = new Running('registrar', ...address, ...udp);
  const registrarUdpPort = Number((await registrar.until('ready')).udpPort);
  const registrars = [`${loopback(1)}:3863`];
  const where = ['--registrar', ...registrars, '--registrar-udp-port', String(registrarUdpPort)];
  const echos = Array.from(
    { length: servers },
    (_, index) =>
      new Running(
        ...['serve', 'echo', '--address', loopback(2 + index), '--policy', policy],
        ...[...where, ...udp],
      ),
  );
  await Promise.all(echos.map((echo) => echo.until('registered')));
  const user = await createPoolUser({ registrars, registrarUdpPort, transport: 'udp' });
  opened.push(user);
  return { user, registrars, registrarUdpPort };
}

async function firstOf(user: PoolUser, items?: number): Promise<number> {
  return Number((await user.resolve('EchoPool', { items }))?.[0]?.id);
}

/** How often each pool element was the first, most often first. */
function countsOf(ids: readonly number[]): number[] {
  const counts = new Map<number, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts.values()].sort((a, b) => b - a);
}

/** Allows for two requests more or less: renewing the cache takes up to two answers in the registrar's own order. */
function expectEven(ids: readonly number[], servers: number): void {
  const counts = countsOf(ids);
  const share = ids.length / servers;
  expect(counts, String(counts)).toHaveLength(servers);
  for (const count of counts)
    expect(Math.abs(count - share), String(counts)).toBeLessThanOrEqual(2);
}

describe('90 requests of a default pool user', () => {
  test.each(['leastUsed:0', 'roundRobin'])(
    'are spread evenly over three idle servers by %s, one after the other or all at once',
    async (policy) => {
      const { user } = await scopeOf(3, policy);
      const ids: number[] = [];
      for (let request = 0; request < 90; request++) {
        ids.push(await firstOf(user, request % 2 === 0 ? 1 : undefined));
      }
      expectEven(ids, 3);
      const atOnce = await Promise.all(Array.from({ length: 90 }, () => firstOf(user)));
      expectEven(atOnce, 3);
    },
    60_000,
  );

  test('do not reach a server any longer once it has reported full load', async () => {
    const { user, registrars, registrarUdpPort } = await scopeOf(2, 'leastUsed:0.5');
    const element = await createPoolElement({
      ...{ id: 7, poolHandle: 'EchoPool', addresses: [loopback(9)], transport: 'udp' },
      ...{ registrars, registrarUdpPort, userTransport: { protocol: 'tcp', port: 7 } },
      policy: { type: 'leastUsed', load: 0 },
    });
    opened.push(element);
    expect(await firstOf(user)).toBe(7);
    await element.updatePolicy({ load: 1 });
    const ids: number[] = [];
    for (let request = 0; request < 90; request++) ids.push(await firstOf(user));
    expect(ids).not.toContain(7);
    expectEven(ids, 2);
  }, 60_000);
});
