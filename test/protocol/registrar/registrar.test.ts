/** The registrar as a machine: same inputs, same outputs; and nothing that peers send can break it. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RegistrarInput, RegistrarOutput } from '../../../src/protocol/registrar/events.ts';
import { encodeAsap } from '../../../src/wire/asap.ts';
import type { AsapMessage } from '../../../src/wire/asap-messages.ts';
import {
  aRegistrar,
  deregistration,
  hex,
  idOf,
  type Net,
  registration,
  resolution,
  sctp,
  unreachable,
} from './support.ts';

/** What can happen to a registrar, in small numbers so that things meet. */
type Step = { readonly afterMs: number; readonly what: RegistrarInput | 'deadline' };

const association = fc.integer({ min: 1, max: 4 });
const id = fc.integer({ min: 1, max: 6 });
const poolHandle = fc.constantFrom(Buffer.from('A'), Buffer.from('EchoPool'));
const addressOf = (one: number) => `10.0.0.${one}`;
/** The first three belong to one host, the fourth to a stranger. */
const addressesOf = (one: number) => (one < 4 ? [1, 2, 3] : [4]).map(addressOf);

const message: fc.Arbitrary<AsapMessage> = fc.oneof(
  fc
    .record({ id, poolHandle, from: association, load: fc.nat(9) })
    .map(({ from, load, ...rest }) => {
      const policy = { type: 'leastUsed', load } as const;
      return registration({
        ...rest,
        policy,
        userTransport: sctp([addressOf(from)]),
        lifeMs: 30_000,
      });
    }),
  fc.tuple(id, poolHandle).map(([one, handle]) => deregistration(one, handle)),
  fc.tuple(poolHandle, fc.nat(5)).map(([handle, items]) => resolution(handle, items)),
  fc.tuple(id, poolHandle).map(([one, handle]) => unreachable(one, handle)),
  fc.tuple(id, poolHandle).map(([one, handle]) => {
    const poolElementId = one as never;
    return { type: 'ASAP_ENDPOINT_KEEP_ALIVE_ACK', poolHandle: handle, poolElementId } as const;
  }),
);

const payload = fc.oneof(
  { weight: 8, arbitrary: message.map((one) => encodeAsap(one)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }) },
);

const what: fc.Arbitrary<Step['what']> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.tuple(association, payload).map(
      ([one, bytes]): RegistrarInput => ({
        type: 'message',
        association: idOf(one),
        payloadProtocol: 11,
        payload: bytes,
      }),
    ),
  },
  { weight: 6, arbitrary: fc.constant('deadline' as const) },
  {
    weight: 3,
    arbitrary: association.map(
      (one): RegistrarInput => ({
        type: 'associationUp',
        association: idOf(one),
        peerAddresses: addressesOf(one).map((address) => ({ address, port: 5_000 + one })),
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: association.map(
      (one): RegistrarInput => ({
        type: 'associationDown',
        association: idOf(one),
        why: 'lost',
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: association.map(
      (one): RegistrarInput => ({
        type: 'associationRestarted',
        association: idOf(one),
      }),
    ),
  },
);

const steps = fc.array(
  fc.record({ afterMs: fc.constantFrom(0, 0, 0, 1, 1, 50, 300, 2_000), what }),
  {
    minLength: 1,
    maxLength: 400,
    size: 'max',
  },
);

/** Everything that came out, as text: bytes as hexadecimal, pool elements by what they say. */
function life(script: readonly Step[], seed: bigint): string[] {
  const net = aRegistrar({ seed, options: { serverAnnounceCycleMs: 1_000, maxBadPeReports: 2 } });
  const transcript: string[] = [];
  for (const { afterMs, what } of script) {
    net.now += afterMs;
    if (what === 'deadline') net.now = Math.max(net.now, deadlineOf(net));
    net.input(what === 'deadline' ? { type: 'timeout' } : what);
    transcript.push(`${net.now} ${net.outputs().map(asText).join(' ')}`);
  }
  net.handlespace.verify();
  return transcript;
}

function deadlineOf(net: Net): number {
  const at = net.registrar.nextDeadline();
  return at === Number.POSITIVE_INFINITY ? net.now : at;
}

function asText(output: RegistrarOutput): string {
  if (output.type === 'send') {
    return `send ${output.association} ${Buffer.from(output.payload).toString('hex')}`;
  }
  if (output.type === 'announce') return `announce ${Buffer.from(output.payload).toString('hex')}`;
  if ('poolElement' in output) {
    const { id, association } = output.poolElement;
    return `${output.type} ${id} ${association} ${'reason' in output ? output.reason : ''}`;
  }
  return JSON.stringify(output);
}

describe('the registrar machine', () => {
  test('gives the same outputs for the same inputs, byte for byte', () => {
    fc.assert(
      fc.property(steps, (script) => {
        expect(life(script, 3n)).toEqual(life(script, 3n));
      }),
      { numRuns: 30, seed: 1 },
    );
  });

  test('does so over a long life, in which everything happens', () => {
    const script = fc.sample(steps, { numRuns: 30, seed: 7 }).flat();
    expect(script.length).toBeGreaterThan(2_000);
    const first = life(script, 5n);
    expect(life(script, 5n)).toEqual(first);
    const text = first.join('\n');
    const everything = [
      ...['send', 'announce', 'abort', 'poolElementAdded', 'poolElementReregistered'],
      ...['deregistered', 'associationLost', 'keepAliveTimeout', 'reportedUnreachable'],
    ];
    expect(everything.filter((one) => !text.includes(one))).toEqual([]);
  });

  test('does otherwise with another seed: announces and keep-alives have jitter', () => {
    const script = fc.sample(steps, { numRuns: 10, seed: 7 }).flat();
    expect(life(script, 5n)).not.toEqual(life(script, 6n));
  });

  test('never asks for a deadline that brings nothing again and again', () => {
    const net = aRegistrar({ options: { serverAnnounceCycleMs: 1_000 } });
    net.up(1);
    for (let one = 1; one <= 50; one += 1) net.registers(1, { id: one });
    let wakeUps = 0;
    const end = net.now + 5_000;
    for (let at = deadlineOf(net); at <= end; at = deadlineOf(net)) {
      net.now = Math.max(at, net.now);
      net.input({ type: 'timeout' });
      wakeUps += 1;
      if (wakeUps > 1_000) break;
    }
    expect(wakeUps).toBeLessThanOrEqual(500);
  });
});

describe('hostile payloads', () => {
  /** Real messages with octets changed, cut off or appended, under any payload protocol. */
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .tuple(
        message.map((one) => encodeAsap(one)),
        fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 4 }),
        fc.nat(90),
        fc.uint8Array({ maxLength: 8 }),
      )
      .map(([bytes, changes, length, tail]) => {
        const changed = Buffer.from(bytes);
        for (const [at, value] of changes) if (at < changed.length) changed[at] = value;
        return Buffer.concat([changed.subarray(0, length), tail]);
      }),
  );

  test('never make it throw, and leave the handlespace sound', () => {
    // Few lives with many payloads: a handlespace is only given back when the event loop turns.
    const payloads = fc.array(hostile, { minLength: 100, maxLength: 800, size: 'max' });
    fc.assert(
      fc.property(payloads, (payloads) => {
        const net = aRegistrar({ options: { limits: { maxMalformedMessages: 1_000_000 } } });
        net.up(1, [1, 2, 3, 4].map(addressOf));
        for (const bytes of payloads) net.says(1, bytes);
        net.handlespace.verify();
      }),
      { numRuns: 30, seed: 1 },
    );
  });

  test('that are broken leave nothing behind: no pool, no timer, no association', () => {
    const net = aRegistrar({ options: { limits: { maxMalformedMessages: 1_000_000 } } });
    net.up(1);
    const whole = encodeAsap(registration());
    for (let round = 0; round < 50; round += 1) {
      for (let length = 0; length < whole.length; length += 1)
        net.says(1, whole.subarray(0, length));
      net.outputs();
    }
    expect(net.registrar.counters.malformedMessages).toBe(50 * whole.length);
    expect(net.handlespace.stats()).toMatchObject({ pools: 0, poolElements: 0 });
    expect(net.registrar.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
    expect(net.registrar.associationCount).toBe(1);
  });

  test('of the largest size are answered within the size of a message', () => {
    const net = aRegistrar();
    net.up(1);
    for (const type of [1, 2, 5, 0x4f]) {
      const message = Buffer.alloc(65_535, 0x41);
      message.set(hex(`${type.toString(16).padStart(2, '0')}00ffff 0009fff8`));
      net.says(1, message);
    }
    for (const bytes of net.sent(1)) expect(bytes.length).toBeLessThan(2_048);
  });
});
