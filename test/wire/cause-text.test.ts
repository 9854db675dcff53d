/** Error causes in words (RFC 5354 §3.12): those of the RFC, and those that rsplib sends. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { PAYLOAD_PROTOCOL } from '../../src/types.ts';
import { decodeAsap } from '../../src/wire/asap.ts';
import { describeCauses } from '../../src/wire/cause-text.ts';
import { decodeEnrp } from '../../src/wire/enrp.ts';
import {
  encodePolicyParameter,
  encodePoolHandleParameter,
  encodeTransportParameter,
} from '../../src/wire/parameter-codec.ts';
import {
  CAUSE,
  type ErrorCause,
  type Policy,
  RSPLIB_CAUSE,
  type TransportParameter,
} from '../../src/wire/parameters.ts';
import { readSctpMessages } from '../support/sctp-messages.ts';

const EMPTY = new Uint8Array();
const roundRobin: Policy = { type: 'roundRobin' };
const leastUsed: Policy = { type: 'leastUsed', load: 7 };
const tcp: TransportParameter = {
  ...{ protocol: 'tcp', port: 7, transportUse: 0 },
  addresses: ['10.0.0.9'],
};
const sctp: TransportParameter = { ...tcp, protocol: 'sctp' };
const policyInfo = encodePolicyParameter(leastUsed);
const request = { policy: roundRobin, userTransport: sctp };

const cause = (code: number, info: Uint8Array = EMPTY): ErrorCause => ({ code, info });

test.each([
  [cause(CAUSE.UNSPECIFIED), 'the registrar does not say why (cause 0)'],
  [
    cause(CAUSE.UNRECOGNIZED_PARAMETER, Uint8Array.of(0x40, 0x2a, 0, 4)),
    'the registrar does not recognize the parameter 0x402a (cause 1)',
  ],
  [cause(CAUSE.UNRECOGNIZED_PARAMETER), 'the registrar does not recognize a parameter (cause 1)'],
  [
    cause(CAUSE.UNRECOGNIZED_MESSAGE, Uint8Array.of(0x7f, 0, 0, 4)),
    'the registrar does not recognize a message of type 0x7f (cause 2)',
  ],
  [cause(CAUSE.UNRECOGNIZED_MESSAGE), 'the registrar does not recognize a message (cause 2)'],
  [cause(CAUSE.INVALID_VALUES), 'a value is invalid (cause 3)'],
  [
    cause(CAUSE.INVALID_VALUES, encodeTransportParameter(tcp)),
    'invalid values in the TCP transport 10.0.0.9:7 (cause 3)',
  ],
  [
    cause(CAUSE.INVALID_VALUES, encodePoolHandleParameter(Buffer.from('P'))),
    'invalid values in the pool handle (cause 3)',
  ],
  [cause(CAUSE.INVALID_VALUES, policyInfo), 'invalid values in the policy leastUsed (cause 3)'],
  [
    cause(CAUSE.NON_UNIQUE_PE_IDENTIFIER),
    'another pool element of the pool has this identifier (cause 4)',
  ],
  [
    cause(CAUSE.INCONSISTENT_POOLING_POLICY, policyInfo),
    'the pool uses leastUsed, not roundRobin (cause 5)',
  ],
  [cause(CAUSE.INCONSISTENT_POOLING_POLICY), 'the pool uses another policy (cause 5)'],
  [
    cause(CAUSE.INCONSISTENT_POOLING_POLICY, encodePolicyParameter(roundRobin)),
    'the registrar does not support the policy roundRobin (cause 5)',
  ],
  [cause(CAUSE.LACK_OF_RESOURCES), 'a limit of the registrar is reached (cause 6)'],
  [
    cause(CAUSE.INCONSISTENT_TRANSPORT_TYPE, encodeTransportParameter(tcp)),
    'the pool uses TCP transports, not SCTP (cause 7)',
  ],
  [cause(CAUSE.INCONSISTENT_TRANSPORT_TYPE), 'the pool uses another transport protocol (cause 7)'],
  [
    cause(CAUSE.INCONSISTENT_DATA_CONTROL),
    'the pool differs in whether user transports have a control channel (cause 8)',
  ],
  [cause(CAUSE.UNKNOWN_POOL_HANDLE), 'the registrar does not know the pool (cause 9)'],
  [cause(CAUSE.REJECTED_FOR_SECURITY), 'the registrar rejects it for security reasons (cause 10)'],
  [
    cause(RSPLIB_CAUSE.UNSUPPORTED_POLICY),
    'the registrar does not support the policy roundRobin (cause 0x100b)',
  ],
  [cause(RSPLIB_CAUSE.WRONG_PROTOCOL), 'the pool uses another transport protocol (cause 0x100a)'],
  [
    cause(RSPLIB_CAUSE.INVALID_VALUE, encodeTransportParameter(tcp)),
    'invalid values in the TCP transport 10.0.0.9:7 (cause 0x11)',
  ],
  [
    cause(CAUSE.RSPLIB_NO_USABLE_USER_ADDRESSES),
    'no address of the user transport is usable (cause 0xf008)',
  ],
  [cause(0x4242), 'the cause is not known (cause 0x4242)'],
])('a cause is described by what it says: %#', (one, text) => {
  expect(describeCauses([one], request)).toBe(text);
});

test('every cause that rsplib can send is described in words', () => {
  for (const code of [...Object.values(CAUSE), ...Object.values(RSPLIB_CAUSE)]) {
    expect(describeCauses([cause(code)])).not.toContain('not known');
  }
});

test('several causes are all described, and no cause is said to be none', () => {
  expect(describeCauses([cause(6), cause(9)])).toBe(
    'a limit of the registrar is reached (cause 6); the registrar does not know the pool (cause 9)',
  );
  expect(describeCauses([])).toBe('no cause was given');
});

test('a policy is named, and only a policy without a name is shown as a number', () => {
  const text = (policy: Policy) =>
    describeCauses([cause(5, encodePolicyParameter(policy))], request);
  expect(text({ type: 'leastUsedDpf', load: 1, loadDpf: 2, distanceMs: 3 })).toMatch(
    /leastUsedDpf, not roundRobin/,
  );
  expect(text({ type: 'unknown', policyType: 0x1234, bytes: EMPTY })).toMatch(
    /policy type 0x00001234, not roundRobin/,
  );
});

test('any bytes as the information of any cause are described', () => {
  const codes = [...Object.values(CAUSE), ...Object.values(RSPLIB_CAUSE)];
  for (const whole of [policyInfo, encodeTransportParameter(tcp), Uint8Array.of(0xff)]) {
    for (let length = 0; length <= whole.length; length++) {
      for (const code of codes) {
        expect(describeCauses([cause(code, whole.subarray(0, length))])).toMatch(/ \(cause /);
      }
    }
  }
});

test('what rsplib 3.4.4 sent as causes is described (test/vectors/captures)', () => {
  const folder = path.resolve(import.meta.dirname, '../vectors/captures');
  const texts = readdirSync(folder)
    .filter((name) => name.endsWith('.pcapng'))
    .flatMap((name) => readSctpMessages(readFileSync(path.join(folder, name))))
    .flatMap(({ payload, payloadProtocol }) => errorsIn(payload, payloadProtocol))
    .map((errors) => describeCauses(errors, request));
  expect([...new Set(texts)].sort()).toEqual([
    'a value is invalid (cause 0x11)',
    'invalid values in the pool element (cause 0x11)',
    'invalid values in the pool handle (cause 3)',
    'no address of the user transport is usable (cause 0xf008)',
    'the ASAP transport is invalid (cause 0xf006)',
    'the identifier is invalid (cause 0xf000)',
    'the message is invalid (cause 0x10)',
    'the pool differs in whether user transports have a control channel (cause 8)',
    'the pool uses another transport protocol (cause 0x100a)',
    'the registrar does not know the pool (cause 9)',
    'the registrar does not recognize a parameter (cause 1)',
    'the registrar does not recognize the parameter 0x402a (cause 1)',
    'the registrar does not support the policy roundRobin (cause 0x100b)',
  ]);
});

function errorsIn(payload: Uint8Array, payloadProtocol: number): (readonly ErrorCause[])[] {
  const decode = payloadProtocol === PAYLOAD_PROTOCOL.ASAP ? decodeAsap : decodeEnrp;
  try {
    const message = decode(payload);
    return 'errors' in message && message.errors.length > 0 ? [message.errors] : [];
  } catch {
    return [];
  }
}
