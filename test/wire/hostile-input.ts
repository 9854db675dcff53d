/** fast-check generators of what a codec must survive: bytes that nearly are messages. */

import fc from 'fast-check';
import {
  encodePolicyParameter,
  encodePoolElementIdParameter,
  encodePoolElementParameter,
  encodePoolHandleParameter,
  encodeTransportParameter,
} from '../../src/wire/parameter-codec.ts';
import { policy, poolElement, poolElementId, poolHandle, transport } from './generators.ts';

/** Bytes that look like ASAP: a real header, then parameters, good ones at random and some that are not. */
export const asapLookalike = lookalike([[], [0, 0, 0, 7]]);

/** The same like ENRP: with identifiers, and what else its messages have in front of their parameters. */
export const enrpLookalike = lookalike([
  [],
  [0, 0, 0, 7, 0, 0, 0, 0],
  [0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 0],
]);

function lookalike(fixedFields: number[][]): fc.Arbitrary<Uint8Array> {
  return fc
    .record({
      type: fc.integer({ min: 0, max: 0x10 }),
      flags: fc.integer({ min: 0, max: 255 }),
      fixed: fc.constantFrom(...fixedFields),
      body: fc.array(
        fc.oneof(
          { weight: 9, arbitrary: realParameter() },
          { weight: 1, arbitrary: lookalikeParameter(2) },
        ),
        { maxLength: 4 },
      ),
      surplus: fc.oneof(
        { weight: 9, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.integer({ min: -5, max: 5 }) },
      ),
    })
    .map(({ type, flags, fixed, body, surplus }) => {
      const value = Buffer.concat([Uint8Array.from(fixed), ...body]);
      const length = 4 + value.length + surplus;
      return new Uint8Array([type, flags, length >>> 8, length, ...value]);
    });
}

function realParameter(): fc.Arbitrary<Uint8Array> {
  const element = poolElement('rsplib').map((one) => encodePoolElementParameter(one));
  return fc.oneof(
    { weight: 4, arbitrary: poolHandle.map(encodePoolHandleParameter) },
    { weight: 4, arbitrary: poolElementId.map(encodePoolElementIdParameter) },
    { weight: 2, arbitrary: element },
    { weight: 1, arbitrary: transport.map(encodeTransportParameter) },
    { weight: 1, arbitrary: policy.map(encodePolicyParameter) },
  );
}

function lookalikeParameter(depth: number): fc.Arbitrary<Uint8Array> {
  const leaf = fc.uint8Array({ maxLength: 20 });
  const inner = fc.tuple(
    fc.uint8Array({ maxLength: 12 }).map((bytes) => bytes.subarray(0, bytes.length & ~3)),
    depth === 0 ? fc.constant([]) : fc.array(lookalikeParameter(depth - 1), { maxLength: 3 }),
  );
  return fc
    .record({
      type: fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: 1, max: 0x10 }) },
        { weight: 1, arbitrary: fc.constantFrom(0x803f, 0x003f, 0x4abc, 0x8abc, 0xcabc) },
      ),
      value: fc.oneof(
        leaf,
        inner.map(([fixed, list]) => Buffer.concat([fixed, ...list])),
      ),
      surplus: fc.oneof(
        { weight: 9, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.integer({ min: -5, max: 5 }) },
      ),
    })
    .map(({ type, value, surplus }) => {
      const length = Math.max(0, 4 + value.length + surplus);
      const padding = new Uint8Array(-value.length & 3);
      return new Uint8Array([type >>> 8, type, length >>> 8, length, ...value, ...padding]);
    });
}

/** A valid message with a few bytes changed, taken out or put in. */
export const damagedMessage = <Message>(
  messages: fc.Arbitrary<Message>,
  encode: (message: Message) => Uint8Array,
): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(
      messages,
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat(9)), {
        minLength: 1,
        maxLength: 4,
      }),
    )
    .map(([message, changes]) => {
      const bytes = [...encode(message)];
      for (const [place, value, kind] of changes) {
        const at = place % (bytes.length + 1);
        if (kind === 0) bytes.splice(at, 1);
        else if (kind === 1) bytes.splice(at, 0, value);
        else bytes[at % bytes.length] = value;
      }
      return new Uint8Array(bytes);
    });
