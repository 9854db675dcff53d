import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecodeError } from '../../src/errors.ts';
import { encodeAsap } from '../../src/wire/asap.ts';
import { HandleResolutionView, KeepAliveAckView } from '../../src/wire/asap-views.ts';
import { asapMessages } from './generators.ts';
import { asapLookalike, damagedMessage } from './hostile-input.ts';
import { ASAP, bytesOf, decodeOrError, hexOf, inTheMiddle, withLength } from './round-trip.ts';

const messages = asapMessages('rsplib');

/** Mostly what the views are for, whole or damaged, and some that looks like it. */
const inputs = (kind: 'ASAP_HANDLE_RESOLUTION' | 'ASAP_ENDPOINT_KEEP_ALIVE_ACK') =>
  fc.oneof(
    messages[kind].map((message) => encodeAsap(message)),
    damagedMessage(messages[kind], encodeAsap),
    asapLookalike,
  );

/** What a view says, as if it had been decoded, or `undefined`. */
function resolutionIn(bytes: Uint8Array, offset: number, length: number): object | undefined {
  const view = new HandleResolutionView(bytes);
  view.items = 99; // left over from another message
  if (!view.read(offset, length)) return undefined;
  const { items, wantsUpdates, poolHandleOffset, poolHandleLength } = view;
  const poolHandle = hexOf(bytes.subarray(poolHandleOffset, poolHandleOffset + poolHandleLength));
  return { type: 'ASAP_HANDLE_RESOLUTION', wantsUpdates, poolHandle, items };
}

function ackIn(bytes: Uint8Array, offset: number, length: number): object | undefined {
  const view = new KeepAliveAckView(bytes);
  if (!view.read(offset, length)) return undefined;
  const { poolElementId, poolHandleOffset, poolHandleLength } = view;
  const poolHandle = hexOf(bytes.subarray(poolHandleOffset, poolHandleOffset + poolHandleLength));
  return { type: 'ASAP_ENDPOINT_KEEP_ALIVE_ACK', poolHandle, poolElementId };
}

/** The same from the object codec. */
function decoded(bytes: Uint8Array): object | undefined {
  const message = decodeOrError(ASAP, bytes);
  if (message instanceof DecodeError) return undefined;
  const poolHandle = 'poolHandle' in message ? hexOf(message.poolHandle) : '';
  if (message.type !== 'ASAP_HANDLE_RESOLUTION') return { ...message, poolHandle };
  return { ...message, poolHandle, items: message.items ?? 0 };
}

describe.each([
  ['ASAP_HANDLE_RESOLUTION', resolutionIn],
  ['ASAP_ENDPOINT_KEEP_ALIVE_ACK', ackIn],
] as const)('the view of %s', (type, view) => {
  test('reads what the codec reads, or leaves it to the codec', () => {
    let seen = 0;
    fc.assert(
      fc.property(inputs(type), fc.nat(9), (bytes, before) => {
        const arena = new Uint8Array(before + bytes.length + 3).fill(0xff);
        arena.set(bytes, before);
        const found = view(arena, before, bytes.length);
        if (found === undefined) return;
        seen += 1;
        expect(found).toEqual(decoded(bytes));
      }),
      { numRuns: 4000 },
    );
    expect(seen).toBeGreaterThan(500);
  });

  test('takes every plain message, whatever counts as its length (decision 33)', () => {
    fc.assert(
      fc.property(messages[type], (message) => {
        const bytes = encodeAsap(message);
        const expected = decoded(bytes);
        expect(view(bytes, 0, bytes.length)).toEqual(expected);
        const padded = inTheMiddle(withLength(bytes, bytes.length));
        expect(view(padded, 0, padded.length)).toEqual(expected);
      }),
    );
  });

  test('refuses a stretch that is not all in the buffer', () => {
    fc.assert(
      fc.property(messages[type], fc.integer({ min: 1, max: 8 }), (message, missing) => {
        const bytes = encodeAsap(message);
        const cut = bytes.subarray(0, bytes.length - missing);
        expect(view(cut, 0, bytes.length)).toBeUndefined();
      }),
    );
  });
});

describe('what the views leave to the codec', () => {
  test.each([
    ['another order', '05000018 803f0008 00000003 0009000c 4563686f 506f6f6c'],
    ['a parameter to be skipped', '05000018 0009000c 4563686f 506f6f6c 8abc0008 00000003'],
    ['a parameter to be reported', '05000018 0009000c 4563686f 506f6f6c cabc0008 00000003'],
    ['a message of another type', '02000018 0009000c 4563686f 506f6f6c 000e0008 00000003'],
    ['an empty pool handle', '05000008 00090004'],
    ['an empty pool handle before an option', '05000010 00090004 803f0008 00000003'],
  ])('%s', (_, hex) => {
    const bytes = bytesOf(hex);
    expect(new HandleResolutionView(bytes).read(0, bytes.length)).toBe(false);
  });

  test('the pool element identifier 0', () => {
    const bytes = bytesOf('08000018 0009000c 4563686f 506f6f6c 000e0008 00000000');
    expect(new KeepAliveAckView(bytes).read(0, bytes.length)).toBe(false);
  });
});
