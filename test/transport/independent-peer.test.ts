/**
 * An SCTP implementation that is not ours: npm `sctp`, over UDP on the loopback. It knows one peer per UDP
 * socket, so each call brings its own.
 */

import type { Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import type { AssociationId } from '../../src/types.ts';
import { ASAP, closeStacks, echo, type Host, openHost, openUdpSocket } from './udp-support.ts';

/** What is used of it; the package has no types. */
interface SctpPackage {
  connect(options: {
    localPort?: number;
    port: number;
    udpTransport: UdpSocket;
    passive?: boolean;
    ppid?: number;
  }): PeerSocket;
}

type PeerSocket = Duplex & { ppid: number };

const sctp = createRequire(import.meta.url)('sctp') as SctpPackage;

afterEach(closeStacks);

/** The peer's end of the wire, connected to a stack of ours. */
async function wireTo({ stack }: Host): Promise<UdpSocket> {
  const socket = await openUdpSocket('127.0.0.3');
  socket.connect(stack.udpPort, stack.localAddresses[0]);
  await once(socket, 'connect');
  return socket;
}

async function call(host: Host): Promise<PeerSocket> {
  const udpTransport = await wireTo(host);
  const peer = sctp.connect({ port: host.endpoint.port, udpTransport });
  peer.ppid = ASAP;
  await once(peer, 'connect');
  return peer;
}

describe('npm sctp, an independent implementation,', () => {
  test('calls, exchanges messages with payload protocol 11 and shuts down', async () => {
    const server = openHost('127.0.0.1');
    echo(server);
    const peer = await call(server);
    const echoes: (Buffer & { ppid?: number })[] = [];
    peer.on('data', (data: Buffer) => echoes.push(data));
    const sent = Array.from({ length: 20 }, (_, index) => `message ${index}`);
    for (const one of sent) peer.write(Buffer.from(one));
    await server.heard.until('its messages', (heard) => heard.of('message').length === sent.length);
    expect(server.heard.texts).toEqual(sent);
    expect(new Set(server.heard.of('message').map((event) => event.payloadProtocol))).toEqual(
      new Set([ASAP]),
    );
    while (Buffer.concat(echoes).length < sent.join('').length) await once(peer, 'data');
    expect(Buffer.concat(echoes).toString()).toBe(sent.join(''));
    expect(echoes[0]?.ppid).toBe(ASAP);
    peer.end();
    await server.heard.until('the end', (heard) => heard.of('down').length === 1);
    expect(server.heard.of('down')[0]?.why).toBe('shutdown');
  });

  test('is shut down by us', async () => {
    const server = openHost('127.0.0.1');
    const peer = await call(server);
    await server.heard.until('its call', (heard) => heard.of('up').length === 1);
    const ended = once(peer, 'end');
    peer.resume();
    server.endpoint.shutdown(server.heard.of('up')[0]?.association as AssociationId);
    await server.heard.until('the end', (heard) => heard.of('down').length === 1);
    expect(server.heard.of('down')[0]?.why).toBe('shutdown');
    await ended;
  });

  test('sends a message in many packets', async () => {
    const server = openHost('127.0.0.1');
    const peer = await call(server);
    const large = Buffer.from(Array.from({ length: 20_000 }, (_, index) => (index * 7) & 255));
    peer.write(large);
    await server.heard.until('the message', (heard) => heard.of('message').length === 1, 60_000);
    expect(server.heard.of('message')[0]?.payload.equals(large)).toBe(true);
  });

  test('is called by us', async () => {
    const client = openHost('127.0.0.1', { accepts: false });
    const udpTransport = await wireTo(client);
    const peer = sctp.connect({
      passive: true,
      localPort: 3863,
      port: client.endpoint.port,
      udpTransport,
    });
    const { port: udpPort } = udpTransport.address();
    const association = client.endpoint.connect([{ address: '127.0.0.3', port: 3863 }], {
      udpPort,
    });
    await client.heard.until('the association', (heard) => heard.of('up').length === 1);
    client.endpoint.send(association, ASAP, Buffer.from('hello'));
    const [data] = await once(peer, 'data');
    expect(String(data)).toBe('hello');
  });

  test('comes up many times over, each on a wire of its own', async () => {
    const server = openHost('127.0.0.1');
    echo(server);
    const peers = await Promise.all(Array.from({ length: 10 }, () => call(server)));
    for (const [index, peer] of peers.entries()) {
      peer.write(Buffer.from(`peer ${index}`));
      const [data] = await once(peer, 'data');
      expect(String(data)).toBe(`peer ${index}`);
    }
    expect(server.stack.stats().associations).toBe(10);
  });
});
