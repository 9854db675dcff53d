/** `readRegistrar` as monitors use it: on registrars of ours, on others that do not speak, and on nobody. */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  ConfigError,
  createPoolElement,
  createRegistrar,
  type ReadRegistrarSettings,
  type RegistrarServer,
  RejectedError,
  readRegistrar,
  UnreachableError,
} from '../../src/index.ts';
import { openSctpStack } from '../../src/transport/open.ts';
import { ENRP_PORT, PAYLOAD_PROTOCOL, registrarId } from '../../src/types.ts';
import { decodeEnrp, encodeEnrp } from '../../src/wire/enrp.ts';
import type { EnrpPresence, ServerInformation } from '../../src/wire/enrp-messages.ts';

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function aRegistrar(): Promise<RegistrarServer> {
  const registrar = await createRegistrar({
    ...{ id: 0xcafe, transport: 'udp', udpPort: 0 },
    asap: { addresses: ['127.0.0.1'], announce: false },
    enrp: { announce: false },
  });
  opened.push(registrar);
  return registrar;
}

async function aPoolElement(registrar: RegistrarServer, id: number, poolHandle: string) {
  const element = await createPoolElement({
    ...{ id, poolHandle, addresses: ['127.0.0.2'], transport: 'udp' },
    ...{ registrars: ['127.0.0.1'], registrarUdpPort: registrar.udpPort },
    userTransport: { protocol: 'tcp', port: 7 },
  });
  opened.push(element);
}

const at = (udpPort: number): ReadRegistrarSettings => ({
  ...{ registrar: '127.0.0.1', transport: 'udp', registrarUdpPort: udpPort },
});

/** Registrar 7, as rsplib's is: it refuses its list to all but peers, who are in it. */
function aRegistrarForPeersAlone(): { readonly udpPort: number; readonly heard: string[] } {
  const heard: string[] = [];
  const peers = new Map<number, ServerInformation>();
  const { udpPort } = aFake((payload) => {
    const message = decodeEnrp(payload);
    heard.push(message.type);
    const { serverInformation } = message as Partial<EnrpPresence>;
    if (serverInformation) peers.set(message.senderId, serverInformation);
    if (message.type !== 'ENRP_LIST_REQUEST') return undefined;
    return encodeEnrp({
      ...{ type: 'ENRP_LIST_RESPONSE', senderId: registrarId(7), receiverId: message.senderId },
      ...{ isRejected: !peers.has(message.senderId), servers: [...peers.values()] },
    });
  });
  return { udpPort, heard };
}

/** Takes what comes to its UDP port, and speaks no SCTP. */
async function aHost(): Promise<{ readonly udpPort: number }> {
  const socket = createSocket('udp4').bind({ address: '127.0.0.1', port: 0 });
  await once(socket, 'listening');
  opened.push({ close: async () => void socket.close() });
  return { udpPort: socket.address().port };
}

/** Takes ENRP, and answers every message with what this makes of it, or with nothing. */
function aFake(answer: (payload: Uint8Array) => Uint8Array | undefined): {
  readonly udpPort: number;
} {
  const stack = openSctpStack({ transport: 'udp', localAddresses: ['127.0.0.1'], udpPort: 0 });
  opened.push(stack);
  const endpoint = stack.open(
    { port: ENRP_PORT, accepts: true },
    {
      ...{ onUp: () => {}, onRestart: () => {}, onPath: () => {}, onWritable: () => {} },
      onDown: () => {},
      onMessage: (association, _payloadProtocol, _stream, bytes, offset, length) => {
        const said = answer(bytes.slice(offset, offset + length));
        if (said !== undefined) endpoint.send(association, PAYLOAD_PROTOCOL.ENRP, said);
      },
    },
  );
  return stack;
}

describe('readRegistrar', () => {
  test('tells who the registrar is and what it knows, in order', async () => {
    const registrar = await aRegistrar();
    await aPoolElement(registrar, 3, 'EchoPool');
    await aPoolElement(registrar, 2, 'OtherPool');
    await aPoolElement(registrar, 1, 'OtherPool');
    const view = await readRegistrar(at(registrar.udpPort));
    expect(view).toMatchObject({ id: 0xcafe, peers: [] });
    expect(
      view.poolElements.map(({ poolHandle, id }) => `${Buffer.from(poolHandle)}/${id}`),
    ).toEqual(['EchoPool/3', 'OtherPool/1', 'OtherPool/2']);
    expect(view.poolElements[0]).toMatchObject({
      homeRegistrarId: 0xcafe,
      policy: { type: 'roundRobin' },
      userTransport: { protocol: 'tcp', port: 7, addresses: ['127.0.0.2'] },
    });
    expect(registrar.peers).toEqual([]);
  });

  test('asks for no more than is wanted', async () => {
    const registrar = await aRegistrar();
    await aPoolElement(registrar, 1, 'EchoPool');
    const view = await readRegistrar({ ...at(registrar.udpPort), parts: ['peers'] });
    expect(view).toEqual({ id: 0xcafe, peers: [], poolElements: [] });
  });

  test('introduces itself to a registrar that answers, never', async () => {
    const registrar = await aRegistrar();
    const onIntroduced = vi.fn();
    await readRegistrar({ ...at(registrar.udpPort), asPeer: true, onIntroduced });
    expect(registrar.peers).toEqual([]);
    expect(onIntroduced).not.toHaveBeenCalled();
  });

  test('introduces itself to one that answers peers alone, and lists itself never', async () => {
    const readerId = 0xbeef;
    const { udpPort, heard } = aRegistrarForPeersAlone();
    const place = { ...at(udpPort), readerId, parts: ['peers' as const] };
    await expect(readRegistrar(place)).rejects.toThrow(RejectedError);
    expect(heard).toEqual(['ENRP_LIST_REQUEST']);
    const onIntroduced = vi.fn();
    const view = await readRegistrar({ ...place, asPeer: true, onIntroduced });
    expect(view).toMatchObject({ id: 7, peers: [] });
    expect(onIntroduced).toHaveBeenCalledOnce();
  });

  test.each<
    [string, () => { readonly udpPort: number } | ReturnType<typeof aHost>, object, RegExp]
  >([
    [
      'no registrar runs there',
      () => ({ udpPort: 9 }),
      UnreachableError,
      /^No registrar answers on ENRP at /,
    ],
    [
      'the host is silent',
      aHost,
      UnreachableError,
      /^No registrar answers on ENRP at 127\.0\.0\.1\. /,
    ],
    [
      'the registrar accepts the association and is silent',
      () => aFake(() => undefined),
      UnreachableError,
      /accepted the association but did not answer in time\. Try again/,
    ],
    [
      'the reply is not ENRP',
      () => aFake(() => Buffer.from('HTTP/1.1 400 Bad Request')),
      RejectedError,
      /^The reply from .* is not valid ENRP\. /,
    ],
    [
      'the registrar is starting or answers peers alone',
      // ENRP_LIST_RESPONSE of 7 for anybody, with the R bit.
      () => aFake(() => Uint8Array.of(6, 1, 0, 12, 0, 0, 0, 7, 0, 0, 0, 0)),
      RejectedError,
      /rejected the request\. .* use --as-peer\.$/,
    ],
  ])('says so when %s', async (_, open, kind, sentence) => {
    const { udpPort } = await open();
    const failure = readRegistrar({ ...at(udpPort), timeoutMs: 300 });
    await expect(failure).rejects.toThrow(kind as ErrorConstructor);
    await expect(failure).rejects.toThrow(sentence);
  });

  test('takes an AbortSignal', async () => {
    const { udpPort } = aFake(() => undefined);
    const stop = new AbortController();
    const reading = readRegistrar({ ...at(udpPort), timeoutMs: 60_000, signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    await expect(readRegistrar({ ...at(udpPort), signal: stop.signal })).rejects.toThrow('enough');
  });

  test.each([
    [
      'a registrar',
      { registrar: '10.1.2' },
      'registrars',
      /"10\.1\.2" is not the address of a registrar/,
    ],
    ['a time-out', { timeoutMs: 0 }, 'timeoutMs', /^timeoutMs is 0: give a whole number from 1 /],
    ['a limit', { maxPoolElements: 1.5 }, 'maxPoolElements', /^maxPoolElements is 1\.5: /],
    ['a limit', { maxTableBytes: Number.NaN }, 'maxTableBytes', /^maxTableBytes is NaN: /],
  ])('refuses %s that it cannot use: %j', async (_, change, key, sentence) => {
    const refused = readRegistrar({ ...at(9), ...change });
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toMatchObject({ key, message: expect.stringMatching(sentence) });
  });
});
