// elements.mjs TRANSPORT FIRST-ID COUNT POOL REGISTRAR...
// Registers COUNT pool elements, each on its own, with consecutive identifiers, and keeps them registered until it is
// told to end. Prints a line when all are registered, and one for each event in the life of one of them.
import process from 'node:process';
import { createPoolElement, formatId } from '../../../dist/index.js';

const REREGISTRATION_MS = 15_000;

const [transport, firstId, count, poolHandle, ...registrars] = process.argv.slice(2);
const say = (what) => console.log(JSON.stringify({ atS: Date.now() / 1_000, ...what }));

const elements = [];
for (let n = 0; n < Number(count); n++) {
  const element = await createPoolElement({
    ...{ poolHandle, registrars, transport },
    id: Number(firstId) + n,
    userTransport: { protocol: 'tcp', port: 7777 },
    options: { reregistrationIntervalMs: REREGISTRATION_MS, lifeMs: 3 * REREGISTRATION_MS },
  });
  for (const event of ['registered', 'registrationLost']) {
    element.on(event, () => say({ event, id: formatId(element.id) }));
  }
  elements.push(element);
}
say({ event: 'allRegistered' });
process.once('SIGTERM', () => Promise.all(elements.map((element) => element.close())));
