/** Pool elements, pool users and readers whose applications throw, call back or change events. */

import { afterEach, describe, expect, test } from 'vitest';
import {
  createPoolElement,
  createPoolUser,
  createRegistrar,
  type PoolElement,
  type PoolElementEvents,
  type PoolElementSettings,
  type RegistrarServer,
  type RegistrarSettings,
  RejectedError,
  readRegistrar,
  UnreachableError,
} from '../../src/index.ts';
import type { Logger } from '../../src/protocol/logger.ts';
import { openSctpStack } from '../../src/transport/open.ts';
import { ENCAPSULATION_PORT } from '../../src/transport/options.ts';
import { ENRP_PORT, PAYLOAD_PROTOCOL, registrarId } from '../../src/types.ts';
import { decodeEnrp, encodeEnrp } from '../../src/wire/enrp.ts';
import { loopback } from '../support/loopback.ts';
import { uncaughtDuring } from '../support/uncaught.ts';

/** All of them: the type sees to it. */
const EVENTS: Readonly<Record<keyof PoolElementEvents, true>> = {
  ...{ registered: true, registrationRejected: true, registrationLost: true },
  ...{ registrarUnreachable: true, homeChanged: true, stopped: true },
};
const NAMES = Object.keys(EVENTS) as (keyof PoolElementEvents)[];
const PATIENCE = { timeout: 15_000 };

const opened: { close(): Promise<void> }[] = [];

afterEach(closeAll);

async function closeAll(): Promise<void> {
  for (const one of opened.splice(0).reverse()) await one.close();
}

async function opening<Closable extends { close(): Promise<void> }>(
  promise: Promise<Closable>,
): Promise<Closable> {
  const one = await promise;
  opened.push(one);
  return one;
}

function aRegistrar(id: number, enrp: RegistrarSettings['enrp'] = false): Promise<RegistrarServer> {
  const asap = { addresses: [loopback(id)], announce: false as const };
  return opening(createRegistrar({ id, asap, enrp, transport: 'udp' }));
}

function aPoolElement(settings: Partial<PoolElementSettings> = {}): Promise<PoolElement> {
  return opening(
    createPoolElement({
      ...{ id: 1, poolHandle: 'EchoPool', transport: 'udp', registrars: [loopback(1)] },
      // A registrar may have to call it.
      ...{ addresses: [loopback(11)], udpPort: ENCAPSULATION_PORT },
      userTransport: { protocol: 'tcp', port: 7 },
      policy: { type: 'weightedRoundRobin', weight: 1 },
      ...settings,
    }),
  );
}

function aPoolUser(log?: Logger) {
  const [registrars, addresses] = [[loopback(1)], [loopback(12)]];
  return opening(createPoolUser({ registrars, addresses, transport: 'udp', log }));
}

/** Every line is an exception; `onLine` may use the library before. */
function throwingLog(onLine: (text: string) => void = () => {}): Logger {
  const line = (_fields: object, text: string) => {
    onLine(text);
    throw new Error(text);
  };
  return { trace: line, debug: line, info: line, warn: line, error: line };
}

/** Throws in every event; a later listener notes them. */
function throwing(element: PoolElement): string[] {
  const heard: string[] = [];
  for (const name of NAMES) {
    element.on(name, () => {
      throw new Error(name);
    });
    element.on(name, () => heard.push(name));
  }
  return heard;
}

describe('a pool element whose listeners throw in every event', () => {
  test('registers, is refused, changes its home, finds another one and leaves', async () => {
    const { result, exceptions, rejections } = await uncaughtDuring(async () => {
      const options = { peerHeartbeatCycleMs: 200, mentorDiscoveryTimeoutMs: 500 };
      const peersOf = (host: number) => [[{ address: loopback(host), port: ENRP_PORT }]];
      const first = await aRegistrar(1, { announce: false, options, peers: peersOf(2) });
      const second = await aRegistrar(2, { announce: false, options, peers: peersOf(1) });
      for (const one of [first, second]) {
        await expect.poll(() => one.peers.length, PATIENCE).toBe(1);
      }
      const element = await aPoolElement({ options: { t5ServerHuntMs: 200 } });
      await aPoolElement({ id: 2, addresses: [loopback(13)] });
      const heard = throwing(element);

      await element.updatePolicy({ weight: 2 });
      expect(element.policy).toMatchObject({ weight: 2 });
      await expect(element.updatePolicy({ type: 'random' })).rejects.toThrow(RejectedError);
      await expect.poll(() => second.stats().poolElements, PATIENCE).toBe(2);
      await first.close();
      await expect.poll(() => heard, PATIENCE).toContain('homeChanged');
      await second.close();
      await expect.poll(() => heard, PATIENCE).toContain('registrarUnreachable');
      await expect(element.updatePolicy({ weight: 3 })).rejects.toThrow(UnreachableError);
      const third = await aRegistrar(1);
      await expect.poll(() => third.stats().poolElements, PATIENCE).toBe(2);
      await element.updatePolicy({ weight: 4 });
      await element.close();
      expect(third.stats().poolElements).toBe(1);
      return heard;
    });
    expect(new Set(result)).toEqual(new Set(NAMES));
    expect(exceptions).toEqual(result);
    expect(rejections).toEqual([]);
  }, 60_000);
});

describe('a pool element', () => {
  test.each([
    ['registered', (element: PoolElement) => element.updatePolicy({ weight: 2 })],
    [
      'registrationRejected',
      (element: PoolElement) => element.updatePolicy({ type: 'random' }).catch(() => {}),
    ],
    ['stopped', (element: PoolElement) => element.close()],
  ] as const)('may be closed by its listener of %s, several times', async (name, cause) => {
    const registrar = await aRegistrar(1);
    await aPoolElement({ id: 2, addresses: [loopback(13)] });
    const element = await aPoolElement();
    const closed = new Promise<unknown>((resolve) => {
      element.on(name, () => resolve(Promise.all([element.close(), element.close()])));
    });
    await cause(element);
    await closed;
    expect(registrar.stats().poolElements).toBe(1);
  });

  test('may be given another policy by its listeners', async () => {
    await aRegistrar(1);
    await aPoolElement({ id: 2, addresses: [loopback(13)] });
    const element = await aPoolElement();
    const updates: Promise<void>[] = [];
    element.once('registered', () => updates.push(element.updatePolicy({ weight: 3 })));
    element.once('registrationRejected', () => updates.push(element.updatePolicy({ weight: 5 })));
    await element.updatePolicy({ weight: 2 });
    await updates[0];
    expect(element.policy).toMatchObject({ weight: 3 });
    await expect(element.updatePolicy({ type: 'random' })).rejects.toThrow(RejectedError);
    await updates[1];
    expect(element.policy).toMatchObject({ type: 'weightedRoundRobin', weight: 5 });
  });

  test('settles promises although all its listeners are removed', async () => {
    const registrar = await aRegistrar(1);
    const element = await aPoolElement();
    const updated = element.updatePolicy({ weight: 2 });
    element.removeAllListeners();
    await updated;
    const closed = element.close();
    element.removeAllListeners();
    await closed;
    expect(registrar.stats().poolElements).toBe(0);
  });

  test('is not deceived by events that its application emits', async () => {
    const registrar = await aRegistrar(1);
    const element = await aPoolElement();
    const updated = element.updatePolicy({ weight: 2 });
    element.emit('registrarUnreachable', { type: 'registrarUnreachable' });
    element.emit('stopped', { type: 'stopped' });
    await updated;
    await element.close();
    expect(registrar.stats().poolElements).toBe(0);
  });

  test('keeps its policy although listeners and callers change what they are given', async () => {
    await aRegistrar(1);
    const policy = { type: 'weightedRoundRobin' as const, weight: 1 };
    const element = await aPoolElement({ policy });
    const user = await aPoolUser();
    // biome-ignore lint/suspicious/noExplicitAny: what a program without types may do
    element.on('registered', (event: any) => {
      event.policy.weight = 77;
      event.registrar.splice(0);
    });
    const values = { weight: 2 };
    const updated = element.updatePolicy(values);
    values.weight = 78;
    await updated;
    policy.weight = 79;
    (element.policy as { weight: number }).weight = 80;
    expect(element.policy).toMatchObject({ weight: 2 });
    await element.updatePolicy(element.policy); // registers again, with what it has
    expect(await user.resolve('EchoPool')).toMatchObject([{ policy: { weight: 2 } }]);
  });

  test('registers and leaves although its logger throws and calls it', async () => {
    const registrar = await aRegistrar(1);
    const { exceptions, rejections } = await uncaughtDuring(async () => {
      const outcomes: Promise<unknown>[] = [];
      let element: PoolElement | undefined;
      const log = throwingLog((text) => {
        if (text !== 'registered' || element === undefined || outcomes.length > 0) return;
        outcomes.push(element.updatePolicy({ weight: 5 }));
        outcomes.push(element.updatePolicy({ weight: -1 }).catch((error) => error));
      });
      element = await aPoolElement({ log });
      await element.updatePolicy({ weight: 2 });
      expect((await Promise.all(outcomes))[1]).toBeInstanceOf(Error);
      expect(element.policy).toMatchObject({ weight: 5 });
      await element.updatePolicy(element.policy);
      expect(element.policy).toMatchObject({ weight: 5 });
      await element.close();
    });
    expect(registrar.stats().poolElements).toBe(0);
    expect(exceptions).toEqual(expect.arrayContaining(['registered', 'stopped']));
    expect(rejections).toEqual([]);
  });

  test('ends when its logger closes it in the middle of a step', async () => {
    const registrar = await aRegistrar(1);
    let closed: Promise<void> | undefined;
    let element: PoolElement | undefined;
    const log = throwingLog((text) => {
      if (text === 'registered') closed ??= element?.close();
    });
    const { exceptions } = await uncaughtDuring(async () => {
      element = await aPoolElement({ log });
      await element.updatePolicy({ weight: 2 });
      await closed;
    });
    expect(closed).toBeDefined();
    expect(registrar.stats().poolElements).toBe(0);
    expect(exceptions).toContain('registered');
  });
});

describe('a pool user', () => {
  test('resolves, reports and ends although its logger throws', async () => {
    const { exceptions, rejections } = await uncaughtDuring(async () => {
      const user = await aPoolUser(throwingLog());
      const options = { t5ServerHuntMs: 100 };
      const alone = await opening(
        createPoolUser({
          ...{ registrars: [loopback(1)], addresses: [loopback(14)], transport: 'udp' },
          ...{ log: throwingLog(), options },
        }),
      );
      await expect(alone.resolve('EchoPool')).rejects.toThrow(UnreachableError);
      await aRegistrar(1);
      await aPoolElement();
      expect(await user.resolve('EchoPool')).toMatchObject([{ id: 1 }]);
      await user.reportUnreachable('EchoPool', 1);
      expect(await alone.resolve('NoSuchPool')).toBeUndefined();
      await user.close();
      await alone.close();
    });
    expect(exceptions).toEqual(
      expect.arrayContaining(['calling a registrar', 'resolution failed']),
    );
    expect(rejections).toEqual([]);
  });

  test('settles everything when its logger closes it in the middle of a step', async () => {
    const outcomes: Promise<unknown>[] = [];
    const message = (error: Error) => error.message;
    const { exceptions } = await uncaughtDuring(async () => {
      const user = await aPoolUser(
        throwingLog((text) => {
          if (text !== 'calling a registrar' || outcomes.length > 0) return;
          outcomes.push(user.resolve('OtherPool').catch(message));
          outcomes.push(user.reportUnreachable('EchoPool', 1));
          outcomes.push(user.resolve('x'.repeat(65_531)).catch(message));
          outcomes.push(user.close());
        }),
      );
      await expect(user.resolve('EchoPool')).rejects.toThrow('closed');
    });
    expect(await Promise.all(outcomes)).toMatchObject([
      ...[expect.stringContaining('closed'), undefined, expect.any(String), undefined],
    ]);
    expect(exceptions).toContain('calling a registrar');
  });
});

/**
 * Registrar 7, as rsplib's is: it refuses its list to a reader until that has introduced itself.
 */
function aRegistrarForPeersAlone(): void {
  const peers = new Set<number>();
  const [localAddresses, udpPort] = [[loopback(1)], ENCAPSULATION_PORT];
  const stack = openSctpStack({ transport: 'udp', localAddresses, udpPort });
  opened.push(stack);
  const endpoint = stack.open(
    { port: ENRP_PORT, accepts: true },
    {
      ...{ onUp: () => {}, onRestart: () => {}, onPath: () => {}, onWritable: () => {} },
      onDown: () => {},
      onMessage: (association, _payloadProtocol, _stream, bytes, offset, length) => {
        const { type, senderId } = decodeEnrp(bytes.slice(offset, offset + length));
        if (type === 'ENRP_PRESENCE') peers.add(senderId);
        if (type !== 'ENRP_LIST_REQUEST') return;
        const answer = encodeEnrp({
          ...{ type: 'ENRP_LIST_RESPONSE', senderId: registrarId(7), receiverId: senderId },
          ...{ isRejected: !peers.has(senderId), servers: [] },
        });
        endpoint.send(association, PAYLOAD_PROTOCOL.ENRP, answer);
      },
    },
  );
}

test('a reader reads on although its callback throws when it has introduced itself', async () => {
  aRegistrarForPeersAlone();
  const { result, exceptions } = await uncaughtDuring(() =>
    readRegistrar({
      ...{ registrar: loopback(1), addresses: [loopback(15)], transport: 'udp' },
      ...{ parts: ['peers'], asPeer: true },
      onIntroduced: () => {
        throw new Error('introduced');
      },
    }),
  );
  expect(result).toEqual({ id: 7, peers: [], poolElements: [] });
  expect(exceptions).toEqual(['introduced']);
});

test.each([
  [
    'announces',
    (fails: PropertyDescriptor) =>
      createPoolUser(Object.defineProperty({ registrars: [loopback(1)] }, 'announces', fails)),
  ],
  [
    'log',
    (fails: PropertyDescriptor) =>
      createPoolUser(Object.defineProperty({ registrars: [loopback(1)] }, 'log', fails)),
  ],
])(
  'a getter of the setting %s that throws rejects, and nothing stays open',
  async (name, create) => {
    const handles = () =>
      process
        .getActiveResourcesInfo()
        .filter((one) => one !== 'Timeout')
        .toSorted();
    const before = handles();
    const fails = {
      enumerable: true,
      get() {
        throw new Error(`no ${name}`);
      },
    };
    await expect(create(fails)).rejects.toThrow(`no ${name}`);
    expect(handles()).toEqual(before);
  },
);
