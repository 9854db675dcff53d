/**
 * `rspregistrar` as a process: that each option has its effect, and how the program starts and ends. Of two
 * registrars that differ in one interval, the one with the shorter must be the first.
 */

import { networkInterfaces } from 'node:os';
import { afterAll, describe, expect, test } from 'vitest';
import { openAnnounceListener } from '../../src/transport/announce.ts';
import { poolElementId, type RegistrarId } from '../../src/types.ts';
import { type AsapMessage, decodeAsap } from '../../src/wire.ts';
import { freeUdpPort } from '../support/loopback.ts';
import {
  Peer,
  poolElement,
  poolUser,
  Rspregistrar,
  runRspregistrar,
  stopRspregistrars,
} from './rspregistrar-support.ts';

afterAll(stopRspregistrars);

const hasIpv6 = Object.values(networkInterfaces()).some((infos = []) =>
  infos.some(({ address }) => address === '::1'),
);

const aRegistration: AsapMessage = {
  type: 'ASAP_REGISTRATION',
  poolHandle: Buffer.from('EchoPool'),
  poolElement: {
    id: poolElementId(1),
    homeRegistrarId: 0 as RegistrarId,
    lifeMs: 300_000,
    policy: { type: 'roundRobin' },
    userTransport: { protocol: 'tcp', port: 7, transportUse: 0, addresses: ['127.0.0.1'] },
  },
};

describe('rspregistrar', () => {
  const PLACES: [string, string[], RegExp][] = [
    ['an IPv4 address', ['-asap=127.0.0.1'], /^127\.0\.0\.1:[1-5]\d{4}$/],
    ['an address and a port', ['-asap=127.0.0.1:4863'], /^127\.0\.0\.1:4863$/],
    ['an address ! port', ['-asap=127.0.0.1!4864'], /^127\.0\.0\.1:4864$/],
    ['a name', ['-asap=localhost:4865', '-disable-ipv6'], /^127\.0\.0\.1:4865$/],
    [
      'several addresses',
      ['-asap=127.0.0.1:4866,127.0.0.2'],
      /^127\.0\.0\.1:4866, 127\.0\.0\.2:4866$/,
    ],
    [
      'every IPv4 address',
      ['-asap=0.0.0.0:4867', '-minaddressscope=loopback'],
      /^127\.0\.0\.1:4867\b/,
    ],
    ['auto', ['-asap=auto', '-minaddressscope=loopback'], /\b127\.0\.0\.1:\d+/],
    [
      'auto without IPv6',
      ['-asap=auto', '-minaddressscope=loopback', '-disable-ipv6'],
      /^[\d.:, ]+$/,
    ],
  ];
  if (hasIpv6) PLACES.push(['an IPv6 address', ['-asap=[::1]:4868'], /^\[::1\]:4868$/]);

  test.each(PLACES)('serves at %s', async (_what, options, addresses) => {
    const registrar = await Rspregistrar.start(...options);
    expect(registrar.told('ASAP addresses')).toMatch(addresses);
    await poolElement(registrar, 1);
    expect(await (await poolUser(registrar)).resolve('EchoPool')).toHaveLength(1);
    expect(await registrar.stop()).toBe(0);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('ends cleanly on %s', async (signal) => {
    const registrar = await Rspregistrar.start();
    expect(await registrar.stop(signal)).toBe(0);
    expect(registrar.stdout).toMatch(/^rspregistrar \d+\.\d+\.\d+, registrar 0x[0-9a-f]{8}\n/);
    expect(registrar.stdout).toMatch(/\nStopped\.\n$/);
    expect(registrar.stderr).toBe('');
  });

  test('says one sentence and exits 1 where it cannot start', async () => {
    const taken = await Rspregistrar.start();
    const { exitCode, stdout, stderr } = await runRspregistrar(
      ...['-asap=127.0.0.1', '-transport=udp', `-udpport=${taken.udpPort}`],
    );
    expect(stderr).toMatch(new RegExp(`^rspregistrar: .*UDP port ${taken.udpPort}.* in use.*\\n$`));
    expect([exitCode, stdout]).toEqual([1, '']);
  });

  test('-identifier is the identifier of the registrar', async () => {
    const registrar = await Rspregistrar.start('-identifier=0xcafe');
    await poolElement(registrar, 1);
    const [found] = (await (await poolUser(registrar)).resolve('EchoPool')) ?? [];
    expect(found?.homeRegistrarId).toBe(0xcafe);
    expect(registrar.stdout).toContain('registrar 0x0000cafe');
  });

  test('-maxbadpereports is the number of reports that remove a pool element (RFC 5352 §3.5)', async () => {
    const registrar = await Rspregistrar.start('-maxbadpereports=2');
    await poolElement(registrar, 1);
    const user = await poolUser(registrar);
    const found = [];
    for (let reports = 0; reports < 3; reports++) {
      found.push((await user.resolve('EchoPool', { isFresh: true }))?.length ?? 0);
      await user.reportUnreachable('EchoPool', 1);
    }
    expect(found).toEqual([1, 1, 0]);
  });

  test('-maxhresitems is the number of pool elements in an answer', async () => {
    const registrar = await Rspregistrar.start('-maxhresitems=2');
    for (const id of [1, 2, 3]) await poolElement(registrar, id);
    const user = await poolUser(registrar);
    for (let i = 0; i < 3; i++) expect(await user.resolve('EchoPool')).toHaveLength(2);
    expect(await user.resolve('EchoPool', { items: 3 })).toHaveLength(3);
  });

  test('-maxincrement is the number of them that count as used (RFC 5356 §4.1)', async () => {
    const registrar = await Rspregistrar.start('-maxincrement=2');
    for (const id of [1, 2, 3]) await poolElement(registrar, id);
    const user = await poolUser(registrar);
    const answers = [];
    for (let i = 0; i < 3; i++) {
      answers.push(
        (await user.resolve('EchoPool', { items: 2, isFresh: true }))?.map(({ id }) => id),
      );
    }
    expect(answers).toEqual([
      [1, 2],
      [3, 1],
      [2, 3],
    ]);
  });

  test.each([
    ['loopback', 'registered'],
    ['sitelocal', 'refused'],
    ['global', 'refused'],
  ])('-minaddressscope=%s: a pool element at a loopback address is %s', async (scope, outcome) => {
    const registrar = await Rspregistrar.start(`-minaddressscope=${scope}`);
    const registering = poolElement(registrar, 1).then(
      () => 'registered',
      () => 'refused',
    );
    expect(await registering).toBe(outcome);
  });

  test('-maxhrrate refuses more handle resolutions', async () => {
    const peer = new Peer(await Rspregistrar.start('-maxhrrate=0.001')).send(aRegistration);
    const poolHandle = Buffer.from('EchoPool');
    for (let i = 0; i < 20; i++) {
      peer.send({ type: 'ASAP_HANDLE_RESOLUTION', wantsUpdates: false, poolHandle });
    }
    await peer.until('ASAP_HANDLE_RESOLUTION_RESPONSE', 20);
    const answers = peer.messages('ASAP_HANDLE_RESOLUTION_RESPONSE');
    const counts = answers.map(({ poolElements, errors }) => [poolElements.length, errors.length]);
    expect(counts).toEqual([...Array(16).fill([1, 0]), ...Array(4).fill([0, 1])]);
    expect(answers.at(-1)?.errors[0]?.code).toBe(9);
  });

  test('-maxeurate ignores more reports', async () => {
    const registrar = await Rspregistrar.start('-maxeurate=0.001', '-maxbadpereports=17');
    await poolElement(registrar, 1);
    const user = await poolUser(registrar);
    for (let reports = 0; reports < 20; reports++) {
      expect(await user.resolve('EchoPool', { isFresh: true })).toHaveLength(1);
      await user.reportUnreachable('EchoPool', 1);
    }
    expect(await user.resolve('EchoPool', { isFresh: true })).toHaveLength(1);
  });

  test('-asapannounce, -serverannouncecycle: announces the ASAP port to that group', async () => {
    const group = { address: '239.0.0.77', port: await freeUdpPort() };
    const options = (cycle: number, id: number) => [
      ...[`-asapannounce=${group.address}:${group.port}`, `-serverannouncecycle=${cycle}`],
      `-identifier=${id}`,
    ];
    const heard: number[] = [];
    const places = new Map<number, unknown>();
    const isHeard = new Promise<void>((resolve) => {
      const listener = openAnnounceListener({
        ...{ group, interfaces: ['127.0.0.1'], onProblem: () => {} },
        onAnnounce(payload, address, port) {
          const message = decodeAsap(payload);
          const id = 'registrarId' in message ? Number(message.registrarId) : 0;
          heard.push(id);
          places.set(id, { address, port });
          if (heard.filter((one) => one === 1).length < 5) return;
          listener.close();
          resolve();
        },
      });
    });
    const [slow, quick] = await Promise.all([
      Rspregistrar.start(...options(60_000, 2)),
      Rspregistrar.start(...options(100, 1)),
    ]);
    await isHeard;
    expect(quick.told('ASAP announces')).toBe(`${group.address}:${group.port}, TTL 30`);
    expect(places.get(1)).toEqual(quick.address);
    expect(heard.filter((id) => id === 2).length).toBeLessThanOrEqual(1);
    await Promise.all([slow.stop(), quick.stop()]);
  });

  test.each([['off'], ['none']])('-asapannounce=%s: there are no announces', async (value) => {
    const registrar = await Rspregistrar.start(`-asapannounce=${value}`);
    expect(registrar.told('ASAP announces')).toBe('none');
  });

  const soon = '-endpointkeepalivetransmissioninterval=300';
  test.concurrent.each([
    {
      option: '-endpointkeepalivetransmissioninterval',
      values: [300, 300_000],
      others: [],
      what: 'a keep-alive',
      comes: (peer: Peer) => peer.send(aRegistration).until('ASAP_ENDPOINT_KEEP_ALIVE'),
    },
    {
      option: '-endpointkeepalivetimeoutinterval',
      values: [100, 60_000],
      others: [soon],
      what: 'the end of a pool element that leaves one unanswered',
      comes: (peer: Peer) => peer.send(aRegistration).until('down'),
    },
    {
      option: '-autoclosetimeout',
      values: [5, 300],
      others: [],
      what: 'the end of an association without messages',
      comes: (peer: Peer) => peer.until('down'),
    },
  ])('$option: sooner comes $what', async ({ option, values, others, comes }) => {
    const registrars = await Promise.all(
      values.map((value) => Rspregistrar.start(`${option}=${value}`, ...others)),
    );
    const first = registrars.map(async (registrar, index) => {
      await comes(new Peer(registrar));
      return values[index];
    });
    expect(await Promise.race(first)).toBe(values[0]);
  });
});
