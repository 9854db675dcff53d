/** `rserpool registrar --peer`: processes that keep one handlespace, one of which is killed. */

import { afterEach, expect, test } from 'vitest';
import { loopback } from '../support/loopback.ts';
import { Running, run, stopAll } from './support.ts';

afterEach(stopAll);

function registrar(id: number, ...peers: readonly number[]): Running {
  const peerOptions = peers.flatMap((peer) => ['--peer', loopback(peer)]);
  return new Running(
    ...['registrar', '--transport', 'udp', '--address', loopback(id), '--id', String(id)],
    ...['--no-announce', ...peerOptions],
  );
}

test('registrars find each other, and one takes over from another that is killed', async () => {
  const one = registrar(1, 2);
  await one.until('inService');
  const two = registrar(2, 1);
  expect(await two.until('inService')).toMatchObject({ mentor: '0x00000001' });
  expect(await one.until('peerUp')).toMatchObject({ id: '0x00000002' });
  const server = new Running(
    ...['serve', 'echo', '--transport', 'udp', '--udp-port', '9899', '--address', loopback(11)],
    ...['--registrar', loopback(2)],
  );
  const { id } = await server.until('registered');

  await two.stop('SIGKILL');
  expect(await one.until('takeover')).toMatchObject({
    ...{ target: '0x00000002', successor: '0x00000001', poolElements: 1 },
  });
  const found = await run(
    ...['resolve', 'EchoPool', '--json', '--transport', 'udp', '--registrar', loopback(1)],
  );
  const [first = ''] = found.stdout.split('\n');
  expect(JSON.parse(first)).toMatchObject({ id, home: '0x00000001' });
  expect(await server.stop()).toBe(0);
  expect(await one.until('removed')).toMatchObject({ id, reason: 'deregistered' });
  expect(await one.stop()).toBe(0);
});

test('refuses a UDP port of a peer', async () => {
  const { exitCode, stderr } = await run('registrar', '--peer', '10.1.2.3:9901/9900');
  expect(stderr).toMatch(
    /^rserpool: --peer 10\.1\.2\.3:9901\/9900: peers must have UDP port 9899\./,
  );
  expect(exitCode).toBe(2);
});

test('refuses an address of a peer that is none', async () => {
  const { exitCode, stderr } = await run('registrar', '--peer', '10.1.2');
  expect(stderr).toMatch(/^rserpool: "10\.1\.2" is not the address of a registrar/);
  expect(exitCode).toBe(2);
});
