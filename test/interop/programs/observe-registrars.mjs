// observe-registrars.mjs FOLDER TRANSPORT POOL,... REGISTRAR...
// What each registrar knows, over and over until it is told to end: FOLDER/view-REGISTRAR.txt has a line
// `id@home pool` for each pool element, in order, or "unreachable". A file is replaced as a whole. What it was before
// stays in FOLDER/history-REGISTRAR.txt: a line for each change, with its time and all `id@home`.
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { createPoolUser, formatId } from '../../../dist/index.js';

const PAUSE_MS = 300;
const ALL = 128;

const [folder, transport, pools, ...registrars] = process.argv.slice(2);
let isEnding = false;
process.once('SIGTERM', () => {
  isEnding = true;
});
await Promise.all(registrars.map(observe));

async function observe(registrar) {
  // A registrar that comes back is to be found soon.
  const options = { t5ServerHuntMs: 1_000, retranMaxMs: 1_000, refusedPauseMs: 200 };
  const user = await createPoolUser({ registrars: [`${registrar}:3863`], transport, options });
  let before;
  while (!isEnding) {
    const view = await viewOf(user);
    replace(`${folder}/view-${registrar}.txt`, view);
    if (view !== before) {
      const known = view.split('\n').map((line) => line.split(' ')[0]);
      appendFileSync(
        `${folder}/history-${registrar}.txt`,
        `${Date.now() / 1_000} ${known.join(' ')}\n`,
      );
    }
    before = view;
    await setTimeout(PAUSE_MS);
  }
  await user.close();
}

async function viewOf(user) {
  const lines = [];
  try {
    for (const pool of pools.split(',')) {
      const elements = (await user.resolve(pool, { items: ALL, isFresh: true })) ?? [];
      for (const { id, homeRegistrarId } of elements) {
        lines.push(`${formatId(id)}@${formatId(homeRegistrarId)} ${pool}\n`);
      }
    }
  } catch {
    return 'unreachable\n';
  }
  return lines.sort().join('');
}

function replace(file, text) {
  writeFileSync(`${file}.part`, text);
  renameSync(`${file}.part`, file);
}
