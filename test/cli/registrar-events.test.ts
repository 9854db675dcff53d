/** What a registrar's events are told as. */

import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import type { Output } from '../../src/cli/output.ts';
import { reportRegistrarEvents } from '../../src/cli/registrar-events.ts';
import type { RegistrarServer } from '../../src/index.ts';

/** What is printed of one event. */
function told(event: string, about: object): { event: string; text: string; fields: object }[] {
  const lines: { event: string; text: string; fields: object }[] = [];
  const registrar = new EventEmitter();
  const output = {
    event: (_who: string, name: string, text: string, fields: object) =>
      lines.push({ event: name, text, fields }),
  };
  reportRegistrarEvents(registrar as RegistrarServer, output as unknown as Output);
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
