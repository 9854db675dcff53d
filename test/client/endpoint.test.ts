/** A registrar that is named by a name of several addresses, of which it has one. */

import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  createPoolElement,
  createPoolUser,
  createRegistrar,
  readRegistrar,
} from '../../src/index.ts';

/** What `localhost` stands for. */
const localhost = vi.hoisted(() => ({ addresses: [] as string[] }));
vi.mock('node:dns/promises', () => ({
  lookup: async () => localhost.addresses.map((address) => ({ address })),
}));

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

describe.each([{ addresses: ['::1', '127.0.0.1'] }, { addresses: ['127.0.0.1', '::1'] }])(
  'localhost that is $addresses',
  ({ addresses }) => {
    test.each(['127.0.0.1', '::1'])('a registrar at %s is found by it', async (address) => {
      localhost.addresses = addresses;
      const registrar = await createRegistrar({
        ...{ id: 0xcafe, transport: 'udp', udpPort: 0 },
        ...{ asap: { addresses: [address], announce: false }, enrp: { announce: false } },
      });
      opened.push(registrar);
      const at = { transport: 'udp', registrarUdpPort: registrar.udpPort } as const;

      expect(await readRegistrar({ registrar: 'localhost', ...at })).toMatchObject({ id: 0xcafe });
      const place = { registrars: ['localhost'], ...at };
      const userTransport = { protocol: 'tcp', port: 7 } as const;
      opened.push(await createPoolElement({ id: 1, poolHandle: 'P', userTransport, ...place }));
      const user = await createPoolUser(place);
      opened.push(user);
      expect(await user.resolve('P')).toMatchObject([{ id: 1 }]);
    });
  },
);
