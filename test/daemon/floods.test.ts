/**
 * A registrar under peers that want too much of it, over SCTP on the loopback: the others are served
 * meanwhile, and counters say what was refused. Floods of packets are `native/sctp/tests/fuzz.rs`.
 */

import { afterEach, describe, expect, test } from 'vitest';
import { createPoolElement, createPoolUser, createRegistrar } from '../../src/index.ts';
import { DEFAULT_STACK_OPTIONS } from '../../src/transport/options.ts';
import { encodeAsap } from '../../src/wire.ts';
import { killOthers, openOther } from '../transport/other-process.ts';
import { Recorder } from '../transport/recorder.ts';
import { closeStacks, openStack } from '../transport/udp-support.ts';

const PEER = { address: '127.0.0.1', port: 3863 };
const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await killOthers();
  await closeStacks();
  for (const one of opened.splice(0).reverse()) await one.close();
});

/** A registrar with a pool of twenty, and a pool user who is nobody's enemy. */
async function aRegistrar(limits: { slowReaderTimeoutMs?: number } = {}) {
  const asap = { addresses: [PEER.address], announce: false as const };
  const registrar = await createRegistrar({ asap, transport: 'udp', udpPort: 0, ...limits });
  opened.push(registrar);
  const { udpPort } = registrar;
  const place = { registrars: ['127.0.0.1:3863'], registrarUdpPort: udpPort } as const;
  for (let id = 1; id <= 20; id++) {
    const userTransport = { protocol: 'tcp', port: id } as const;
    const settings = { poolHandle: 'EchoPool', id, userTransport, ...place };
    opened.push(await createPoolElement({ ...settings, addresses: ['127.0.0.3'] }));
  }
  const user = await createPoolUser({ ...place, addresses: ['127.0.0.3'] });
  opened.push(user);
  return { registrar, user, udpPort };
}

const request = encodeAsap({
  ...{ type: 'ASAP_HANDLE_RESOLUTION', wantsUpdates: false, items: 20 },
  poolHandle: Buffer.from('EchoPool'),
});
const payload = Buffer.from(request).toString('hex');

describe('a registrar', () => {
  test('ends the association of a peer that asks and never reads, and serves the others', async () => {
    const { registrar, user, udpPort } = await aRegistrar({ slowReaderTimeoutMs: 1_000 });
    const deaf = await openOther({}, { port: 0, accepts: false });
    deaf.do('connect', { peer: PEER, udpPort });
    await deaf.hears('up');
    deaf.do('flood', { payload, count: 2_000_000 });
    while (registrar.stats().slowReaders === 0) {
      expect(await user.resolve('EchoPool', { isFresh: true })).toHaveLength(3);
    }
    await deaf.hears('flooded');
    expect(await deaf.hears('down')).toMatchObject({ why: 'abort' });
    expect(await user.resolve('EchoPool', { isFresh: true })).toHaveLength(3);
    expect(registrar.stats()).toMatchObject({ slowReaders: 1, poolElements: 20 });
  });

  test('answers everybody while one asks as fast as it can', async () => {
    const { registrar, user, udpPort } = await aRegistrar();
    const greedy = await openOther({}, { port: 0, accepts: false });
    greedy.do('connect', { peer: PEER, udpPort });
    await greedy.hears('up');
    // Its answers take twenty times the buffer of its association: they wait, and none is lost.
    greedy.do('flood', { payload, count: 20_000 });
    let answers: unknown = 0;
    for (let round = 1; answers !== 20_000 && round < 100_000; round++) {
      expect(await user.resolve('EchoPool', { isFresh: true })).toHaveLength(3);
      greedy.do('count');
      answers = (await greedy.hears('count', round)).messages;
    }
    expect(answers).toBe(20_000);
    expect(registrar.stats()).toMatchObject({ slowReaders: 0, ignoredMessages: 0 });
  });

  test('takes so many associations of one host and no more, and serves other hosts', async () => {
    const { registrar, user, udpPort } = await aRegistrar();
    const { maxAssociationsPerHost } = DEFAULT_STACK_OPTIONS;
    const stack = openStack('127.0.0.2', { maxAssociationsPerHost: maxAssociationsPerHost + 10 });
    const heard = new Recorder();
    for (let count = 0; count < maxAssociationsPerHost + 10; count++) {
      stack.open({ port: 0, accepts: false }, heard).connect([PEER], { udpPort });
    }
    await heard.until(
      'the outcome of every call',
      () => heard.of('up').length + heard.of('down').length >= maxAssociationsPerHost + 10,
    );
    expect(heard.of('up')).toHaveLength(maxAssociationsPerHost);
    expect(registrar.stats().sctp.refused.limit).toBeGreaterThanOrEqual(10);
    expect(await user.resolve('EchoPool', { isFresh: true })).toHaveLength(3);
  });
});
