/** What a registrar's events are told as. */

import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import type { Output } from '../../src/cli/output.ts';
import { reportRegistrarEvents } from '../../src/cli/registrar-events.ts';
import type { RegistrarServer } from '../../src/index.ts';

/** What is printed of one event. */
function told(event: string, about: object): { event: string; text: string; fields: object }[] {
  const lines: { event: string; text: string; fields: object }[] = [];
  const registrar = Object.assign(new EventEmitter(), { id: 1 });
  const output = {
    event: (_who: string, name: string, text: string, fields: object) =>
      lines.push({ event: name, text, fields }),
  };
  reportRegistrarEvents(registrar as unknown as RegistrarServer, output as unknown as Output);
  registrar.emit(event, about);
  return lines;
}

test('a peer is told of with its addresses, IPv6 in brackets', () => {
  const addresses = [
    { address: '10.0.0.2', port: 9901 },
    { address: 'fd00::2', port: 9902 },
  ];
  expect(told('peerUp', { id: 2, addresses })).toMatchObject([
    { event: 'peerUp', text: 'peer 0x00000002 is at 10.0.0.2:9901 [fd00::2]:9902' },
  ]);
});

test.each([
  [1, '0x00000003 took over 1 pool element of 0x00000002'],
  [2, '0x00000003 took over 2 pool elements of 0x00000002'],
])('a takeover of %i is counted', (poolElements, text) => {
  const fields = { target: '0x00000002', successor: '0x00000003', poolElements };
  expect(told('takeover', { target: 2, successor: 3, poolElements })).toEqual([
    { event: 'takeover', text, fields },
  ]);
});

const poolElement = (homeRegistrarId: number) => ({
  ...{ poolHandle: Buffer.from('P'), id: 0x11, homeRegistrarId, policy: { type: 'roundRobin' } },
  userTransport: { protocol: 'tcp', port: 7, transportUse: 0, addresses: ['10.9.0.1'] },
});

test.each([
  [1, 'its registration lapsed'],
  [2, 'its registration lapsed, as its home registrar 0x00000002 knew it'],
])('a registration that lapsed is told with its home, where that is another: %i', (home, why) => {
  const about = { poolElement: poolElement(home), reason: 'registrationLife' };
  expect(told('poolElementRemoved', about)).toMatchObject([
    { event: 'removed', text: `removed P 0x00000011 at tcp 10.9.0.1:7: ${why}` },
  ]);
});

test.each(['toldByPeer', 'unknownToItsHome'])('what %s is told by its home', (reason) => {
  expect(told('poolElementRemoved', { poolElement: poolElement(2), reason })).toEqual([]);
});

test.each([
  [1, 'another registrar has our identifier 0x00000001: it is at 10.0.0.9:9901'],
  [2, 'two registrars have the identifier 0x00000002: one of them is at 10.0.0.9:9901'],
])('an identifier that two have is told with whose it is, and what to do: %i', (id, who) => {
  const addresses = [{ address: '10.0.0.9', port: 9901 }];
  expect(told('duplicateId', { id, addresses })).toEqual([
    {
      event: 'duplicateId',
      text: `${who}; end one of the two and start it with another --id, or without`,
      fields: { id: `0x0000000${id}`, addresses },
    },
  ]);
});

test.each([
  ['silent', 'it was silent, and owned nothing'],
  ['takenOver', 'it was silent, its pool elements are ours now'],
  ['takenOverByPeer', "it was silent, its pool elements are another registrar's now"],
])('a peer that is gone is told with its reason: %s', (reason, why) => {
  expect(told('peerDown', { id: 2, reason })).toMatchObject([
    { text: `peer 0x00000002 is gone: ${why}`, fields: { id: '0x00000002', reason } },
  ]);
});
