/** ASAP_DEREGISTRATION at the registrar (RFC 5352 §3.2). */

import { describe, expect, test } from 'vitest';
import { CAUSE } from '../../../src/wire/parameters.ts';
import {
  aRegistrar,
  deregistration,
  hex,
  PE,
  POOL,
  REGISTRAR,
  registration,
  sctp,
} from './support.ts';

describe('a deregistration (RFC 5352 §3.2)', () => {
  test('removes the pool element, and the pool with its last one (test vectors A5)', () => {
    const net = aRegistrar();
    net.up(1);
    net.registers(1);
    net.says(1, hex('02000018 0009000c 4563686f 506f6f6c 000e0008 12345678'));
    expect(net.sent(1)).toEqual([hex('04000018 0009000c 4563686f 506f6f6c 000e0008 12345678')]);
    expect(net.handlespace.stats()).toMatchObject({ pools: 0, poolElements: 0 });
  });

  test('tells the application what has gone, before the answer', () => {
    const net = aRegistrar();
    net.up(1);
    net.registers(1);
    net.outputs();
    net.says(1, deregistration());
    expect(net.outputs()).toMatchObject([
      { type: 'poolElementRemoved', reason: 'deregistered', poolElement: { id: PE } },
      { type: 'send' },
    ]);
  });

  test('of a pool element that is not there is answered as done, and tells nobody', () => {
    const net = aRegistrar();
    net.up(1);
    net.says(1, deregistration());
    expect(net.outputs().map(({ type }) => type)).toEqual(['send']);
  });

  test('by a stranger is refused with cause 10 (decision 38)', () => {
    const net = aRegistrar();
    net.up(1);
    net.registers(1);
    net.up(2, ['10.6.6.6']);
    net.says(2, deregistration());
    expect(net.answers(2)).toMatchObject([
      { type: 'ASAP_DEREGISTRATION_RESPONSE', errors: [{ code: CAUSE.REJECTED_FOR_SECURITY }] },
    ]);
    expect(net.events('requestRefused')).toMatchObject([
      { request: 'ASAP_DEREGISTRATION', association: 2, causeCode: CAUSE.REJECTED_FOR_SECURITY },
    ]);
    expect(net.members()).toEqual([PE]);
  });

  test('by a stranger is obeyed where strangers are let in, as rsplib does (B4)', () => {
    const net = aRegistrar({ options: { refusesStrangers: false } });
    net.up(1);
    net.registers(1);
    net.up(2, ['10.6.6.6']);
    net.says(2, deregistration());
    expect(net.answers(2)).toMatchObject([{ errors: [] }]);
    expect(net.members()).toEqual([]);
  });

  test('over another association from an address of the pool element is its own', () => {
    const net = aRegistrar();
    net.up(1, ['10.1.2.3', '10.9.2.3']);
    net.registers(1);
    net.up(2, ['10.9.2.3'], 6_000);
    net.says(2, deregistration());
    expect(net.members()).toEqual([]);
  });

  test('of an element of another registrar makes it ours first: peers obey its home alone (decision 36)', () => {
    const net = aRegistrar();
    net.handlespace.register(net.now, {
      ...registration().poolElement,
      poolHandle: POOL,
      homeRegistrarId: 7 as never,
      asapTransport: sctp(['10.1.2.3'], 0),
    });
    net.up(1);
    net.says(1, deregistration());
    const ours = { id: PE, homeRegistrarId: REGISTRAR };
    expect(net.outputs()).toMatchObject([
      { type: 'poolElementReregistered', poolElement: ours },
      { type: 'poolElementRemoved', poolElement: ours, reason: 'deregistered' },
      { type: 'send' },
    ]);
    expect(net.members()).toEqual([]);
  });

  test('with the identifier 0 is refused with cause 3 (asap.md §10)', () => {
    const net = aRegistrar();
    net.up(1);
    net.says(1, hex('02000018 0009000c 4563686f 506f6f6c 000e0008 00000000'));
    expect(net.answers(1)).toMatchObject([
      { type: 'ASAP_DEREGISTRATION_RESPONSE', errors: [{ code: CAUSE.INVALID_VALUES }] },
    ]);
  });
});
