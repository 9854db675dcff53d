/** What registrars tell the program that they run in, of each other and of each other's pool elements. */

import { afterEach, expect, test } from 'vitest';
import { createPoolElement, createRegistrar, type RegistrarServer } from '../../src/index.ts';
import { ENCAPSULATION_PORT } from '../../src/transport/options.ts';
import { loopback } from '../support/loopback.ts';

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

const PATIENCE = { timeout: 120_000 };
/** Everything goes quicker than by default; who is closed hands nothing over, as one that dies. */
const options = {
  ...{ peerHeartbeatCycleMs: 200, peerMaxTimeLastHeardMs: 700, peerMaxTimeNoResponseMs: 500 },
  ...{ mentorDiscoveryTimeoutMs: 500, takeoverExpiryIntervalMs: 500, departureTimeoutMs: 0 },
};

interface Told {
  readonly registrar: RegistrarServer;
  /** Its events so far: `name reason of what`. */
  readonly events: string[];
  readonly duplicates: { id: number; addresses: readonly { address: string }[] }[];
}

async function aRegistrar(id: number, host: number, peers: readonly number[]): Promise<Told> {
  const registrar = await createRegistrar({
    ...{ id, asap: { addresses: [loopback(host)], announce: false }, transport: 'udp' },
    enrp: {
      peers: peers.map((peer) => [{ address: loopback(peer), port: 9901 }]),
      ...{ announce: false, options },
    },
  });
  opened.push(registrar);
  const told: Told = { registrar, events: [], duplicates: [] };
  registrar.on('peerDown', (event) => told.events.push(`peerDown ${event.reason} ${event.id}`));
  registrar.on('duplicateId', (event) => told.duplicates.push(event));
  registrar.on('poolElementAdded', ({ reason, poolElement: { id } }) =>
    told.events.push(`poolElementAdded ${reason} ${id}`),
  );
  registrar.on('poolElementRemoved', ({ reason, poolElement: { id } }) =>
    told.events.push(`poolElementRemoved ${reason} ${id}`),
  );
  return told;
}

/** Registrars 1 to `count` at 127.0.5.31 and so on, that know each other. */
async function aScope(count: number): Promise<Told[]> {
  const hosts = Array.from({ length: count }, (_, i) => 31 + i);
  const all = await Promise.all(
    hosts.map((host, i) =>
      aRegistrar(
        i + 1,
        host,
        hosts.filter((other) => other !== host),
      ),
    ),
  );
  for (const { registrar } of all) {
    await expect.poll(() => registrar.peers.length, PATIENCE).toBe(count - 1);
  }
  return all;
}

async function aPoolElement(id: number, host: number) {
  const element = await createPoolElement({
    ...{ id, poolHandle: 'EchoPool', transport: 'udp', registrars: [loopback(31)] },
    // It is to be called.
    ...{ addresses: [loopback(host)], udpPort: ENCAPSULATION_PORT },
    userTransport: { protocol: 'tcp', port: 7 },
  });
  opened.push(element);
  return element;
}

test('the pool elements of a peer come and go as it tells', async () => {
  const [home, other] = (await aScope(2)) as [Told, Told];
  const element = await aPoolElement(17, 41);
  await expect.poll(() => other.events, PATIENCE).toEqual(['poolElementAdded toldByPeer 17']);
  await element.close();
  await expect
    .poll(() => other.events, PATIENCE)
    .toEqual(['poolElementAdded toldByPeer 17', 'poolElementRemoved toldByPeer 17']);
  expect(home.events).toEqual([
    ...['poolElementAdded registered 17', 'poolElementRemoved deregistered 17'],
  ]);
});

test('a peer that dies is told of by all, each with what became of its pool elements', async () => {
  const [first, ...others] = (await aScope(3)) as [Told, Told, Told];
  await aPoolElement(17, 41);
  const downs = ({ events }: Told) => events.filter((event) => event.startsWith('peerDown'));
  for (const { events } of others) await expect.poll(() => events, PATIENCE).toHaveLength(1);

  await first.registrar.close();
  const became = () => others.flatMap(downs).sort();
  const [takenOver, byPeer] = ['peerDown takenOver 1', 'peerDown takenOverByPeer 1'];
  await expect.poll(became, PATIENCE).toEqual([takenOver, byPeer]);

  const successor = others.find((one) => downs(one).includes(takenOver)) as Told;
  const bystander = others.find((one) => one !== successor) as Told;
  await bystander.registrar.close();
  const left = `peerDown left ${bystander.registrar.id}`;
  await expect.poll(() => downs(successor), PATIENCE).toEqual([takenOver, left]);
});

test('a second registrar of an identifier is told of, by the first one and by its peer', async () => {
  const [one, peer] = (await aScope(2)) as [Told, Told];
  await aRegistrar(1, 34, [31, 32]);
  const isTold = { id: 1, addresses: [{ address: loopback(34) }] };
  await expect.poll(() => one.duplicates, PATIENCE).toMatchObject([isTold]);
  await expect.poll(() => peer.duplicates, PATIENCE).toMatchObject([isTold]);
});
