// users.mjs TRANSPORT COUNT POOL,... REGISTRAR...
// COUNT pool users that resolve the pools over and over, asking a registrar each time, until it is told to end. An
// answer that does not come or is empty is asked for once more. Prints a line for each of both, and at its end how
// many resolutions there were, how many of them took a second try, how many failed and how long the slowest took.
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { createPoolUser } from '../../../dist/index.js';

const PAUSE_MS = 50;

const [transport, count, pools, ...registrars] = process.argv.slice(2);
const say = (what) => console.log(JSON.stringify({ atS: Date.now() / 1_000, ...what }));
let isEnding = false;
process.once('SIGTERM', () => {
  isEnding = true;
});
const total = { resolutions: 0, retried: 0, failed: 0, slowestMs: 0 };

await Promise.all(Array.from({ length: Number(count) }, use));
say({ event: 'ended', ...total });

async function use(_, user) {
  const poolUser = await createPoolUser({ registrars, transport });
  while (!isEnding) {
    for (const pool of pools.split(',')) await resolvePatiently(user, poolUser, pool);
    await setTimeout(PAUSE_MS);
  }
  await poolUser.close();
}

async function resolvePatiently(user, poolUser, pool) {
  total.resolutions += 1;
  let why = await failureOf(poolUser, pool);
  if (why === undefined) return;
  total.retried += 1;
  say({ event: 'retried', user, pool, why });
  why = await failureOf(poolUser, pool);
  if (why === undefined) return;
  total.failed += 1;
  say({ event: 'failed', user, pool, why });
}

/** `undefined`: it has been resolved. */
async function failureOf(poolUser, pool) {
  const startMs = Date.now();
  try {
    const elements = await poolUser.resolve(pool, { isFresh: true });
    return elements?.length > 0 ? undefined : 'nobody';
  } catch (error) {
    return error.code;
  } finally {
    total.slowestMs = Math.max(total.slowestMs, Date.now() - startMs);
  }
}
