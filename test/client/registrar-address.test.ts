/** How people write a registrar's address. */

import { describe, expect, test } from 'vitest';
import {
  bracketsHint,
  parseRegistrarAddress,
  resolveRegistrarAddress,
} from '../../src/client/registrar-address.ts';
import { ConfigError } from '../../src/errors.ts';
import { createPoolUser, readRegistrar } from '../../src/index.ts';

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
    expect(parseRegistrarAddress(text)).toEqual({ host, port, udpPort: undefined });
    expect(parseRegistrarAddress(`${text}/9900`)).toEqual({ host, port, udpPort: 9900 });
  });

  test('has one UDP port for all, or nobody is called', async () => {
    const user = createPoolUser({ registrars: ['127.0.0.1/9900', '127.0.0.2'] });
    await expect(user).rejects.toThrow(
      /^All registrars must have the same UDP port, which 127\.0\.0\.1\/9900, 127\.0\.0\.2 have not\.$/,
    );
  });

  test.each([
    ...['', ':3863', '10.1.2.3:0', '10.1.2.3:65536', '10.1.2.3:x', '10.1.2', '10.1.2.256'],
    ...['10.1.2.3/', '10.1.2.3/0', '10.1.2.3/65536', '10.1.2.3/x', '10.1.2.3/1/2', '/9900'],
    ...['[10.1.2.3]:1', '[fd00::1', 'fd00::1:', 'a b', '-x', 'http://10.1.2.3', '10.1.2.3:1:2'],
  ])('"%s" is refused with a sentence that shows how to write it', (text) => {
    expect(() => parseRegistrarAddress(text)).toThrow(ConfigError);
    expect(() => parseRegistrarAddress(text)).toThrow(/write HOST, HOST:PORT or \[IPV6\]:PORT/);
  });

  test.each([
    ['::1:9901', ' If 9901 is the port, write [::1]:9901.'],
    ['fd00::1:3863', ' If 3863 is the port, write [fd00::1]:3863.'],
    ...['[::1]:9901', '::1', 'fd00::1', '::9901', 'fd00::1:beef', 'fd00::1:99999'].map((text) => [
      text,
      '',
    ]),
    ...['1:2:3:4:5:6:7:9901', '10.1.2.3:9901', 'registrar.example:9901'].map((text) => [text, '']),
  ] as [string, string][])('%s without an answer is asked about: "%s"', (text, hint) => {
    expect(bracketsHint(text)).toBe(hint);
  });

  test('that lacks brackets is asked about where there is nobody', async () => {
    const place = { transport: 'udp', registrarUdpPort: 9 } as const;
    const read = { registrar: '::1:3863', ...place, timeoutMs: 300 };
    const hint = /If 3863 is the port, write \[::1\]:3863\.$/;
    await expect(readRegistrar(read)).rejects.toThrow(hint);
    const addresses = ['::1'];
    await expect(readRegistrar({ ...read, addresses })).rejects.toThrow(hint);
    const user = await createPoolUser({
      registrars: ['::1:3863'],
      addresses,
      options: { t5ServerHuntMs: 100 },
      ...place,
    });
    await expect(user.resolve('P')).rejects.toThrow(hint);
    await user.close();
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
