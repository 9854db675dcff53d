/** Objects that an application passes: what is refused, and how it is named. */

import vm from 'node:vm';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { flag, listOf, number, oneOf, optional, whole } from '../../src/settings/kind.ts';
import { record } from '../../src/settings/record.ts';
import { completed, type Table } from '../../src/settings/table.ts';
import { localAddresses, poolHandleBytes } from '../../src/settings/values.ts';

interface Example {
  readonly port: number;
  readonly share?: number | undefined;
  readonly isFast?: boolean | undefined;
  readonly name?: 'one' | 'other' | undefined;
  readonly inner?: { readonly ports: readonly number[] } | undefined;
}

const port = whole(1, 65_535);
const example = record<Example>({
  port,
  share: optional(number(0, 1)),
  isFast: optional(flag),
  name: optional(oneOf('one', 'other')),
  inner: optional(record({ ports: listOf(port, { expected: 'a list of ports' }) })),
});
const read = (value: unknown) => example.read(value, '');

function inherited(): object {
  return Object.create({ port: 7 });
}

class Settings {
  port = 7;
}

describe('an object that an application passes', () => {
  test('is copied, without the fields that are undefined', () => {
    const ports = [1, 2];
    const given = Object.freeze({ port: 7, share: undefined, inner: { ports } });
    const copy = read(given);
    ports.push(3);
    expect(copy).toStrictEqual({ port: 7, inner: { ports: [1, 2] } });
  });

  test.each<[string, object]>([
    ['without a prototype', Object.assign(Object.create(null), { port: 7 })],
    ['of another realm', vm.runInNewContext('({ port: 7, inner: { ports: [1] } })')],
    ['that is frozen', Object.freeze({ port: 7 })],
    ['with a getter', { get port() { return 7; } }], // biome-ignore format: one line each
  ])('may be one %s', (_, given) => {
    expect(read(given)).toMatchObject({ port: 7 });
  });

  test('has each of its fields read once, so that what was checked is what is used', () => {
    let reads = 0;
    const given = {
      get port() {
        reads += 1;
        return reads === 1 ? 7 : 'seven';
      },
    };
    expect(read(given)).toEqual({ port: 7 });
    expect(reads).toBe(1);
  });

  test('has -0 read as 0', () => {
    expect(Object.is(read({ port: 1, share: -0 }).share, 0)).toBe(true);
  });

  const refusals: [given: unknown, key: string, start: string][] = [
    [undefined, 'settings', 'settings is missing: give an object with port, '],
    [null, 'settings', 'settings is null: give an object'],
    [7, 'settings', 'settings is 7: '],
    [[], 'settings', 'settings is []: '],
    [new Map(), 'settings', 'settings is an instance of Map: give a plain object'],
    [new Settings(), 'settings', 'settings is an instance of Settings: give a plain object'],
    [inherited(), 'settings', 'settings is an object that inherits from another one: give'],
    [{}, 'port', 'port is missing: give a whole number from 1 to 65535.'],
    [{ port: undefined }, 'port', 'port is missing: '],
    [{ port: null }, 'port', 'port is null: '],
    [{ port: 0 }, 'port', 'port is 0: '],
    [{ port: 65_536 }, 'port', 'port is 65536: '],
    [{ port: 1.5 }, 'port', 'port is 1.5: '],
    [{ port: Number.NaN }, 'port', 'port is NaN: '],
    [{ port: Number.POSITIVE_INFINITY }, 'port', 'port is Infinity: '],
    [{ port: '7' }, 'port', 'port is "7": '],
    [{ port: 7n }, 'port', 'port is 7n: '],
    [{ port: [7] }, 'port', 'port is [7]: '],
    [{ port: Object(7) }, 'port', 'port is an instance of Number: '],
    [{ port: Symbol('7') }, 'port', 'port is Symbol(7): '],
    [{ port: () => 7 }, 'port', 'port is a function: '],
    [{ port: 'x'.repeat(1_000) }, 'port', `port is "${'x'.repeat(75)} ...: `],
    [{ port: 7, isFast: 1 }, 'isFast', 'isFast is 1: give true or false.'],
    [{ port: 7, isFast: Object(true) }, 'isFast', 'isFast is an instance of Boolean: '],
    [{ port: 7, share: 1.1 }, 'share', 'share is 1.1: give a number from 0 to 1.'],
    [{ port: 7, share: Number.NaN }, 'share', 'share is NaN: '],
    [{ port: 7, name: 'One' }, 'name', 'name is "One": give "one" or "other".'],
    [{ port: 7, prot: 8 }, 'prot', 'prot is unknown: did you mean port?'],
    [{ Port: 7 }, 'Port', 'Port is unknown: did you mean port?'],
    [{ port: 7, zzz: 8 }, 'zzz', 'zzz is unknown: settings may have port, share, isFast, name and'],
    [{ port: 7, zzz: undefined }, 'zzz', 'zzz is unknown: '],
    [{ port: 7, toString: 1 }, 'toString', 'toString is unknown: '],
    [{ port: 7, constructor: 1 }, 'constructor', 'constructor is unknown: '],
    [JSON.parse('{"port":7,"__proto__":{"share":1}}'), '__proto__', '__proto__ is unknown: '],
    [{ port: 7, [Symbol('port')]: 7 }, 'Symbol(port)', 'Symbol(port) is unknown: '],
    [{ port: 7, inner: { port: [] } }, 'inner.port', 'inner.port is unknown: did you mean inner.p'],
    [{ port: 7, inner: {} }, 'inner.ports', 'inner.ports is missing: give a list of ports.'],
    [{ port: 7, inner: { ports: {} } }, 'inner.ports', 'inner.ports is {}: '],
    [{ port: 7, inner: { ports: new Set([7]) } }, 'inner.ports', 'inner.ports is an instance of'],
    [{ port: 7, inner: { ports: [7, 0] } }, 'inner.ports', 'inner.ports[1] is 0: '],
    [{ port: 7, inner: { ports: Array(1) } }, 'inner.ports', 'inner.ports[0] is missing: '],
  ];

  test.each(refusals.map(([given, ...rest]) => [...rest, given] as const))(
    'is refused by its path (%s): %s',
    (key, start, given) => {
      const refused = () => read(given);
      expect(refused).toThrow(ConfigError);
      expect(refused).toThrow(expect.objectContaining({ key }));
      expect(refused).toThrow(start);
    },
  );

  test('has no fields because all objects have them', () => {
    const polluted = Object.prototype as { port?: number; zzz?: number };
    polluted.port = 7;
    polluted.zzz = 8;
    try {
      expect(() => read({})).toThrow('port is missing');
      expect(read({ port: 1 })).toEqual({ port: 1 });
    } finally {
      delete polluted.port;
      delete polluted.zzz;
    }
  });
});

describe('local addresses', () => {
  test.each<[unknown, string]>([
    [[], ' is []: give a list of one or more IP addresses'],
    ['127.0.0.1', ' is "127.0.0.1": give a list'],
    [[''], '[0] is ""'],
    [['localhost'], '[0] is "localhost": give an IP address in numbers'],
    [['127.0.0.1:3863'], '[0] is "127.0.0.1:3863": give an IP address in numbers, without port'],
    [['[::1]'], '[0] is "[::1]"'],
    [
      ['fe80::1%eth0'],
      '[0] is "fe80::1%eth0": give an IP address in numbers, without port or zone',
    ],
    [['127.0.0.1', '127.0.0.1'], '[1] is "127.0.0.1" again: give each one once.'],
    [['::1', '0:0:0:0:0:0:0:1'], '[1] is "::1" again'],
    [['127.0.0.1', '::ffff:127.0.0.1'], '[1] is "127.0.0.1" again'],
    [['127.0.0.01'], '[0] is "127.0.0.01"'],
    [[127], '[0] is 127'],
    [[null], '[0] is null'],
  ])('%j are refused', (given, rest) => {
    const refused = () => localAddresses.read(given, 'asap.addresses');
    expect(refused).toThrow(`asap.addresses${rest}`);
    expect(refused).toThrow(expect.objectContaining({ key: 'asap.addresses' }));
  });
});

describe('a pool handle', () => {
  test('is the UTF-8 of a text, or bytes of any realm, copied', () => {
    expect(poolHandleBytes('ö')).toEqual(Uint8Array.of(0xc3, 0xb6));
    expect(poolHandleBytes('😀')).toHaveLength(4);
    expect(poolHandleBytes(Buffer.from('ab'))).toStrictEqual(Uint8Array.of(97, 98));
    expect(poolHandleBytes(vm.runInNewContext('Uint8Array.of(1, 2)'))).toStrictEqual(
      Uint8Array.of(1, 2),
    );
  });

  test.each<[unknown, string]>([
    [undefined, 'poolHandle is missing: give a string or a Uint8Array.'],
    [null, 'poolHandle is null'],
    [7, 'poolHandle is 7'],
    [[69], 'poolHandle is [69]'],
    [Object('EchoPool'), 'poolHandle is an instance of String'],
    [new Uint16Array(2), 'poolHandle is an instance of Uint16Array'],
    [new ArrayBuffer(2), 'poolHandle is an instance of ArrayBuffer'],
    ['', 'A pool handle has 1 to 65531 octets, this one has 0.'],
    [new Uint8Array(0), 'this one has 0'],
    ['x'.repeat(65_532), 'this one has 65532'],
    ['\ud800', 'poolHandle has half of a surrogate pair (U+D800)'],
    ['Echo\udc00Pool', 'poolHandle has half of a surrogate pair (U+DC00)'],
  ])('%j is refused', (given, sentence) => {
    const refused = () => poolHandleBytes(given);
    expect(refused).toThrow(expect.objectContaining({ key: 'poolHandle' }));
    expect(refused).toThrow(sentence);
  });
});

test('defaults may depend on facts, and what is given takes their place', () => {
  interface Options {
    readonly isFast: boolean;
    readonly port: number;
  }
  const table: Table<Options, number> = { isFast: [flag, true], port: [port, (base) => base + 1] };
  expect(completed(table, {}, 5)).toEqual({ isFast: true, port: 6 });
  expect(completed(table, { isFast: false, port: undefined }, 5)).toEqual({
    ...{ isFast: false, port: 6 },
  });
  expect(() => completed(table, { fast: true }, 5, 'options')).toThrow(
    'options.fast is unknown: did you mean options.isFast?',
  );
});
