/** What a registrar cannot be told: said at once, by the setting's name, with nothing opened. */

import { once } from 'node:events';
import { expect, test } from 'vitest';
import { createPoolElement, createRegistrar, type RegistrarSettings } from '../../src/index.ts';
import { loopback } from '../support/loopback.ts';

const PEER = { address: '127.0.6.2', port: 9901 };
const HINT = { nest: /list of its addresses/, address: /IP address/, port: /from 1 to 65535/ };

function created(settings: RegistrarSettings): Promise<unknown> {
  return createRegistrar({
    transport: 'udp',
    udpPort: 0,
    ...settings,
    asap: { addresses: ['127.0.6.1'], announce: false, ...settings.asap },
  });
}

test.each([
  ['a list that is none', PEER, /list of peers/],
  ['an address in place of a list', [PEER], HINT.nest],
  ['a peer without addresses', [[]], HINT.nest],
  ['a peer that is nothing', [[undefined]], HINT.address],
  ['a host name', [[{ address: 'registrar.example', port: 9901 }]], HINT.address],
  ['the port 0', [[{ ...PEER, port: 0 }]], HINT.port],
  ['a port that is too large', [[{ ...PEER, port: 99_999 }]], HINT.port],
  ['half a port', [[{ ...PEER, port: 1.5 }]], HINT.port],
  ['two ports of one peer', [[PEER, { address: '127.0.6.3', port: 9902 }]], /the same port/],
])('peers: %s', async (_, peers, hint) => {
  await expect(created({ enrp: { peers: peers as never } })).rejects.toMatchObject({
    code: 'ERR_RSERPOOL_CONFIG',
    key: 'enrp.peers',
    message: expect.stringMatching(hint),
  });
});

test('an address of a peer that cannot be used is named by its path', async () => {
  const peers = [[PEER], [{ ...PEER, port: 0 }]];
  await expect(created({ enrp: { peers } })).rejects.toThrow(/^enrp\.peers\[1\]\[0\]\.port is 0: /);
});

test.each([
  ['asap.port', { asap: { port: 99_999 } }],
  ['enrp.port', { enrp: { port: 99_999 } }],
  ['enrp.port', { enrp: { port: 1.5 } }],
  ['asap.announceTtl', { asap: { announceTtl: 256 } }],
  ['enrp.announceTtl', { enrp: { announceTtl: 0 } }],
  ['id', { id: 0 }],
])('%s', async (key, settings) => {
  await expect(created(settings)).rejects.toMatchObject({ code: 'ERR_RSERPOOL_CONFIG', key });
});

test.each<[string, object]>([
  ['asap.address is unknown: did you mean asap.addresses?', { asap: { address: ['127.0.6.1'] } }],
  ['asap.addresses is "127.0.6.1"', { asap: { addresses: '127.0.6.1' } }],
  ['asap is []', { asap: [] }],
  ['asap.announce.prot is unknown', { asap: { announce: { address: '239.0.0.1', prot: 1 } } }],
  ['udpport is unknown: did you mean udpPort?', { udpport: 1 }],
  ['transport is "UDP": give "auto", "kernel", "udp" or "raw".', { transport: 'UDP' }],
  ['enrp is "yes"', { enrp: 'yes' }],
  ['enrp.peer is unknown: did you mean enrp.peers?', { enrp: { peer: [] } }],
  ['enrp.options.foo is unknown', { enrp: { options: { foo: 1 } } }],
  ['enrp.options.maxPeers is 0', { enrp: { options: { maxPeers: 0 } } }],
  ['enrp.peers[0][1].address is 127.0.6.2 again', { enrp: { peers: [[PEER, PEER]] } }],
  ['registrar.limits.maxPool is unknown: did you mean', { registrar: { limits: { maxPool: 1 } } }],
  ['registrar.refusesStrangers is 1', { registrar: { refusesStrangers: 1 } }],
  ['registrar.minAddressScope is "global "', { registrar: { minAddressScope: 'global ' } }],
  ['maxAssociations is 0', { maxAssociations: 0 }],
  ['log is true: give a logger', { log: true }],
])('createRegistrar refuses: %s', async (sentence, settings) => {
  const refused = createRegistrar({ transport: 'udp', udpPort: 0, ...settings } as never);
  await expect(refused).rejects.toMatchObject({
    code: 'ERR_RSERPOOL_CONFIG',
    message: expect.stringContaining(sentence),
  });
});

test('pool elements in events of a registrar have loads as fractions', async () => {
  const registrar = await createRegistrar({
    ...{ transport: 'udp', udpPort: 0 },
    asap: { addresses: [loopback(1)], announce: false },
  });
  const added = once(registrar, 'poolElementAdded');
  const element = await createPoolElement({
    ...{ transport: 'udp', addresses: [loopback(2)], poolHandle: 'EchoPool' },
    ...{ registrars: [loopback(1)], registrarUdpPort: registrar.udpPort },
    policy: { type: 'leastUsedDegradation', load: 0.25, loadDegradation: 0.1 },
    userTransport: { protocol: 'tcp', port: 7 },
  });
  const policy = { type: 'leastUsedDegradation', load: 0.25, loadDegradation: 0.1 };
  expect(await added).toMatchObject([{ poolElement: { id: element.id, policy } }]);
  await element.close();
  await registrar.close();
});
