/** Registrations for tests: everything that a test does not care about filled in. */

import type { Registration } from '../../src/handlespace/registration.ts';

export const HOME = 0x0c0f_fee0;

/** Each element has an address of its own, told by its identifier. */
export function registration<Given extends Partial<Registration>>(
  given: Given,
): Registration & { readonly poolHandle: string } & Given {
  const id = given.id ?? 1;
  return {
    poolHandle: 'EchoPool',
    id,
    homeRegistrarId: HOME,
    lifeMs: 300_000,
    policy: { type: 'roundRobin' },
    userTransport: {
      protocol: 'tcp',
      port: 7,
      transportUse: 0,
      addresses: [`10.0.${(id >>> 8) & 255}.${id & 255}`],
    },
    ...given,
  } as Registration & { readonly poolHandle: string } & Given;
}
