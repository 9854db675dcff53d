/** What a registrar cannot be told: said at once, by the setting's name, with nothing opened. */

import { expect, test } from 'vitest';
import { createRegistrar, type RegistrarSettings } from '../../src/index.ts';

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

test('the second of two peers is named by its index', async () => {
  const peers = [[PEER], [{ ...PEER, port: 0 }]];
  await expect(created({ enrp: { peers } })).rejects.toThrow(/^enrp\.peers\[1\] is {.*"port":0}/);
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
