/**
 * The `udp` backend between processes: one that dies and comes back, one that only calls, a stack that holds
 * its process and one that lets it go. The other process runs the compiled library (`dist/`).
 */

import { execFile } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import type { AssociationId } from '../../src/types.ts';
import { killOthers, openOther, placeInOther } from './other-process.ts';
import { ASAP, block, closeStacks, echo, openHost, placeOf } from './udp-support.ts';

const compiled = (file: string) =>
  pathToFileURL(path.join(import.meta.dirname, '../../dist', file)).href;
const library = compiled('transport/open.js');
const native = compiled('native.js');

afterEach(async () => {
  await closeStacks();
  await killOthers();
});

describe('SCTP over UDP between two processes', () => {
  test('answers what it is sent, under load and in order', async () => {
    const other = await openOther({}, { port: 3863, accepts: true }, true);
    const client = openHost('127.0.0.1', { accepts: false });
    const { udpPort } = placeInOther(other);
    const association = client.endpoint.connect([{ address: '127.0.0.2', port: 3863 }], {
      udpPort,
    });
    const texts = Array.from({ length: 2_000 }, (_, index) => `request ${index}`);
    for (const one of texts) client.endpoint.send(association, ASAP, Buffer.from(one));
    await client.heard.until('the echoes', (heard) => heard.of('message').length === texts.length);
    expect(client.heard.texts).toEqual(texts);
  });

  test('a process that only calls is known by the UDP port of its packets', async () => {
    const server = openHost('127.0.0.1');
    echo(server);
    const other = await openOther({}, { port: 0, accepts: false });
    const [[peer], options] = placeOf(server);
    other.do('connect', { peer, udpPort: options?.udpPort });
    await other.hears('up');
    other.do('send', { count: 10, length: 100 });
    await server.heard.until('its messages', (heard) => heard.of('message').length === 10);
    server.endpoint.shutdown(server.heard.of('up')[0]?.association as AssociationId);
    expect(await other.hears('down')).toMatchObject({ why: 'shutdown' });
  });

  test('a process that was killed and calls again restarts its association (RFC 9260 §5.2.2)', async () => {
    const server = openHost('127.0.0.1');
    const [[peer], options] = placeOf(server);
    const call = async (stack: object) => {
      const other = await openOther(stack, { port: 5_000, accepts: true });
      other.do('connect', { peer, udpPort: options?.udpPort });
      await other.hears('up');
      return other;
    };
    const before = await call({});
    await server.heard.until('the association', (heard) => heard.of('up').length === 1);
    await before.kill();
    const after = await call({ udpPort: placeInOther(before).udpPort });
    await server.heard.until('the restart', (heard) => heard.of('restart').length === 1);
    expect(server.heard.types).toEqual(['up', 'restart']);
    const association = server.heard.of('up')[0]?.association as AssociationId;
    expect(server.heard.of('restart')[0]?.association).toBe(association);
    expect(server.endpoint.send(association, ASAP, Buffer.from('welcome'))).toBe('queued');
    after.do('send', { count: 3, length: 10 });
    await server.heard.until('its messages', (heard) => heard.of('message').length === 3);
  });

  test('another process behind the same address and SCTP port is another association', async () => {
    const server = openHost('127.0.0.1');
    const [[peer], options] = placeOf(server);
    for (let count = 0; count < 2; count++) {
      const other = await openOther({}, { port: 5_000, accepts: true });
      other.do('connect', { peer, udpPort: options?.udpPort });
      await other.hears('up');
    }
    await server.heard.until('two associations', (heard) => heard.of('up').length === 2);
    expect(server.heard.types).toEqual(['up', 'up']);
    expect(server.stack.stats().associations).toBe(2);
  });

  test('a process that was killed is noticed by silence (RFC 9260 §8.1)', async () => {
    const server = openHost('127.0.0.1', { heartbeatIntervalMs: 300 });
    const other = await openOther({}, { port: 0, accepts: false });
    const [[peer], options] = placeOf(server);
    other.do('connect', { peer, udpPort: options?.udpPort });
    await other.hears('up');
    await other.kill();
    await server.heard.until('the loss', (heard) => heard.of('down').length === 1);
    expect(server.heard.of('down')[0]?.why).toBe('lost');
  });

  test('loses nothing that another process sends while this thread is blocked', async () => {
    const server = openHost('127.0.0.1');
    const other = await openOther({ sendBufferBytes: 16 * 2 ** 20 }, { port: 0, accepts: false });
    const [[peer], options] = placeOf(server);
    other.do('connect', { peer, udpPort: options?.udpPort });
    await other.hears('up');
    await server.heard.until('the association', (heard) => heard.of('up').length === 1);
    other.do('send', { count: 20_000, length: 280 });
    await other.hears('sent');
    block(300);
    await server.heard.until('everything', (heard) => heard.of('message').length === 20_000);
    expect(server.heard.of('down')).toEqual([]);
  });
});

describe('a process with the transport', () => {
  const run = (script: string) =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      timeout: 120_000,
    });

  test('that only imports it and loads the addon opens no socket and starts no thread', async () => {
    const { stdout } = await run(`
      import { readdirSync, readlinkSync } from 'node:fs';
      import { readFile } from 'node:fs/promises';
      const look = () => ({
        threads: readdirSync('/proc/self/task').length,
        sockets: readdirSync('/proc/self/fd').filter((fd) => {
          try { return readlinkSync('/proc/self/fd/' + fd).startsWith('socket:'); } catch { return false; }
        }).length,
      });
      await readFile('/dev/null'); // Node.js starts its own threads at the first one
      const before = look();
      await import(${JSON.stringify(library)});
      (await import(${JSON.stringify(native)})).addon();
      console.log(JSON.stringify([before, look()]));
    `);
    const [before, after] = JSON.parse(stdout);
    expect(after).toEqual(before);
  });

  test('is kept by an open stack and let go by a closed one', async () => {
    const { stdout } = await run(`
      import { openSctpStack } from ${JSON.stringify(library)};
      const stack = openSctpStack({ transport: 'udp', localAddresses: ['127.0.0.1'], udpPort: 0 });
      setTimeout(async () => { console.log('still here'); await stack.close(); }, 100).unref();
    `);
    expect(stdout).toBe('still here\n');
  });

  test('reads on after a handler threw, and sends what was queued before', async () => {
    const { stdout } = await run(`
      import { openSctpStack } from ${JSON.stringify(library)};
      const [server, client] = ['127.0.0.1', '127.0.0.2'].map((address) =>
        openSctpStack({ transport: 'udp', localAddresses: [address], udpPort: 0 }));
      const nothing = () => {};
      const rest = { onUp: nothing, onRestart: nothing, onDown: nothing, onPath: nothing, onWritable: nothing };
      process.on('uncaughtException', (error) => console.log(error.message));
      const echo = server.open({ port: 0, accepts: true }, { ...rest,
        onMessage(association, protocol, stream, bytes, offset, length) {
          const text = String(Buffer.from(bytes.subarray(offset, offset + length)));
          echo.send(association, protocol, Buffer.from(text));
          if (text === '1') throw new Error('thrown');
        },
      });
      let count = 0;
      const caller = client.open({ port: 0, accepts: false }, { ...rest,
        onMessage: () => { if (++count === 3) { console.log('three echoes'); server.close(); client.close(); } },
      });
      const association = caller.connect([{ address: '127.0.0.1', port: echo.port }], { udpPort: server.udpPort });
      for (const text of ['0', '1', '2']) caller.send(association, 11, Buffer.from(text));
    `);
    expect(stdout).toBe('thrown\nthree echoes\n');
  });

  test('ends cleanly with live associations and an open stack', async () => {
    const server = openHost('127.0.0.1');
    const { stdout } = await run(`
      import { openSctpStack } from ${JSON.stringify(library)};
      const stack = openSctpStack({ transport: 'udp', localAddresses: ['127.0.0.2'], udpPort: 0 });
      const nothing = () => {};
      const endpoint = stack.open({ port: 0, accepts: false }, {
        onUp: () => { console.log('up'); process.exit(0); },
        onRestart: nothing, onDown: nothing, onMessage: nothing, onPath: nothing, onWritable: nothing,
      });
      endpoint.connect(${JSON.stringify(placeOf(server)[0])}, ${JSON.stringify(placeOf(server)[1])});
    `);
    expect(stdout).toBe('up\n');
  });
});
