/** Reading a registrar (RFC 5353 §3.2.2, §3.2.3) that answers well, badly, for ever or not at all. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ReadFailure, RegistrarPart } from '../../../src/protocol/reader/reader-events.ts';
import { type AssociationId, PAYLOAD_PROTOCOL, registrarId } from '../../../src/types.ts';
import { encodeEnrp } from '../../../src/wire/enrp.ts';
import type { EnrpMessage } from '../../../src/wire/enrp-messages.ts';
import { CAUSE } from '../../../src/wire/parameters.ts';
import { enrpMessage } from '../../wire/generators.ts';
import { enrpLookalike } from '../../wire/hostile-input.ts';
import {
  element,
  list,
  OUR_PORT,
  page,
  presence,
  READER,
  REGISTRAR,
  Reading,
  server,
  TIMEOUT_MS,
} from './support.ts';

const ids = { senderId: READER, receiverId: REGISTRAR };
const association = 1 as AssociationId;
const DOWN = { type: 'associationDown', association, why: 'lost' } as const;
const RESTARTED = { type: 'associationRestarted', association } as const;

describe('a reader', () => {
  test('asks for the list, then for the table, page by page, and ends gracefully', () => {
    const reading = Reading.begun();
    expect(reading.sent()).toEqual([
      { type: 'ENRP_LIST_REQUEST', senderId: READER, receiverId: 0 },
    ]);
    reading.says(list([3, 2]));
    const next = { type: 'ENRP_HANDLE_TABLE_REQUEST', ...ids, ownOnly: false };
    expect(reading.sent()).toEqual([next]);
    reading.says(page([element(1), element(2)], true));
    expect(reading.sent()).toEqual([next]);
    reading.says(page([element(3)], false));
    expect(reading.sent()).toEqual([]);
    expect(reading.ended()).toEqual(['shutdown']);
    const poolHandle = Uint8Array.from(Buffer.from('EchoPool'));
    expect(reading.outcomes()).toEqual([
      {
        ...{ type: 'read', registrarId: REGISTRAR, peers: [server(3), server(2)] },
        poolElements: [1, 2, 3].map((id) => ({ poolHandle, poolElement: element(id) })),
      },
    ]);
    expect(reading.machine.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });

  test.each([
    ['peers' as const, 'ENRP_LIST_REQUEST', list([])],
    ['poolElements' as const, 'ENRP_HANDLE_TABLE_REQUEST', page([], false)],
  ])('asks for nothing but the %s when nothing else is wanted', (part, request, answer) => {
    const reading = Reading.begun({ parts: [part] });
    expect(reading.sentTypes()).toEqual([request]);
    reading.says(answer);
    expect(reading.sent()).toEqual([]);
    expect(reading.outcomes()).toMatchObject([{ type: 'read', peers: [], poolElements: [] }]);
  });

  test('never says that it is a registrar, even when it is asked', () => {
    const reading = Reading.begun();
    reading.says(presence(true));
    expect(reading.sentTypes()).toEqual(['ENRP_LIST_REQUEST']);
    reading.says(list([]));
    expect(reading.sentTypes()).toEqual(['ENRP_HANDLE_TABLE_REQUEST']);
  });

  test('does not introduce itself where it is answered, though it may', () => {
    const reading = Reading.begun({ asPeer: true });
    reading.says(presence(true));
    reading.says(list([]));
    reading.says(page([], false));
    expect(reading.sentTypes()).toEqual(['ENRP_LIST_REQUEST', 'ENRP_HANDLE_TABLE_REQUEST']);
    expect(reading.introductions).toBe(0);
  });

  test.each<[string, RegistrarPart, EnrpMessage]>([
    ['list', 'peers', list([], { isRejected: true })],
    ['table', 'poolElements', page([], false, { isRejected: true })],
  ])(
    'introduces itself once where its %s is refused, asks again, and gives up then',
    (_, part, no) => {
      const reading = Reading.begun({ asPeer: true, parts: [part] });
      const [request] = reading.sentTypes();
      reading.advance(TIMEOUT_MS - 1);
      reading.says(no);
      expect(reading.sentTypes()).toEqual(['ENRP_PRESENCE', request]);
      expect(reading.introductions).toBe(1);
      reading.advance(TIMEOUT_MS - 1);
      expect(reading.outcomes()).toEqual([]);
      reading.says(no);
      expect(reading.sent()).toEqual([]);
      expect(reading.outcomes()).toMatchObject([{ type: 'readFailed', why: 'rejected' }]);
    },
  );

  test('introduces itself from the port that it calls from (decision 12)', () => {
    const reading = Reading.begun({ asPeer: true });
    reading.sent();
    reading.says(list([], { isRejected: true }));
    const [introduction, request] = reading.sent();
    const transport = { protocol: 'sctp', port: OUR_PORT, addresses: ['10.0.0.66'] };
    expect(introduction).toMatchObject({
      ...{ type: 'ENRP_PRESENCE', senderId: READER, wantsReply: false, checksum: 0xffff },
      serverInformation: { id: READER, transport },
    });
    expect(request).toMatchObject({ type: 'ENRP_LIST_REQUEST' });
    reading.says(presence(false));
    expect(reading.sent()).toEqual([]);
    reading.says(presence(true));
    expect(reading.sentTypes()).toEqual(['ENRP_PRESENCE']);
  });

  test('takes the last word about an element that it hears of twice', () => {
    const reading = Reading.begun({ parts: ['poolElements'] });
    reading.says(page([element(1), element(2)], true));
    reading.says(page([element(1, { lifeMs: 1_000 })], false));
    expect(reading.outcomes()).toMatchObject([
      { poolElements: [{ poolElement: { id: 1, lifeMs: 1_000 } }, { poolElement: { id: 2 } }] },
    ]);
  });

  test.each<[string, ReadFailure, (reading: Reading) => void]>([
    ['the association is lost at once', 'turnedAway', (reading) => reading.input(DOWN)],
    [
      'another process takes its place at once',
      'turnedAway',
      (reading) => reading.input(RESTARTED),
    ],
    [
      'the association is lost',
      'lost',
      (reading) => {
        reading.says(list([2]));
        reading.input(DOWN);
      },
    ],
    [
      'another process takes its place',
      'lost',
      (reading) => {
        reading.says(list([2]));
        reading.input(RESTARTED);
      },
    ],
    ['it says nothing', 'silent', (reading) => reading.advance(TIMEOUT_MS)],
    ['it is starting', 'rejected', (reading) => reading.says(list([], { isRejected: true }))],
    [
      'it refuses its table',
      'rejected',
      (reading) => {
        reading.says(list([2]));
        reading.says(page([], false, { isRejected: true }));
      },
    ],
    [
      'it sends what is no message',
      'malformed',
      (reading) => reading.says(Uint8Array.of(6, 0, 0, 99, 0, 0)),
    ],
    ['it sends nothing at all', 'malformed', (reading) => reading.says(new Uint8Array())],
    [
      'its message ends too soon',
      'malformed',
      (reading) => reading.says(encodeEnrp(list([2])).slice(0, -4)),
    ],
  ])('gives up when %s: %s', (_, why, happens) => {
    const reading = Reading.begun();
    happens(reading);
    expect(reading.outcomes()).toEqual([{ type: 'readFailed', why, causeCodes: [] }]);
    const isEnded = why === 'lost' || why === 'turnedAway';
    expect(reading.ended()).toEqual(isEnded ? expect.any(Array) : ['abort']);
    expect(reading.machine.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });

  test('tells the causes of an ENRP_ERROR, whoever it says it is from', () => {
    const reading = Reading.begun();
    const errors = [{ code: CAUSE.INVALID_VALUES, info: new Uint8Array() }];
    reading.says({ type: 'ENRP_ERROR', ...ids, errors } as EnrpMessage);
    expect(reading.outcomes()).toEqual([
      {
        ...{ type: 'readFailed', why: 'rejected', causeCodes: [CAUSE.INVALID_VALUES] },
        reason: 'a value is invalid (cause 3)',
      },
    ]);
  });

  test('gives up a registrar that cannot be called, or takes no call', () => {
    const refused = new Reading();
    refused.input({ type: 'start', port: OUR_PORT });
    refused.input({ type: 'connectFailed', attempt: 1 });
    expect(refused.outcomes()).toMatchObject([{ type: 'readFailed', why: 'unreachable' }]);

    const unanswered = new Reading();
    unanswered.input({ type: 'start', port: OUR_PORT });
    unanswered.advance(TIMEOUT_MS);
    expect(unanswered.outcomes()).toMatchObject([{ type: 'readFailed', why: 'unreachable' }]);
    expect(unanswered.ended()).toEqual(['cancelConnect']);
    unanswered.isUp(); // crossed it
    expect(unanswered.ended()).toEqual(['shutdown']);
    expect(unanswered.sent()).toEqual([]);
  });
});

describe('a table that never ends', () => {
  const begun = (limits = {}) => Reading.begun({ parts: ['poolElements'], ...limits });
  const ENDLESS = [{ type: 'readFailed', why: 'endless', causeCodes: [] }];

  /** Answers until there is nothing to answer any more; how often. */
  function answer(reading: Reading, pageOf: (turn: number) => EnrpMessage): number {
    let turn = 0;
    while (turn < 10_000 && reading.sent().length > 0) reading.says(pageOf(++turn));
    return turn;
  }

  test.each([
    ['of empty pages', () => page([], true), 4],
    ['of the same page again and again', () => page([element(1)], true), 5],
  ])('is left: %s', (_, pageOf, pages) => {
    const reading = begun();
    expect(answer(reading, pageOf)).toBe(pages);
    expect(reading.outcomes()).toEqual(ENDLESS);
    expect(reading.ended()).toEqual(['abort']);
  });

  test('is left: of more elements than are taken', () => {
    const reading = begun({ maxPoolElements: 25 });
    const pageOf = (turn: number) => page([element(2 * turn), element(2 * turn + 1)], true);
    expect(answer(reading, pageOf)).toBe(13);
    expect(reading.outcomes()).toEqual(ENDLESS);
  });

  test('is left: of more octets than are taken', () => {
    const reading = begun({ maxTableBytes: 1_000 });
    const pageOf = (turn: number) => page([element(turn)], true);
    const bytes = encodeEnrp(pageOf(1)).length;
    expect(answer(reading, pageOf)).toBe(Math.floor(1_000 / bytes) + 1);
    expect(reading.outcomes()).toEqual(ENDLESS);
  });

  test('is left: of pages that each come just in time', () => {
    const reading = begun({ maxDurationMs: 60_000 });
    for (let turn = 1; reading.sent().length > 0 && turn < 1_000; turn++) {
      reading.advance(TIMEOUT_MS - 1);
      reading.says(page([element(turn)], true));
    }
    expect(reading.now).toBeLessThanOrEqual(10_000 + 60_000 + TIMEOUT_MS);
    expect(reading.outcomes()).toMatchObject([{ type: 'readFailed', why: 'silent' }]);
  });
});

describe('what is not an answer', () => {
  const otherRegistrar = { senderId: registrarId(8) };
  const oneself = { senderId: READER };

  test.each<[string, (reading: Reading) => void]>([
    ['a page of another registrar', (reading) => reading.says(page([], false, otherRegistrar))],
    ['a page under our own identifier', (reading) => reading.says(page([], false, oneself))],
    ['a list that was not asked for', (reading) => reading.says(list([6]))],
    ['a presence', (reading) => reading.says(presence(false))],
    ['another protocol', (reading) => reading.says(page([], false), PAYLOAD_PROTOCOL.ASAP)],
    [
      'what comes over another association',
      (reading) =>
        reading.input({
          ...{ type: 'message', association: 9 as AssociationId },
          ...{ payloadProtocol: PAYLOAD_PROTOCOL.ENRP, payload: encodeEnrp(page([], false)) },
        }),
    ],
    ['a call of somebody else', (reading) => reading.isUp(undefined, 9 as AssociationId)],
  ])('changes nothing, and wins no time: %s', (_, happens) => {
    const reading = Reading.begun();
    reading.says(list([2]));
    reading.sent();
    reading.advance(TIMEOUT_MS - 1);
    happens(reading);
    expect(reading.outcomes()).toEqual([]);
    expect(reading.sent()).toEqual([]);
    reading.advance(1);
    expect(reading.outcomes()).toMatchObject([{ type: 'readFailed', why: 'silent' }]);
  });
});

describe('anything in any order', () => {
  const step = fc.oneof(
    fc.constantFrom<(reading: Reading) => void>(
      (reading) => reading.input({ type: 'start', port: OUR_PORT }),
      (reading) => reading.isUp(),
      (reading) => reading.isUp(undefined, 9 as AssociationId),
      (reading) => reading.input({ type: 'connectFailed', attempt: 1 }),
      (reading) =>
        reading.input({
          ...{ type: 'associationDown', association: 1 as AssociationId, why: 'lost' },
        }),
      (reading) => reading.says(list([2])),
      (reading) => reading.says(page([element(1)], true)),
      (reading) => reading.says(page([element(2)], false)),
    ),
    fc.nat(3_000).map((ms) => (reading: Reading) => reading.advance(ms)),
    fc
      .oneof(
        enrpMessage('rsplib').map((message) => encodeEnrp(message)),
        enrpLookalike,
        fc.uint8Array({ maxLength: 64 }),
      )
      .map((payload) => (reading: Reading) => reading.says(payload.slice())),
  );

  test('is survived, has one outcome at most, and is over in time', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const reading = Reading.begun({ maxDurationMs: 20_000 });
        for (const happens of steps) happens(reading);
        expect(reading.outcomes().length).toBeLessThanOrEqual(1);
        reading.advance(20_000);
        expect(reading.outcomes()).toHaveLength(1);
        expect(reading.machine.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
        expect(reading.sentTypes()).not.toContain('ENRP_PRESENCE');
      }),
      { numRuns: 400, seed: 42 },
    );
  });
});
