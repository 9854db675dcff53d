/** Announces on network interfaces that come and go, in network namespaces. */

import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { describeWithHosts, Hosts, type Program } from '../support/hosts.ts';

const announcer = path.join(import.meta.dirname, 'announcer.mjs');
const GROUP = '239.0.0.77';
const GROUP_V6 = 'ff02::4d';

let hosts: Hosts | undefined;
afterEach(() => hosts?.close());

/** Two hosts on one network, `a` at 10.1.0.1 and `b` at 10.1.0.2, each with eth0. */
async function twoHosts(): Promise<Hosts> {
  hosts = await Hosts.open('a', 'b');
  hosts.plugIn('a', 'eth0', '10.1.0.1/24', 'fd00:1::1/64');
  hosts.plugIn('b', 'eth0', '10.1.0.2/24', 'fd00:1::2/64');
  return hosts;
}

/** Waits until each receives what the other sends from now on. */
async function expectBothReceive(a: Program, b: Program, froms = FROM_V4): Promise<void> {
  a.skip();
  b.skip();
  await Promise.all([a.prints(froms.b), b.prints(froms.a)]);
}
const FROM_V4 = { a: /received from 10\.1\.0\.1\./, b: /received from 10\.1\.0\.2\./ };
const FROM_V6 = { a: /received from fe80:/, b: /received from fe80:/ };

describeWithHosts('announces are sent and received', () => {
  test.each([
    ['with its address named', ['10.1.0.1']],
    ['with every interface in use', []],
  ])('again when an interface was replaced between two looks, %s', async (_how, addresses) => {
    const net = await twoHosts();
    const b = net.start('b', announcer, GROUP, '10.1.0.2');
    const a = net.start('a', announcer, GROUP, ...addresses);
    await expectBothReceive(a, b);
    net.pullOut('a', 'eth0');
    net.plugIn('a', 'eth0', '10.1.0.1/24');
    await expectBothReceive(a, b);
  });

  test('again after an interface was gone, more often than a socket may have memberships', async () => {
    const net = await twoHosts();
    net.sysctl('a', 'net.ipv4.igmp_max_memberships=2');
    const b = net.start('b', announcer, GROUP, '10.1.0.2');
    const a = net.start('a', announcer, GROUP, '10.1.0.1');
    await expectBothReceive(a, b);
    for (let count = 0; count < 4; count++) {
      net.pullOut('a', 'eth0');
      net.plugIn('a', 'eth0', '10.1.0.1/24');
      a.skip();
      await a.prints(FROM_V4.b);
    }
    await expectBothReceive(a, b);
    expect(a.text).not.toContain('cannot be received');
  });

  test('again when an interface returns with the index that it had', async () => {
    const net = await twoHosts();
    const b = net.start('b', announcer, GROUP, '10.1.0.2');
    const a = net.start('a', announcer, GROUP, '10.1.0.1');
    await expectBothReceive(a, b);
    const index = net.indexOf('a', 'eth0');
    net.pullOut('a', 'eth0');
    net.plugInAs('a', 'eth0', index, '10.1.0.1/24');
    expect(net.indexOf('a', 'eth0')).toBe(index);
    await expectBothReceive(a, b);
  });

  test('again to an IPv6 group on an interface with another index', async () => {
    const net = await twoHosts();
    const b = net.start('b', announcer, GROUP_V6);
    const a = net.start('a', announcer, GROUP_V6);
    await expectBothReceive(a, b, FROM_V6);
    net.pullOut('a', 'eth0');
    net.plugIn('a', 'eth0', 'fd00:1::1/64');
    await expectBothReceive(a, b, FROM_V6);
  });

  test('on an interface that appears after the start, where nothing but the loopback was', async () => {
    hosts = await Hosts.open('a', 'b');
    hosts.plugIn('b', 'eth0', '10.1.0.2/24');
    const b = hosts.start('b', announcer, GROUP);
    const a = hosts.start('a', announcer, GROUP);
    await Promise.all([a.prints(/started/), b.prints(/started/)]);
    hosts.plugIn('a', 'eth0', '10.1.0.1/24');
    await expectBothReceive(a, b);
  });

  test('on an address that comes later, to an interface that was down', async () => {
    hosts = await Hosts.open('a', 'b');
    hosts.plugIn('b', 'eth0', '10.1.0.2/24');
    hosts.plugIn('a', 'eth0');
    hosts.ip('a', 'link set eth0 down');
    const b = hosts.start('b', announcer, GROUP);
    const a = hosts.start('a', announcer, GROUP);
    await Promise.all([a.prints(/started/), b.prints(/started/)]);
    hosts.ip('a', 'link set eth0 up', 'addr add 10.1.0.1/24 dev eth0');
    await expectBothReceive(a, b);
  });

  test('on the other interface while one is gone, and on both when it is back', async () => {
    const net = await twoHosts();
    net.plugIn('a', 'eth1', '10.2.0.1/24');
    net.plugIn('b', 'eth1', '10.2.0.2/24');
    const b = net.start('b', announcer, GROUP, '10.1.0.2', '10.2.0.2');
    const a = net.start('a', announcer, GROUP, '10.1.0.1', '10.2.0.1');
    await expectBothReceive(a, b);
    net.pullOut('a', 'eth0');
    await expectBothReceive(a, b, { a: /from 10\.2\.0\.1\./, b: /from 10\.2\.0\.2\./ });
    net.plugIn('a', 'eth0', '10.1.0.1/24');
    await expectBothReceive(a, b);
  });
});

describeWithHosts('announces that can go nowhere', () => {
  test('are reported once, and sent when an interface with IPv4 appears', async () => {
    hosts = await Hosts.open('a', 'b');
    hosts.plugIn('a', 'eth0', 'fd00:1::1/64');
    hosts.plugIn('b', 'eth0', '10.1.0.2/24');
    hosts.ip('a', 'addr del 127.0.0.1/8 dev lo');
    const b = hosts.start('b', announcer, GROUP);
    const a = hosts.start('a', announcer, GROUP);
    await a.prints(/cannot be sent on any interface \(none is up\)/);
    hosts.ip('a', 'addr add 10.1.0.1/24 dev eth0');
    await expectBothReceive(a, b);
    expect(a.text.match(/cannot be sent/g)).toHaveLength(1);
    expect(a.text.match(/cannot be received/g)).toHaveLength(1);
  });
});
