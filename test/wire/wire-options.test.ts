/** The options of the codecs: what is not known is refused. */

import { describe, expect, test } from 'vitest';
import {
  ConfigError,
  decodeAsap,
  decodeEnrp,
  decodePoolElementParameter,
  encodeAsap,
  encodeAsapInto,
  encodeEnrp,
  encodePoolElementParameter,
  poolElementId,
  registrarId,
} from '../../src/wire.ts';

const bytes = encodeAsap({
  ...({ type: 'ASAP_DEREGISTRATION', poolHandle: Buffer.from('EchoPool') } as const),
  poolElementId: poolElementId(1),
});
const message = decodeAsap(bytes);
const enrp = { type: 'ENRP_LIST_REQUEST', senderId: registrarId(1), receiverId: registrarId(2) };
const element = {
  ...{ id: poolElementId(1), homeRegistrarId: registrarId(1), lifeMs: 1_000 },
  policy: { type: 'random' },
  userTransport: { protocol: 'tcp', port: 7, transportUse: 0, addresses: ['10.0.0.1'] },
} as const;

const CALLS: [string, (options: never) => unknown][] = [
  ['decodeAsap', (options) => decodeAsap(bytes, options)],
  ['encodeAsap', (options) => encodeAsap(message, options)],
  ['encodeAsapInto', (options) => encodeAsapInto(message, new Uint8Array(99), 0, options)],
  ['encodeEnrp', (options) => encodeEnrp(enrp as never, options)],
  ['decodeEnrp', (options) => decodeEnrp(encodeEnrp(enrp as never), options)],
  ['encodePoolElementParameter', (options) => encodePoolElementParameter(element, options)],
  [
    'decodePoolElementParameter',
    (options) => decodePoolElementParameter(encodePoolElementParameter(element), options),
  ],
];

describe('the options of the codec', () => {
  test.each(CALLS)('that %s does not know are refused', (_, call) => {
    for (const profile of ['rsplib', 'rfc', undefined]) {
      expect(() => call({ profile } as never)).not.toThrow();
    }
    for (const wrong of [{ profile: 'RFC' }, { profile: null }, { profil: 'rfc' }, 'rfc', null]) {
      expect(() => call(wrong as never)).toThrow(ConfigError);
    }
    expect(() => call({ profil: 'rfc' } as never)).toThrow('profil is unknown: options may have');
  });
});
