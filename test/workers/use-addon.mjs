/** Uses both halves of the addon, in a worker or in the main thread. */

import { Handlespace } from '../../dist/handlespace.js';
import { openSctpStack } from '../../dist/transport/open.js';

const policy = { type: 'roundRobin' };

/** Resolves in a handlespace and opens an SCTP stack at `address`; the function returned closes both. */
export async function useAddon(address) {
  const handlespace = new Handlespace({ seed: 1n });
  const userTransport = { protocol: 'tcp', port: 7, transportUse: 0, addresses: [address] };
  const element = { id: 1, homeRegistrarId: 1, lifeMs: 300_000, policy, userTransport };
  handlespace.register(0, { poolHandle: 'Pool', ...element });
  if (handlespace.resolve('Pool')?.length !== 1)
    throw new Error('the handlespace resolves nothing');
  const stack = openSctpStack({ transport: 'udp', localAddresses: [address], udpPort: 0 });
  return async () => {
    if (handlespace.resolve('Pool')?.length !== 1) throw new Error('the pool element is lost');
    handlespace.close();
    await stack.close();
  };
}
