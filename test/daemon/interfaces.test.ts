/** Registrars on hosts whose network interfaces come and go: real processes in network namespaces. */

import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { describeWithHosts, Hosts, type Program } from '../support/hosts.ts';

const programs = path.resolve(import.meta.dirname, '../../dist/cli');
const rserpool = path.join(programs, 'rserpool.js');
const rspregistrar = path.join(programs, 'rspregistrar.js');

let hosts: Hosts | undefined;
afterEach(() => hosts?.close());

const NAMED = ['-transport=udp', '-loglevel=4', '-quiet', '-peerheartbeatcycle=500'];
const SERVE = ['serve', 'echo', '--transport', 'udp', '--json'];
const RESOLVE = ['resolve', 'EchoPool', '--transport', 'udp', '--json'];

async function openHosts(...names: string[]): Promise<Hosts> {
  hosts = await Hosts.open(...names);
  return hosts;
}

/** A registrar that is told no addresses and finds others by multicast. */
function startRegistrar(net: Hosts, host: string): Program {
  const timers = ['--peer-heartbeat-cycle', '500'];
  return net.start(
    host,
    rserpool,
    'registrar',
    '--enrp',
    '--transport',
    'udp',
    '--json',
    ...timers,
  );
}

/** Waits until the registrar of host `b` knows its peer at exactly these addresses. */
async function expectPeerAt(net: Hosts, addresses: readonly string[]): Promise<void> {
  const known = () =>
    net.run('b', rserpool, 'peers', '--registrar', '10.1.0.2', '--transport', 'udp', '--json');
  await vi.waitFor(
    async () => expect((await known()).match(/10\.\d\.0\.1\b/g)).toEqual(addresses),
    30_000,
  );
}

describeWithHosts('a registrar', () => {
  test('serves and announces an address that appears after the start, when none are named', async () => {
    const net = await openHosts('a', 'b');
    net.plugIn('b', 'eth0', '10.1.0.2/24');
    const b = startRegistrar(net, 'b');
    const a = startRegistrar(net, 'a');
    await Promise.all([a.prints(/"ready"/), b.prints(/"ready"/)]);
    net.plugIn('a', 'eth0', '10.1.0.1/24');
    await Promise.all([b.prints(/"peerUp".*"10\.1\.0\.1"/), a.prints(/"peerUp".*"10\.1\.0\.2"/)]);
    const server = net.start('b', rserpool, ...SERVE, '--registrar', '10.1.0.1');
    await server.prints(/"registered"/);
    const answer = net.start('b', rserpool, ...RESOLVE, '--registrar', '10.1.0.1');
    await answer.prints(/"transport":"tcp 10\.1\.0\.2:/);
  });

  test('takes peers over IPv6 that appears after the start on a host with IPv4', async () => {
    const net = await openHosts('a', 'b');
    net.plugIn('a', 'eth0', '10.1.0.1/24');
    net.plugIn('b', 'eth0', '10.1.0.2/24', 'fd00:1::2/64');
    const a = startRegistrar(net, 'a');
    await a.prints(/"ready"/);
    net.ip('a', 'addr add fd00:1::1/64 dev eth0');
    const server = net.start('b', rserpool, ...SERVE, '--registrar', '[fd00:1::1]');
    await server.prints(/"registered"/);
  });

  test('no longer lists an address that is gone, and lists it again when it is back', async () => {
    const net = await openHosts('a', 'b');
    net.plugIn('a', 'eth0', '10.1.0.1/24');
    net.plugIn('a', 'eth1', '10.2.0.1/24');
    net.plugIn('b', 'eth0', '10.1.0.2/24');
    net.plugIn('b', 'eth1', '10.2.0.2/24');
    const b = startRegistrar(net, 'b');
    const a = startRegistrar(net, 'a');
    await Promise.all([a.prints(/"peerUp"/), b.prints(/"peerUp"/)]);
    await expectPeerAt(net, ['10.1.0.1', '10.2.0.1']);
    net.pullOut('a', 'eth1');
    await expectPeerAt(net, ['10.1.0.1']);
    net.plugIn('a', 'eth1', '10.2.0.1/24');
    await expectPeerAt(net, ['10.1.0.1', '10.2.0.1']);
  });

  test('logs that its named address is lost and found, and finds peers by multicast again', async () => {
    const net = await openHosts('a', 'b');
    net.plugIn('a', 'eth0', '10.1.0.1/24');
    net.plugIn('b', 'eth0', '10.1.0.2/24');
    const a = net.start('a', rspregistrar, ...NAMED, '-asap=10.1.0.1:3863', '-enrp=10.1.0.1:9901');
    await a.prints(/in service/);
    net.pullOut('a', 'eth0');
    await a.prints(/Warning: local addresses lost \(interface eth0, addresses 10\.1\.0\.1/);
    net.plugIn('a', 'eth0', '10.1.0.1/24');
    await a.prints(/Note: local addresses found \(interface eth0, addresses 10\.1\.0\.1/);
    const b = net.start('b', rspregistrar, ...NAMED, '-asap=10.1.0.2:3863', '-enrp=10.1.0.2:9901');
    await Promise.all([a.prints(/peer .*up .*10\.1\.0\.2/), b.prints(/peer .*up .*10\.1\.0\.1/)]);
  });
});
