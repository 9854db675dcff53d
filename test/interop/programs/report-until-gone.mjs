// report-until-gone.mjs REGISTRAR TRANSPORT POOL TIMES
// A pool user that takes the first server of a pool for unreachable: reports it, and asks again, until the
// pool is empty or it was reported so many times. Prints what it was given each time.
import process from 'node:process';
import { createPoolUser, formatId } from '../../../dist/index.js';

const [registrar, transport, pool, times] = process.argv.slice(2);
const user = await createPoolUser({ registrars: [registrar], transport });
for (let n = 0; n <= Number(times); n++) {
  const [first] = (await user.resolve(pool, { isFresh: true })) ?? [];
  console.log(JSON.stringify({ id: first === undefined ? null : formatId(first.id) }));
  if (first === undefined) break;
  await user.reportUnreachable(pool, first.id);
}
await user.close();
