/** Registrars that keep one handlespace, over embedded SCTP, with a real pool element and a pool user. */

import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import {
  createPoolElement,
  createPoolUser,
  createRegistrar,
  type RegistrarServer,
} from '../../src/index.ts';
import { ENCAPSULATION_PORT } from '../../src/transport/options.ts';
import { loopback } from '../support/loopback.ts';

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

const IDS = [1, 2, 3];
/** Everything goes quicker than by default, so that the test does. */
const options = {
  peerHeartbeatCycleMs: 200,
  peerMaxTimeLastHeardMs: 700,
  peerMaxTimeNoResponseMs: 500,
  mentorDiscoveryTimeoutMs: 500,
  takeoverExpiryIntervalMs: 500,
};

async function aRegistrar(id: number, departureTimeoutMs: number): Promise<RegistrarServer> {
  const registrar = await createRegistrar({
    id,
    asap: { addresses: [loopback(id)], announce: false },
    enrp: {
      peers: IDS.filter((other) => other !== id).map((other) => [
        { address: loopback(other), port: 9901 },
      ]),
      announce: false,
      options: { ...options, departureTimeoutMs },
    },
    transport: 'udp',
  });
  opened.push(registrar);
  return registrar;
}

const peersOf = (registrar: RegistrarServer) => registrar.peers.map(({ id }) => id).sort();

/** A pool element at the first of three registrars, which it knows alone. */
async function aScope(departureTimeoutMs: number) {
  const registrars = await Promise.all(IDS.map((id) => aRegistrar(id, departureTimeoutMs)));
  const [first, ...others] = registrars as [RegistrarServer, ...RegistrarServer[]];
  for (const one of registrars) {
    await expect.poll(() => peersOf(one), { timeout: 120_000 }).toHaveLength(2);
  }

  const element = await createPoolElement({
    poolHandle: 'EchoPool',
    id: 0xfeed,
    registrars: [`${loopback(1)}:3863`],
    addresses: [loopback(11)],
    udpPort: ENCAPSULATION_PORT, // it is to be called
    transport: 'udp',
    userTransport: { protocol: 'tcp', port: 7 },
  });
  opened.push(element);
  for (const one of registrars) {
    await expect.poll(() => one.stats().poolElements).toBe(1);
  }

  return { first, others, element };
}

test.each([
  ['is taken over from, and gives nobody time', 0],
  ['stops and hands it over', 5_000],
])('a pool element outlives the registrar that it knows, which %s', async (_, departureMs) => {
  const { first, others, element } = await aScope(departureMs);
  const moved = once(element, 'homeChanged');
  const takeovers: { poolElements: number }[] = [];
  for (const one of others) one.on('takeover', (takeover) => takeovers.push(takeover));
  await first.close();
  const [{ registrarId }] = await moved;
  expect([2, 3]).toContain(registrarId);
  if (departureMs === 0) {
    const takenOver = expect.objectContaining({ target: 1, poolElements: 1 });
    await expect.poll(() => takeovers, { timeout: 120_000 }).toContainEqual(takenOver);
  } else expect(takeovers).toEqual([]);

  const user = await createPoolUser({
    registrars: [`${loopback(3)}:3863`],
    addresses: [loopback(12)],
    transport: 'udp',
  });
  opened.push(user);
  const found = async () => (await user.resolve('EchoPool', { isFresh: true }))?.[0];
  await expect
    .poll(found, { timeout: 120_000 })
    .toMatchObject({ id: 0xfeed, homeRegistrarId: registrarId });

  await element.close();
  for (const one of others) await expect.poll(() => one.stats().poolElements).toBe(0);
});
