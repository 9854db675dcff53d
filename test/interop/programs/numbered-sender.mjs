// numbered-sender.mjs ADDRESS PEER TRANSPORT ASSOCIATIONS MESSAGES
// Sends numbered messages of many sizes, the larger ones in several packets, over several associations at
// once to echo-listener.mjs, some at a time, and counts what comes back. Prints a line for each association:
// how many came back, how many not in their order, and how it ended when it was not by us.
import process from 'node:process';
import { openStack, RawAsap } from './raw-asap.mjs';

const AT_ONCE = 16;
const LIMIT_S = 100;
const [address, peer, transport, associations, messages] = process.argv.slice(2);
const stack = openStack(address, transport);

function numbered(number) {
  const message = Buffer.alloc(4 + ((number * 397) % 4_000), number);
  message.writeUInt32BE(number);
  return message;
}

async function exchange() {
  const result = { sent: 0, returned: 0, outOfOrder: 0, altered: 0, end: null };
  const raw = new RawAsap(stack, peer, (bytes) => {
    const message = Buffer.from(bytes);
    const number = message.readUInt32BE();
    if (number !== result.returned) result.outOfOrder += 1;
    if (!message.equals(numbered(number))) result.altered += 1;
    result.returned += 1;
  });
  const isDown = () => raw.down !== undefined;
  await raw.up(LIMIT_S);
  while (result.sent < Number(messages) && !isDown()) {
    if (raw.sendBytes(numbered(result.sent)) === 'queued') result.sent += 1;
    await raw.until(() => result.sent - result.returned < AT_ONCE || isDown(), LIMIT_S);
  }
  await raw.until(() => result.returned >= result.sent || isDown(), LIMIT_S);
  console.log(JSON.stringify({ ...result, end: raw.down ?? null }));
}

await Promise.all(Array.from({ length: Number(associations) }, exchange));
await stack.close();
