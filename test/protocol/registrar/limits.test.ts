/** Each limit of `limits.ts` and what happens beyond it. The rates of resolutions and reports: their files. */

import { describe, expect, test } from 'vitest';
import type { RegistrarLimits } from '../../../src/protocol/registrar/limits.ts';
import type { AsapMessage } from '../../../src/wire/asap-messages.ts';
import { CAUSE } from '../../../src/wire/parameters.ts';
import {
  aRegistrar,
  deregistration,
  hex,
  type Net,
  PE,
  PEER,
  POOL,
  registration,
  resolution,
  sctp,
} from './support.ts';

function limited(limits: Partial<RegistrarLimits>): Net {
  const net = aRegistrar({ options: { limits } });
  net.up(1);
  return net;
}

function expectRefusal(net: Net, message: AsapMessage, code: number): void {
  net.says(1, message);
  expect(net.answers(1)).toMatchObject([{ isRejected: true, errors: [{ code }] }]);
  expect(net.events('requestRefused')).toMatchObject([{ association: 1, causeCode: code }]);
}

describe('the limit of', () => {
  test('associations: one more is aborted, and is none', () => {
    const net = limited({ maxAssociations: 2 });
    net.up(2);
    net.up(3);
    expect(net.events('associationAborted')).toEqual([
      { type: 'associationAborted', association: 3, reason: 'tooManyAssociations' },
    ]);
    net.says(3, registration());
    expect(net.answers(3)).toEqual([]);
    net.down(1);
    net.up(4);
    net.registers(4);
  });

  test('pool elements per association: one more is refused, others are not', () => {
    const net = limited({ maxPoolElementsPerAssociation: 2 });
    net.registers(1, { id: 1 });
    net.registers(1, { id: 2, poolHandle: Buffer.from('A') });
    expectRefusal(net, registration({ id: 3 }), CAUSE.LACK_OF_RESOURCES);
    net.registers(1, { id: 1 }); // again
    net.up(2);
    net.registers(2, { id: 3 });
  });

  test('pool elements per association: one that comes from another association counts', () => {
    const net = limited({ maxPoolElementsPerAssociation: 1 });
    net.registers(1, { id: 1 });
    net.up(2);
    net.registers(2, { id: 2 });
    expectRefusal(net, registration({ id: 2 }), CAUSE.LACK_OF_RESOURCES);
    expect(net.handlespace.find(POOL, 2)?.association).toBe(2);
  });

  test('pools: the first element of one more is refused', () => {
    const net = limited({ maxPools: 1 });
    net.registers(1);
    expectRefusal(net, registration({ poolHandle: Buffer.from('A') }), CAUSE.LACK_OF_RESOURCES);
    net.registers(1, { id: 2 });
  });

  test('pool elements: one more is refused', () => {
    const net = limited({ maxPoolElements: 2 });
    net.registers(1, { id: 1 });
    net.registers(1, { id: 2 });
    expectRefusal(net, registration({ id: 3 }), CAUSE.LACK_OF_RESOURCES);
    net.says(1, deregistration(1));
    net.answers(1);
    net.registers(1, { id: 3 });
  });

  test('addresses of a user transport: one more is refused with cause 3', () => {
    const addresses = [PEER, '10.1.2.4', '10.1.2.5'];
    const net = limited({ maxTransportAddresses: 2 });
    net.registers(1, { userTransport: sctp(addresses.slice(0, 2)) });
    expectRefusal(net, registration({ userTransport: sctp(addresses) }), CAUSE.INVALID_VALUES);
  });

  test('octets of an opaque transport: as many as so many IPv6 addresses take', () => {
    const net = limited({ maxTransportAddresses: 2 });
    const opaque = (length: number) =>
      ({ protocol: 'opaque', bytes: new Uint8Array(length) }) as const;
    net.registers(1, { userTransport: opaque(40) });
    expectRefusal(net, registration({ userTransport: opaque(41) }), CAUSE.INVALID_VALUES);
  });

  test('addresses, exceeded without measure: the refusal still fits in a message', () => {
    const net = limited({});
    const addresses = Array.from({ length: 3_000 }, (_, i) => `10.1.${i >> 8}.${i & 255}`);
    net.says(1, registration({ userTransport: sctp(addresses) }));
    expect(net.sent(1)[0]?.length).toBeLessThan(100);
  });

  test('registrations and deregistrations per second: one more is refused, until time passes', () => {
    const net = limited({ maxRegistrationRate: 2, burstMessages: 2 });
    net.registers(1);
    net.registers(1);
    expectRefusal(net, registration(), CAUSE.LACK_OF_RESOURCES);
    net.says(1, deregistration());
    expect(net.answers(1)).toMatchObject([{ errors: [{ code: CAUSE.LACK_OF_RESOURCES }] }]);
    expect(net.members()).toEqual([PE]);
    net.passes(500);
    net.says(1, deregistration());
    expect(net.answers(1)).toMatchObject([{ errors: [] }]);
  });

  test('any rate is not reset by an SCTP restart', () => {
    const net = limited({ maxRegistrationRate: 1, burstMessages: 1 });
    net.registers(1);
    net.restarts(1);
    net.outputs();
    expectRefusal(net, registration(), CAUSE.LACK_OF_RESOURCES);
  });

  test('malformed messages: one more costs the association', () => {
    const net = limited({ maxMalformedMessages: 3 });
    net.registers(1);
    for (let i = 0; i < 3; i += 1) net.says(1, hex('0100'));
    expect(net.end(1)).toBeUndefined();
    net.says(1, hex('0f000004')); // one that nobody answers counts as well
    expect(net.end(1)).toBe('abort');
    expect(net.members()).toEqual([]);
  });

  test('octets of an answer: 128 elements of 64 addresses do not fit, those that do are named', () => {
    const addresses = Array.from({ length: 64 }, (_, i) => `2001:db8::${(i + 1).toString(16)}`);
    const net = aRegistrar();
    net.up(1, addresses);
    for (let id = 1; id <= 128; id += 1) net.registers(1, { id, userTransport: sctp(addresses) });
    net.says(1, resolution(POOL, 128));
    const [bytes] = net.sent(1);
    expect(bytes?.length).toBeLessThanOrEqual(65_532);
    expect(bytes?.length).toBeGreaterThan(60_000);
  });
});
