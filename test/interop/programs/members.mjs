// members.mjs ADDRESS REGISTRAR TRANSPORT FIRST-ID COUNT POOL...
// Registers COUNT pool elements in each pool over one association, with consecutive identifiers, and answers
// their keep-alives. Prints how many a registrar has accepted and refused; ends, with its association, when it is
// told to.
import process from 'node:process';
import { decodeAsap } from '../../../dist/wire.js';
import { openStack, RawAsap } from './raw-asap.mjs';

const LIMIT_S = 60;

const [address, registrar, transport, firstId, count, ...pools] = process.argv.slice(2);
const stack = openStack(address, transport);
let accepted = 0;
let refused = 0;

const raw = new RawAsap(stack, registrar, (bytes) => {
  const { type, isRejected, errors, poolHandle, poolElementId } = decodeAsap(bytes);
  if (type === 'ASAP_REGISTRATION_RESPONSE') {
    if (isRejected || errors?.length) refused += 1;
    else accepted += 1;
  }
  if (type !== 'ASAP_ENDPOINT_KEEP_ALIVE') return;
  raw.send({ type: 'ASAP_ENDPOINT_KEEP_ALIVE_ACK', poolHandle, poolElementId });
});

for (const [i, pool] of pools.entries()) {
  for (let n = 0; n < count; n++) {
    const id = Number(firstId) + i * Number(count) + n;
    await raw.sendPatiently(registration(Buffer.from(pool), id), LIMIT_S);
  }
}
await raw.until(() => accepted + refused === pools.length * count, LIMIT_S);
console.log(JSON.stringify({ event: 'registered', accepted, refused }));
process.once('SIGTERM', () => stack.close());

function registration(poolHandle, id) {
  const userTransport = { protocol: 'sctp', port: 7777, transportUse: 0, addresses: [address] };
  const policy = { type: 'roundRobin' };
  const poolElement = { id, homeRegistrarId: 0, lifeMs: 300_000, userTransport, policy };
  return { type: 'ASAP_REGISTRATION', poolHandle, poolElement };
}
