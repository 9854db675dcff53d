/** How people write a registrar's address. */

import { describe, expect, test } from 'vitest';
import {
  parseRegistrarAddress,
  resolveRegistrarAddress,
} from '../../src/client/registrar-address.ts';
import { ConfigError } from '../../src/errors.ts';

describe("a registrar's address", () => {
  test.each([
    ['10.1.2.3:4711', '10.1.2.3', 4711],
    ['10.1.2.3', '10.1.2.3', 3863],
    ['[fd00::1]:4711', 'fd00::1', 4711],
    ['[fd00::1]', 'fd00::1', 3863],
    ['fd00::1', 'fd00::1', 3863],
    ['registrar.example:1', 'registrar.example', 1],
    ['localhost', 'localhost', 3863],
  ])('%s is host %s and port %i', (text, host, port) => {
    expect(parseRegistrarAddress(text)).toEqual({ host, port });
  });

  test.each([
    ...['', ':3863', '10.1.2.3:0', '10.1.2.3:65536', '10.1.2.3:x', '10.1.2', '10.1.2.256'],
    ...['[10.1.2.3]:1', '[fd00::1', 'fd00::1:', 'a b', '-x', 'http://10.1.2.3', '10.1.2.3:1:2'],
  ])('"%s" is refused with a sentence that shows how to write it', (text) => {
    expect(() => parseRegistrarAddress(text)).toThrow(ConfigError);
    expect(() => parseRegistrarAddress(text)).toThrow(/write HOST, HOST:PORT or \[IPV6\]:PORT/);
  });

  test('in numbers is taken as it is', async () => {
    await expect(resolveRegistrarAddress('10.1.2.3:4')).resolves.toEqual([
      { address: '10.1.2.3', port: 4 },
    ]);
  });

  test('that nobody knows is a ConfigError with the name', async () => {
    await expect(resolveRegistrarAddress('no-such-host.invalid:1')).rejects.toThrow(
      /no-such-host\.invalid is unknown/,
    );
  });
});
