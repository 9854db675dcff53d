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

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

const addressOf = (host: number) => `127.0.5.${host}`;
const IDS = [1, 2, 3];
/** Everything goes quicker than by default, so that the test does. */
const options = {
  peerHeartbeatCycleMs: 200,
  peerMaxTimeLastHeardMs: 700,
  peerMaxTimeNoResponseMs: 500,
  mentorDiscoveryTimeoutMs: 500,
  takeoverExpiryIntervalMs: 500,
};

async function aRegistrar(id: number): Promise<RegistrarServer> {
  const registrar = await createRegistrar({
    id,
    asap: { addresses: [addressOf(id)], announce: false },
    enrp: {
      peers: IDS.filter((other) => other !== id).map((other) => [
        { address: addressOf(other), port: 9901 },
      ]),
      announce: false,
      options,
    },
    transport: 'udp',
  });
  opened.push(registrar);
  return registrar;
}

const peersOf = (registrar: RegistrarServer) => registrar.peers.map(({ id }) => id).sort();

test('a pool element outlives the registrar that it knows', async () => {
  const registrars = await Promise.all(IDS.map(aRegistrar));
  const [first, ...others] = registrars as [RegistrarServer, ...RegistrarServer[]];
  for (const one of registrars) {
    await expect.poll(() => peersOf(one), { timeout: 10_000 }).toHaveLength(2);
  }

  const element = await createPoolElement({
    poolHandle: 'EchoPool',
    id: 0xfeed,
    registrars: [`${addressOf(1)}:3863`],
    addresses: [addressOf(11)],
    udpPort: ENCAPSULATION_PORT, // it is to be called
    transport: 'udp',
    userTransport: { protocol: 'tcp', port: 7 },
  });
  opened.push(element);
  for (const one of registrars) {
    await expect.poll(() => one.stats().poolElements).toBe(1);
  }

  const moved = once(element, 'homeChanged');
  const takenOver = Promise.any(others.map((one) => once(one, 'takeover')));
  await first.close();
  expect((await takenOver)[0]).toMatchObject({ target: 1, poolElements: 1 });
  const [{ registrarId }] = await moved;
  expect([2, 3]).toContain(registrarId);

  const user = await createPoolUser({
    registrars: [`${addressOf(3)}:3863`],
    addresses: [addressOf(12)],
    transport: 'udp',
  });
  opened.push(user);
  const found = async () => (await user.resolve('EchoPool', { isFresh: true }))?.[0];
  await expect
    .poll(found, { timeout: 10_000 })
    .toMatchObject({ id: 0xfeed, homeRegistrarId: registrarId });

  await element.close();
  for (const one of others) await expect.poll(() => one.stats().poolElements).toBe(0);
}, 60_000);
