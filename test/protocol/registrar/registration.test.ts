/** ASAP_REGISTRATION at the registrar (RFC 5352 §3.1), every check and every cause. */

import { describe, expect, test } from 'vitest';
import type { AsapMessage } from '../../../src/wire/asap-messages.ts';
import {
  encodePolicyParameter,
  encodeTransportParameter,
} from '../../../src/wire/parameter-codec.ts';
import { CAUSE, type Policy } from '../../../src/wire/parameters.ts';
import {
  aRegistrar,
  causesOf,
  hex,
  type Net,
  PE,
  PEER,
  POOL,
  type PoolElement,
  REGISTRAR,
  registration,
  resolution,
  type SetUp,
  sctp,
  tcp,
} from './support.ts';

/** A registrar, and pool element PE registered over association 1. */
function withPoolElement(setUp: SetUp = {}, poolElement: Partial<PoolElement> = {}): Net {
  const net = aRegistrar(setUp);
  net.up(1);
  net.registers(1, poolElement);
  net.outputs();
  return net;
}

function stored(net: Net, id = PE) {
  const element = net.handlespace.find(POOL, id);
  if (element === undefined) throw new Error(`the handlespace has no 0x${id.toString(16)}`);
  return element;
}

describe('a registration (RFC 5352 §3.1)', () => {
  test('is answered with handle and identifier, without error (test vectors A1, A3)', () => {
    const net = aRegistrar();
    net.up(1);
    net.says(
      1,
      hex(`01000038 0009000c 4563686f 506f6f6c 000a0028 12345678 00000000 00015f90
           00040010 1e610001 00010008 0a010203 00080008 00000001`),
    );
    expect(net.sent(1)).toEqual([hex('03000018 0009000c 4563686f 506f6f6c 000e0008 12345678')]);
    expect(net.members()).toEqual([PE]);
  });

  test('makes this registrar the home, whatever home it named (RFC 5352 §3.1 rule 4)', () => {
    const net = withPoolElement({}, { homeRegistrarId: 0xbad });
    expect(stored(net).homeRegistrarId).toBe(REGISTRAR);
  });

  test('gets the addresses and the port of the association as ASAP transport, data only (A2, A3)', () => {
    const net = aRegistrar();
    net.up(1, ['10.1.2.3', '10.9.2.3'], 31_234);
    net.registers(1);
    expect(stored(net).asapTransport).toEqual(sctp(['10.1.2.3', '10.9.2.3'], 0, 31_234));
  });

  test('tells the application', () => {
    const net = aRegistrar();
    net.up(1);
    net.says(1, registration());
    const [event] = net.events('poolElementAdded');
    expect(event?.poolElement).toMatchObject({
      id: PE,
      homeRegistrarId: REGISTRAR,
      association: 1,
    });
    expect(Buffer.from(event?.poolElement.poolHandle ?? [])).toEqual(POOL);
  });

  test('is announced before it is answered, as rsplib does', () => {
    const net = aRegistrar();
    net.up(1);
    net.says(1, registration());
    expect(net.outputs().map(({ type }) => type)).toEqual(['poolElementAdded', 'send']);
  });

  test('over an association that is not up is not heard', () => {
    const net = aRegistrar();
    net.says(1, registration());
    expect(net.outputs()).toEqual([]);
    expect(net.members()).toEqual([]);
  });
});

describe('a re-registration (RFC 5352 §3.1 rule 3)', () => {
  test('replaces policy values, life and user transport', () => {
    const net = aRegistrar();
    net.up(1, [PEER, '10.9.2.3']);
    net.registers(1, { policy: { type: 'leastUsed', load: 1 } });
    const poolElement = {
      policy: { type: 'leastUsed', load: 7 },
      lifeMs: 45_000,
      userTransport: sctp(['10.9.2.3'], 1, 1_234),
    } as const;
    net.registers(1, poolElement);
    expect(stored(net)).toMatchObject(poolElement);
    expect(net.events('poolElementReregistered')).toHaveLength(1);
  });

  test('over another association from the same address takes the pool element there', () => {
    const net = withPoolElement();
    net.up(2, [PEER], 6_000);
    net.registers(2);
    net.down(1);
    expect(stored(net)).toMatchObject({ association: 2, asapTransport: { port: 6_000 } });
  });

  test('takes back a pool element that another registrar owns', () => {
    const net = aRegistrar();
    net.handlespace.register(net.now, {
      ...registration().poolElement,
      poolHandle: POOL,
      homeRegistrarId: 0x7 as never,
      asapTransport: sctp([PEER], 0),
    });
    net.up(1);
    net.registers(1);
    expect(stored(net)).toMatchObject({ homeRegistrarId: REGISTRAR, association: 1 });
  });

  test('forgets reports of unreachability', () => {
    const net = withPoolElement();
    net.handlespace.reportUnreachable(POOL, PE);
    net.registers(1);
    expect(stored(net).unreachableReports).toBe(0);
  });

  test('by a stranger is refused with cause 10 (decision 38)', () => {
    const net = withPoolElement();
    net.up(2, ['10.6.6.6']);
    net.says(2, registration({ userTransport: sctp(['10.6.6.6']) }));
    expect(net.answers(2)).toMatchObject([
      { isRejected: true, errors: [{ code: CAUSE.REJECTED_FOR_SECURITY }] },
    ]);
    expect(stored(net).association).toBe(1);
  });

  test('by a stranger is accepted where strangers are let in', () => {
    const net = withPoolElement({ options: { refusesStrangers: false } });
    net.up(2, ['10.6.6.6']);
    net.registers(2, { userTransport: sctp(['10.6.6.6']) });
    expect(stored(net).association).toBe(2);
  });
});

describe('an identifier in use (RFC 5354 §3.12.4)', () => {
  const options = { refusesNonUniqueIds: true };
  const both = [PEER, '10.9.2.3'];

  function second(setUp: SetUp, userTransport = sctp(['10.9.2.3'])): AsapMessage[] {
    const net = aRegistrar(setUp);
    net.up(1, both);
    net.registers(1, { userTransport: sctp([PEER]) });
    net.up(2, both, 6_000);
    net.says(2, registration({ userTransport }));
    return net.answers(2);
  }

  test('is refused with cause 4 when the option is on', () => {
    expect(second({ options })).toMatchObject([
      { isRejected: true, errors: [{ code: CAUSE.NON_UNIQUE_PE_IDENTIFIER }] },
    ]);
  });

  test('is a re-registration by default, as for rsplib', () => {
    expect(second({})).toMatchObject([{ isRejected: false }]);
  });

  test('is a re-registration when an address is the same', () => {
    expect(second({ options }, sctp(both))).toMatchObject([{ isRejected: false }]);
  });

  test('is a re-registration when the former association is gone', () => {
    const net = aRegistrar({ options });
    net.up(1, both);
    net.registers(1, { userTransport: sctp([PEER]) });
    net.down(1);
    net.up(2, both, 6_000);
    net.registers(2, { userTransport: sctp(['10.9.2.3']) });
    expect(net.members()).toEqual([PE]);
  });
});

describe('the user transport (RFC 5352 §2.2.1)', () => {
  test("keeps those addresses that are the association's, in their order", () => {
    const net = aRegistrar();
    net.up(1, ['10.1.2.3', '10.9.2.3', '10.7.2.3']);
    net.registers(1, { userTransport: sctp(['10.7.2.3', '172.31.0.1', '10.1.2.3']) });
    expect(stored(net).userTransport).toEqual(sctp(['10.7.2.3', '10.1.2.3']));
  });

  test('loses addresses that do not reach far enough (decision 43)', () => {
    const net = aRegistrar();
    net.up(1, ['127.0.0.1', '169.254.1.1', 'fe80::1', PEER]);
    net.registers(1, { userTransport: sctp(['127.0.0.1', '169.254.1.1', 'fe80::1', PEER]) });
    expect(stored(net).userTransport).toEqual(sctp([PEER]));
    expect(stored(net).asapTransport).toEqual(sctp([PEER], 0, 5_000));
  });

  test('may be a loopback address where everything is', () => {
    const net = aRegistrar({ localAddresses: ['127.0.0.1'] });
    net.up(1, ['127.0.0.2']);
    net.registers(1, { userTransport: tcp('127.0.0.2') });
    expect(stored(net).userTransport).toEqual(tcp('127.0.0.2'));
  });

  test('that is opaque is taken as it is', () => {
    const net = aRegistrar();
    net.up(1);
    const userTransport = { protocol: 'opaque', bytes: hex('cafebabe') } as const;
    net.registers(1, { userTransport });
    expect(stored(net).userTransport.protocol).toBe('opaque');
  });

  const foreign = tcp('192.0.2.1');
  test.each([
    ['0xf008 alone in profile rsplib', {}, [{ code: 0xf008, info: new Uint8Array(0) }]],
    [
      'cause 3 with the transport in profile rfc',
      { profile: 'rfc' },
      [{ code: CAUSE.INVALID_VALUES, info: encodeTransportParameter(foreign) }],
    ],
    [
      "cause 3 where rsplib's codes are off",
      { usesRsplibErrorCodes: false },
      [{ code: CAUSE.INVALID_VALUES, info: encodeTransportParameter(foreign) }],
    ],
  ] as const)('without a usable address is refused with %s (decision 20)', (_, options, errors) => {
    const net = aRegistrar({ options });
    net.up(1);
    net.says(1, registration({ userTransport: foreign }));
    expect(plain(net.answers(1)[0])).toMatchObject({ isRejected: true, errors });
    expect(net.members()).toEqual([]);
  });

  test('is all there is to see where no address of the association is usable: 0xf007', () => {
    const net = aRegistrar();
    net.up(1, ['169.254.1.1']);
    const userTransport = { protocol: 'opaque', bytes: hex('cafebabe') } as const;
    net.says(1, registration({ userTransport }));
    expect(net.answers(1)).toMatchObject([{ isRejected: true, errors: [{ code: 0xf007 }] }]);
  });
});

describe('the rest of the pool (RFC 5352 §3.1 rules 2, 3)', () => {
  test('refuses another policy with cause 5, showing its own', () => {
    const net = withPoolElement({}, { policy: { type: 'leastUsed', load: 9 } });
    net.says(1, registration({ id: 2, policy: { type: 'roundRobin' } }));
    const info = encodePolicyParameter({ type: 'leastUsed', load: 9 });
    expect(plain(net.answers(1)[0])).toMatchObject({
      isRejected: true,
      errors: [{ code: CAUSE.INCONSISTENT_POOLING_POLICY, info }],
    });
  });

  test('refuses another protocol with cause 7, showing its own transport', () => {
    const net = withPoolElement({}, { userTransport: sctp([PEER], 0) });
    net.says(1, registration({ id: 2, userTransport: tcp() }));
    expect(plain(net.answers(1)[0])).toMatchObject({
      isRejected: true,
      errors: [
        {
          code: CAUSE.INCONSISTENT_TRANSPORT_TYPE,
          info: encodeTransportParameter(sctp([PEER], 0)),
        },
      ],
    });
  });

  test('refuses another protocol before another use of the control channel (capture 12, frame 154)', () => {
    const net = withPoolElement({}, { userTransport: sctp([PEER], 1) });
    net.says(1, registration({ id: 2, userTransport: tcp() }));
    const [{ code } = { code: undefined }] = causesOf(net.answers(1)[0]);
    expect(code).toBe(CAUSE.INCONSISTENT_TRANSPORT_TYPE);
  });

  test('refuses another use of the control channel with cause 8, before the policy (B5)', () => {
    const net = withPoolElement();
    const userTransport = sctp([PEER], 0);
    net.says(1, registration({ id: 2, userTransport, policy: { type: 'random' } }));
    expect(plain(net.answers(1)[0])).toMatchObject({
      isRejected: true,
      errors: [{ code: CAUSE.INCONSISTENT_DATA_CONTROL, info: new Uint8Array(0) }],
    });
  });

  test('is left as it was by a refusal, and peers hear nothing of it', () => {
    const net = withPoolElement();
    net.says(1, registration({ id: 2, policy: { type: 'random' } }));
    const outputs = net.outputs();
    expect(outputs.map(({ type }) => type)).toEqual(['requestRefused', 'send']);
    expect(outputs).toMatchObject([
      { causeCode: 5, reason: 'the pool uses roundRobin, not random (cause 5)' },
      {},
    ]);
    net.says(1, resolution());
    expect(net.answers(1)).toMatchObject([{ policy: { type: 'roundRobin' } }]);
  });
});

describe('policies that cannot be selected by', () => {
  test.each<[string, Policy]>([
    ["one of rsplib's own", { type: 'priorityLeastUsedDegradation', load: 0, loadDegradation: 1 }],
    ['an unknown one', { type: 'unknown', policyType: 0x77, bytes: new Uint8Array(0) }],
  ])('%s is refused with cause 5, and shown (RFC 5354 §3.12.6)', (_, policy) => {
    const net = aRegistrar();
    net.up(1);
    net.says(1, registration({ policy }));
    const info = encodePolicyParameter(policy);
    expect(plain(net.answers(1)[0])).toMatchObject({
      isRejected: true,
      errors: [{ code: CAUSE.INCONSISTENT_POOLING_POLICY, info }],
    });
    expect(net.members()).toEqual([]);
  });
});

describe('values that no registration may have (asap.md §10)', () => {
  const sctpPort0 = '00040010 00000001 00010008 0a010203';
  test.each([
    [
      'the identifier 0',
      `000a0028 00000000 00000000 00015f90 00040010 1e610001 00010008 0a010203
                          00080008 00000001`,
      0,
    ],
    ['the port 0', `000a0028 12345678 00000000 00015f90 ${sctpPort0} 00080008 00000001`, PE],
    [
      'two user transports',
      `000a0038 12345678 00000000 00015f90 00040010 1e610001 00010008 0a010203
                             00040010 1e610001 00010008 0a010203 00080008 00000001`,
      PE,
    ],
  ])('%s: a refusal with cause 3 and the parameter', (_, poolElement, poolElementId) => {
    const net = aRegistrar();
    net.up(1);
    const parameter = hex(poolElement);
    const header = Buffer.from(hex('01000000 0009000c 4563686f 506f6f6c'));
    header.writeUInt16BE(header.length + parameter.length, 2);
    net.says(1, Buffer.concat([header, parameter]));
    const [answer] = net.answers(1);
    expect(answer).toMatchObject({
      type: 'ASAP_REGISTRATION_RESPONSE',
      isRejected: true,
      poolElementId,
      errors: [{ code: CAUSE.INVALID_VALUES }],
    });
    const info = answer !== undefined && 'errors' in answer ? answer.errors[0]?.info : undefined;
    expect(Buffer.from(parameter).toString('hex')).toContain(
      Buffer.from(info ?? []).toString('hex'),
    );
    expect(info?.length).toBeGreaterThan(8);
    expect(net.members()).toEqual([]);
  });

  test('life 0 is accepted in profile rsplib and watched by keep-alives (decision 37)', () => {
    const net = withPoolElement({}, { lifeMs: 0 });
    for (let i = 0; i < 20; i += 1) {
      net.passes(2_500);
      net.acknowledges(1);
    }
    expect(net.members()).toEqual([PE]);
  });

  test('life 0 is refused in profile rfc with cause 3 (decision 37)', () => {
    const net = aRegistrar({ options: { profile: 'rfc' } });
    net.up(1);
    net.says(
      1,
      hex(`01000038 0009000c 4563686f 506f6f6c 000a0028 12345678 00000000 00000000
           00040010 1e610001 00010008 0a010203 00080008 00000001`),
    );
    expect(net.answers(1)).toMatchObject([
      { isRejected: true, errors: [{ code: CAUSE.INVALID_VALUES }] },
    ]);
  });

  test('an ASAP transport that a pool element sends along is ignored (A3)', () => {
    const net = aRegistrar();
    net.up(1);
    const message = registration();
    const asapTransport = sctp(['192.0.2.1'], 0, 9);
    net.says(1, { ...message, poolElement: { ...message.poolElement, asapTransport } });
    expect(net.answers(1)).toMatchObject([{ isRejected: false }]);
    expect(stored(net).asapTransport).toEqual(sctp([PEER], 0, 5_000));
  });
});

/** Byte strings as plain arrays of their own, so that views and buffers compare. */
function plain(message: AsapMessage | undefined): AsapMessage | undefined {
  if (message === undefined || !('errors' in message)) return message;
  const errors = message.errors.map(({ code, info }) => ({ code, info: Uint8Array.from(info) }));
  return { ...message, errors };
}
