/**
 * One worker of `generations.mjs`: a handlespace, a registrar, a pool element and a pool user, with resolutions
 * in progress when the worker ends in the way that `workerData.ending` names.
 */

import process from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';
import { Handlespace } from '../../dist/handlespace.js';
import { createPoolElement, createPoolUser, createRegistrar } from '../../dist/index.js';

const { address, ending } = workerData;
const POOL_ELEMENTS = 200;
const RESOLUTIONS = 30;
const userTransport = { protocol: 'tcp', port: 7, transportUse: 0, addresses: [address] };

const handlespace = filledHandlespace();
const registrar = await createRegistrar({
  asap: { addresses: [address], announce: false },
  transport: 'udp',
});
const client = { registrars: [address], addresses: [address], transport: 'udp' };
const element = await createPoolElement({ ...client, poolHandle: 'Pool', userTransport });
const user = await createPoolUser(client);
for (let resolution = 0; resolution < RESOLUTIONS; resolution++) await resolveBoth();

const ENDINGS = {
  async returns() {
    await Promise.all([user.close(), element.close()]);
    await registrar.close();
    handlespace.close();
  },
  // The main thread terminates this one.
  async terminated() {
    resolveForever();
    parentPort.postMessage('busy');
  },
  async exits() {
    resolveForever();
    setImmediate(() => process.exit());
  },
  async throws() {
    resolveForever();
    setImmediate(() => {
      throw new Error('thrown on purpose');
    });
  },
  // Terminated inside of a listener, which the I/O thread's wake-up has called, while native code runs.
  async terminatedInCallback() {
    await inCallback(() => {
      parentPort.postMessage('busy');
      for (;;) handlespace.resolve('Pool');
    });
  },
  async exitsInCallback() {
    await inCallback(() => process.exit());
  },
};
await ENDINGS[ending]();

function filledHandlespace() {
  const filled = new Handlespace({ seed: 1n });
  for (let id = 1; id <= POOL_ELEMENTS; id++) {
    const policy = { type: 'roundRobin' };
    filled.register(0, {
      ...{ poolHandle: 'Pool', id, homeRegistrarId: 1, lifeMs: 300_000 },
      ...{ policy, userTransport },
    });
  }
  return filled;
}

async function resolveBoth() {
  const resolved = await user.resolve('Pool', { isFresh: true });
  if (resolved?.[0]?.id !== element.id) throw new Error('the pool user resolves something else');
  if (!handlespace.resolve('Pool')?.length) throw new Error('the handlespace resolves nothing');
}

async function resolveForever() {
  for (;;) await resolveBoth();
}

/** Runs `action` in a listener of the registrar while more resolutions are in progress. */
async function inCallback(action) {
  resolveForever();
  registrar.on('poolElementAdded', action);
  await createPoolElement({ ...client, poolHandle: 'Pool', userTransport });
}
