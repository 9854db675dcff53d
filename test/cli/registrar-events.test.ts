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

test.each([
  ['ASAP_REGISTRATION', 'registration'],
  ['ASAP_DEREGISTRATION', 'deregistration'],
])('a rejected request is told with its cause in words: %s', (request, what) => {
  const reason = 'the pool uses leastUsed, not roundRobin (cause 5)';
  const about = {
    request,
    poolHandle: Buffer.from('P'),
    poolElementId: 0x11,
    causeCode: 5,
    reason,
  };
  expect(told('requestRefused', about)).toEqual([
    {
      event: 'refused',
      text: `rejected the ${what} of P 0x00000011: ${reason}`,
      fields: { request, pool: 'P', id: '0x00000011', causeCode: 5, reason },
    },
  ]);
});

test.each(['toldByPeer', 'unknownToItsHome'])('what %s is told by its home', (reason) => {
  expect(told('poolElementRemoved', { poolElement: poolElement(2), reason })).toEqual([]);
});

test.each([
  [1, 'another registrar at 10.0.0.9:9901 uses our identifier 0x00000001'],
  [2, 'two registrars use the identifier 0x00000002, one of them at 10.0.0.9:9901'],
])('an identifier that two have is told with whose it is, and what to do: %i', (id, who) => {
  const addresses = [{ address: '10.0.0.9', port: 9901 }];
  expect(told('duplicateId', { id, addresses })).toEqual([
    {
      event: 'duplicateId',
      text: `${who}; restart one of the two with another --id, or without`,
      fields: { id: `0x0000000${id}`, addresses },
    },
  ]);
});

test.each([
  ['left', 'left; it had no pool elements'],
  ['silent', 'timed out; it had no pool elements'],
  ['takenOver', 'timed out; its pool elements were taken over by this registrar'],
  ['takenOverByPeer', 'timed out; its pool elements were taken over by another registrar'],
])('a peer that is gone is told with its reason: %s', (reason, why) => {
  expect(told('peerDown', { id: 2, reason })).toMatchObject([
    { text: `peer 0x00000002 ${why}`, fields: { id: '0x00000002', reason } },
  ]);
});
