// resolve-pools.mjs REGISTRAR TRANSPORT {POOL TIMES ITEMS}...
// A pool user that resolves each pool so many times, one after the other, asking the registrar each time.
// Prints a line for each answer: the pool and the identifiers that came, in order.
import process from 'node:process';
import { createPoolUser, formatId } from '../../../dist/index.js';

const [registrar, transport, ...wishes] = process.argv.slice(2);
const user = await createPoolUser({ registrars: [registrar], transport });
for (let i = 0; i < wishes.length; i += 3) {
  const [pool, times, items] = wishes.slice(i, i + 3);
  for (let n = 0; n < Number(times); n++) {
    const elements = (await user.resolve(pool, { items: Number(items), isFresh: true })) ?? [];
    console.log(JSON.stringify({ pool, ids: elements.map(({ id }) => formatId(id)) }));
  }
}
await user.close();
