// crowd.mjs ADDRESS REGISTRAR TRANSPORT
// 2 000 registrations over one association and 500 pool elements with an association each, at once. All answer
// their keep-alives; when each has had one, the 500 leave and the association of the 2 000 is aborted. Prints
// a line for each step.
import process from 'node:process';
import { decodeAsap } from '../../../dist/wire.js';
import { openStack, RawAsap } from './raw-asap.mjs';

const SHARED = 2_000;
const ALONE = 500;
const LIMIT_S = 60;
const sharedHandle = Buffer.from('SharedPool');
const aloneHandle = Buffer.from('CrowdPool');

const [address, registrar, transport] = process.argv.slice(2);
const stack = openStack(address, transport);
const registered = new Set();
const keptAlive = new Set();
const left = new Set();
const refused = [];
let resolved = [];

function member() {
  const raw = new RawAsap(stack, registrar, (bytes) => {
    const message = decodeAsap(bytes);
    const { type, poolHandle, poolElementId } = message;
    if (message.isRejected || message.errors?.length) refused.push(message);
    if (type === 'ASAP_REGISTRATION_RESPONSE') registered.add(poolElementId);
    if (type === 'ASAP_DEREGISTRATION_RESPONSE') left.add(poolElementId);
    if (type === 'ASAP_HANDLE_RESOLUTION_RESPONSE') resolved = message.poolElements;
    if (type !== 'ASAP_ENDPOINT_KEEP_ALIVE') return;
    keptAlive.add(poolElementId);
    raw.send({ type: 'ASAP_ENDPOINT_KEEP_ALIVE_ACK', poolHandle, poolElementId });
  });
  return raw;
}

function registration(poolHandle, id) {
  const userTransport = { protocol: 'sctp', port: 7777, transportUse: 0, addresses: [address] };
  const policy = { type: 'roundRobin' };
  const poolElement = { id, homeRegistrarId: 0, lifeMs: 300_000, userTransport, policy };
  return { type: 'ASAP_REGISTRATION', poolHandle, poolElement };
}

function say(step) {
  const counts = { registered: registered.size, keptAlive: keptAlive.size, left: left.size };
  console.log(JSON.stringify({ step, ...counts, refused: refused.length }));
}

const shared = member();
const alone = Array.from({ length: ALONE }, member);
for (let id = 1; id <= SHARED; id++) {
  await shared.sendPatiently(registration(sharedHandle, id), LIMIT_S);
}
for (const [i, one] of alone.entries()) one.send(registration(aloneHandle, SHARED + i + 1));
await shared.until(() => registered.size === SHARED + ALONE, LIMIT_S);
say('all are registered');
await shared.until(() => keptAlive.size === SHARED + ALONE, LIMIT_S);
say('all were kept alive');

const question = { type: 'ASAP_HANDLE_RESOLUTION', wantsUpdates: false, items: 128 };
shared.send({ ...question, poolHandle: sharedHandle });
await shared.until(() => resolved.length > 0, LIMIT_S);
console.log(JSON.stringify({ step: 'resolved', ids: resolved.map(({ id }) => id) }));

for (const [i, one] of alone.entries()) {
  const poolElementId = SHARED + i + 1;
  one.send({ type: 'ASAP_DEREGISTRATION', poolHandle: aloneHandle, poolElementId });
}
await shared.until(() => left.size === ALONE, LIMIT_S);
say('the 500 have left');
const isAnyDown = [shared, ...alone].some(({ down }) => down !== undefined);
console.log(JSON.stringify({ step: 'end', isAnyDown }));
await stack.close();
