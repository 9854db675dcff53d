/**
 * SCTP implementations that are not ours, as clients and as servers of a stack in user space, over UDP (RFC 6951) with
 * loss and reordering: every message arrives once, in order and whole, and the association ends gracefully. Part of
 * `npm run check:long`; npm `sctp` is `test/transport/independent-peer.test.ts`.
 */

import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ASAP, closeStacks, echo, openHost, openUdpSocket } from '../transport/udp-support.ts';
import { type PeerProgram, PION, RunningPeer, USRSCTP } from './programs.ts';
import { Network, type Weather } from './weather.ts';

const MESSAGES = 300;
/** Fixed in pion/sctp. */
const SCTP_PORT = 5000;
const SEEDS = [1, 2, 3];
const WEATHERS: readonly (readonly [string, Weather])[] = [
  ['fair weather', { lost: 0, doubled: 0, late: 0 }],
  ['reordering', { lost: 0, doubled: 5, late: 40 }],
  ['loss of 3 %', { lost: 3, doubled: 2, late: 10 }],
];

const running: RunningPeer[] = [];

afterEach(async () => {
  for (const peer of running.splice(0)) peer.kill();
  await closeStacks();
});

/** A message as the peers write it: 1 to 3,000 octets. */
function message(number: number): Buffer {
  return Buffer.from(
    Array.from({ length: 1 + ((number * 701) % 3_000) }, (_, index) => (number + index) & 255),
  );
}

async function freeUdpPort(): Promise<number> {
  const socket = await openUdpSocket('0.0.0.0' as never);
  const { port } = socket.address();
  await closeStacks();
  return port;
}

/** How each program is called: with its own UDP address, and where it finds us. */
function start(
  peer: PeerProgram,
  program: string,
  role: string,
  udpPort: number,
  network: Network,
) {
  const { address, port } = network.place;
  const args =
    peer === PION
      ? [role, `127.0.0.4:${udpPort}`, `${address}:${port}`, MESSAGES]
      : [role, '127.0.0.4', udpPort, address, port, MESSAGES];
  const one = new RunningPeer(program, args);
  running.push(one);
  return one;
}

for (const peer of [PION, USRSCTP]) {
  describe.skipIf(peer.lack !== undefined)(
    `${peer.name}${peer.lack ? ` (${peer.lack})` : ''}`,
    () => {
      let program = '';
      beforeAll(() => {
        program = peer.build();
      });

      for (const [name, weather] of WEATHERS) {
        for (const seed of SEEDS) {
          test(`calls us in ${name}, seed ${seed}`, async () => {
            const udpPort = await freeUdpPort();
            // Room for every echo, however many messages the peer sends at once.
            const sendBufferBytes = 1 << 20;
            const limits = { maxRetransmissions: 10, sendBufferBytes };
            const server = openHost('127.0.0.1', { port: SCTP_PORT, ...limits });
            echo(server);
            const ours = { address: '127.0.0.1', port: server.stack.udpPort };
            const network = await Network.between(ours, weather, seed);
            const client = start(peer, program, 'client', udpPort, network);
            await client.prints('ok');
            expect(await client.ends()).toBe(0);
            await server.heard.until('the end', (heard) => heard.of('down').length === 1);
            // usrsctp aborts what has not ended yet when its program does.
            const ends = peer === USRSCTP ? ['shutdown', 'abort'] : ['shutdown'];
            expect(ends).toContain(server.heard.of('down')[0]?.why);
            expect(server.heard.of('message').map(({ payload }) => payload)).toEqual(
              Array.from({ length: MESSAGES }, (_, number) => message(number)),
            );
          });

          test(`is called by us in ${name}, seed ${seed}`, async () => {
            const udpPort = await freeUdpPort();
            const client = openHost('127.0.0.1', {
              ...{ port: SCTP_PORT, accepts: false, maxRetransmissions: 10 },
            });
            const ours = { address: '127.0.0.1', port: client.stack.udpPort };
            const theirs = { address: '127.0.0.4', port: udpPort };
            const network = await Network.between(ours, weather, seed, theirs);
            const server = start(peer, program, 'server', udpPort, network);
            await server.prints('bound');
            const association = client.endpoint.connect(
              [{ address: network.place.address, port: SCTP_PORT }],
              { udpPort: network.place.port },
            );
            await client.heard.until('the association', (heard) => heard.of('up').length === 1);
            for (let number = 0; number < MESSAGES; number++) {
              expect(client.endpoint.send(association, ASAP, message(number))).toBe('queued');
              const isNear = (heard: typeof client.heard) =>
                heard.of('message').length > number - 20;
              await client.heard.until('the echoes', isNear, 60_000);
            }
            const isAll = (heard: typeof client.heard) => heard.of('message').length === MESSAGES;
            await client.heard.until('every echo', isAll, 60_000);
            expect(client.heard.of('message').map(({ payload }) => payload)).toEqual(
              Array.from({ length: MESSAGES }, (_, number) => message(number)),
            );
            client.endpoint.shutdown(association);
            await client.heard.until('the end', (heard) => heard.of('down').length === 1);
            expect(client.heard.of('down')[0]?.why).toBe('shutdown');
            await server.prints('ok');
          });
        }
      }
    },
  );
}
