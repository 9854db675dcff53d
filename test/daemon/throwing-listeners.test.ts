/** Registrars whose listeners and loggers throw, call back or change events: they serve and end as others do. */

import { afterEach, describe, expect, test } from 'vitest';
import {
  createPoolElement,
  createPoolUser,
  createRegistrar,
  type PoolElementSettings,
  type RegistrarServer,
  type RegistrarServerEvents,
  type RegistrarSettings,
} from '../../src/index.ts';
import { openSctpStack } from '../../src/transport/open.ts';
import { ENCAPSULATION_PORT } from '../../src/transport/options.ts';
import { ASAP_PORT, ENRP_PORT, PAYLOAD_PROTOCOL } from '../../src/types.ts';
import { loopback } from '../support/loopback.ts';
import { uncaughtDuring } from '../support/uncaught.ts';

/** All of them: the type sees to it. */
const EVENTS: Readonly<Record<keyof RegistrarServerEvents, true>> = {
  ...{ poolElementAdded: true, poolElementReregistered: true, poolElementRemoved: true },
  ...{ requestRefused: true, associationAborted: true },
  ...{ inService: true, peerUp: true, peerDown: true, takeover: true, duplicateId: true },
};
const NAMES = Object.keys(EVENTS) as (keyof RegistrarServerEvents)[];

const PATIENCE = { timeout: 15_000 };
/** Everything goes quicker than by default; a registrar that is closed hands nothing over, as one that dies. */
const options = {
  ...{ peerHeartbeatCycleMs: 200, peerMaxTimeLastHeardMs: 700, peerMaxTimeNoResponseMs: 500 },
  ...{ mentorDiscoveryTimeoutMs: 500, takeoverExpiryIntervalMs: 500, departureTimeoutMs: 0 },
};

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function aRegistrar(
  id: number,
  host: number,
  peers: readonly number[],
  settings: RegistrarSettings = {},
): Promise<RegistrarServer> {
  const registrar = await createRegistrar({
    ...{ id, asap: { addresses: [loopback(host)], announce: false }, transport: 'udp' },
    enrp: {
      peers: peers.map((peer) => [{ address: loopback(peer), port: ENRP_PORT }]),
      ...{ announce: false, options },
    },
    ...settings,
  });
  opened.push(registrar);
  return registrar;
}

async function aPoolElement(id: number, settings: Partial<PoolElementSettings> = {}) {
  const element = await createPoolElement({
    ...{ id, poolHandle: 'EchoPool', transport: 'udp', registrars: [loopback(31)] },
    // Its registrar may have to call it.
    ...{ addresses: [loopback(41)], udpPort: ENCAPSULATION_PORT },
    userTransport: { protocol: 'tcp', port: 7 },
    policy: { type: 'weightedRoundRobin', weight: 1 },
    ...settings,
  });
  opened.push(element);
  return element;
}

async function aPoolUser(host: number) {
  const user = await createPoolUser({
    ...{ registrars: [loopback(host)], addresses: [loopback(43)], transport: 'udp' },
  });
  opened.push(user);
  return user;
}

/** Throws in every event; a later listener notes them. */
function throwing(registrar: RegistrarServer): string[] {
  const heard: string[] = [];
  for (const name of NAMES) {
    registrar.on(name, () => {
      throw new Error(name);
    });
    registrar.on(name, () => heard.push(name));
  }
  return heard;
}

/** Sends what does not belong to an ASAP port, for which the registrar aborts the association. */
async function sayEnrpToAsap(host: number): Promise<void> {
  const stack = openSctpStack({ transport: 'udp', localAddresses: [loopback(42)], udpPort: 0 });
  opened.push(stack);
  await new Promise<void>((resolve) => {
    const endpoint = stack.open(
      { port: 0, accepts: false },
      {
        ...{ onRestart: () => {}, onPath: () => {}, onWritable: () => {}, onMessage: () => {} },
        onUp: (association) =>
          void endpoint.send(association, PAYLOAD_PROTOCOL.ENRP, new Uint8Array(4)),
        onDown: () => resolve(),
      },
    );
    endpoint.connect([{ address: loopback(host), port: ASAP_PORT }]);
    endpoint.flush();
  });
}

const poolElementsAt = (registrar: RegistrarServer) => registrar.stats().poolElements;

describe('registrars whose listeners throw in every event', () => {
  test('register, answer, update their peers, take over and end', async () => {
    const { result, exceptions, rejections } = await uncaughtDuring(async () => {
      const first = await aRegistrar(1, 31, [32, 33]);
      const second = await aRegistrar(2, 32, [31, 33]);
      const third = await aRegistrar(3, 33, [31, 32]);
      const heard = [first, second, third].map(throwing);
      for (const one of [first, second, third]) {
        await expect.poll(() => one.peers.length, PATIENCE).toBe(2);
      }

      const element = await aPoolElement(1);
      await element.updatePolicy({ weight: 2 });
      const refused = aPoolElement(2, {
        ...{ policy: { type: 'random' }, addresses: [loopback(44)] },
      });
      await expect(refused).rejects.toMatchObject({ causeCodes: [5] });
      await sayEnrpToAsap(31);
      for (const one of [second, third])
        await expect.poll(() => poolElementsAt(one), PATIENCE).toBe(1);
      const user = await aPoolUser(32);
      expect(await user.resolve('EchoPool')).toMatchObject([{ id: 1, policy: { weight: 2 } }]);

      await first.close();
      const homeOf = async () =>
        (await user.resolve('EchoPool', { isFresh: true }))?.[0]?.homeRegistrarId;
      await expect.poll(homeOf, PATIENCE).toBeOneOf([2, 3]);
      await aRegistrar(2, 34, [33]); // the identifier of another one
      await expect.poll(() => heard[2], PATIENCE).toContain('duplicateId');

      await element.close();
      for (const one of [second, third])
        await expect.poll(() => poolElementsAt(one), PATIENCE).toBe(0);
      for (const one of opened.splice(0).reverse()) await one.close();
      return heard.flat();
    });
    expect(new Set(result)).toEqual(new Set(NAMES));
    expect(exceptions.toSorted()).toEqual(result.toSorted());
    expect(rejections).toEqual([]);
  }, 60_000);

  test('answer registrations whose events throw, and forget the pool elements when they leave', async () => {
    const { exceptions } = await uncaughtDuring(async () => {
      const registrar = await aRegistrar(1, 31, [], { enrp: false });
      throwing(registrar);
      const elements = await Promise.all([1, 2, 3].map((id) => aPoolElement(id, { udpPort: 0 })));
      const user = await aPoolUser(31);
      const ids = (await user.resolve('EchoPool', { items: 10 }))?.map(({ id }) => id);
      expect(ids?.toSorted()).toEqual([1, 2, 3]);
      for (const one of elements) await one.close();
      expect(await user.resolve('EchoPool', { isFresh: true })).toBeUndefined();
      await registrar.close();
    });
    const [added, removed] = ['poolElementAdded', 'poolElementRemoved'];
    expect(exceptions).toEqual([added, added, added, removed, removed, removed]);
  });
});

describe('a registrar', () => {
  test.each<keyof RegistrarServerEvents>([
    ...(['poolElementAdded', 'poolElementReregistered', 'requestRefused'] as const),
    ...(['poolElementRemoved', 'associationAborted'] as const),
  ])('that is closed by its listener of %s answers what is asked, and ends', async (name) => {
    const registrar = await aRegistrar(1, 31, [], { enrp: false });
    const closed = new Promise<void>((resolve) => {
      registrar.on(name as 'peerUp', () => resolve(registrar.close()));
    });
    const element = await aPoolElement(1);
    if (name === 'poolElementReregistered') await element.updatePolicy({ weight: 2 });
    else if (name === 'requestRefused') {
      const policy = { type: 'random' } as const;
      const refused = aPoolElement(2, { policy, addresses: [loopback(44)] });
      await expect(refused).rejects.toMatchObject({ causeCodes: [5] });
    } else if (name === 'associationAborted') await sayEnrpToAsap(31);
    else if (name === 'poolElementRemoved') await element.close();
    await closed;
    await aRegistrar(1, 31, [], { enrp: false }); // all its ports are free again
  });

  test.each<keyof RegistrarServerEvents>(['inService', 'peerUp'])(
    'that is closed by its listener of %s ends',
    async (name) => {
      const registrar = await aRegistrar(1, 31, [32]);
      const closed = new Promise<void>((resolve) => {
        registrar.on(name as 'peerUp', () => resolve(registrar.close()));
      });
      await aRegistrar(2, 32, [31]);
      await closed;
      await aRegistrar(1, 31, [32]);
    },
    30_000,
  );

  test('keeps what it knows although a listener changes what it is told', async () => {
    const [home, peer] = [await aRegistrar(1, 31, [32]), await aRegistrar(2, 32, [31])];
    // biome-ignore lint/suspicious/noExplicitAny: what a program without types may do
    const spoil = ({ addresses, poolElement }: any) => {
      addresses?.splice(0);
      if (poolElement) poolElement.policy.weight = 0;
      poolElement?.poolHandle.fill(0);
      poolElement?.encoded.fill(0);
    };
    for (const one of [home, peer]) for (const name of NAMES) one.on(name as 'peerUp', spoil);
    for (const one of [home, peer]) {
      await expect.poll(() => one.peers.length, PATIENCE).toBe(1);
      spoil(one.peers[0]);
      expect(one.peers[0]?.addresses).toHaveLength(1);
    }
    await aPoolElement(1);
    await expect.poll(() => poolElementsAt(peer), PATIENCE).toBe(1);
    await home.close();
    const user = await aPoolUser(32);
    const found = async () => (await user.resolve('EchoPool', { isFresh: true }))?.[0];
    await expect
      .poll(found, PATIENCE)
      .toMatchObject({ id: 1, homeRegistrarId: 2, policy: { weight: 1 } });
    await expect.poll(() => poolElementsAt(peer)).toBe(1);
  }, 30_000);

  test('serves and ends although its logger throws at every level', async () => {
    const fails = () => {
      throw new Error('log');
    };
    const log = { trace: fails, debug: fails, info: fails, warn: fails, error: fails };
    const { exceptions, rejections } = await uncaughtDuring(async () => {
      const registrar = await aRegistrar(1, 31, [32], { log });
      await aRegistrar(2, 32, [31], { log });
      await expect.poll(() => registrar.peers.length, PATIENCE).toBe(1);
      const element = await aPoolElement(1, { log });
      const user = await aPoolUser(31);
      expect(await user.resolve('EchoPool')).toMatchObject([{ id: 1 }]);
      await element.close();
      for (const one of opened.splice(0).reverse()) await one.close();
    });
    expect(new Set(exceptions)).toEqual(new Set(['log']));
    expect(rejections).toEqual([]);
  }, 30_000);
});
