/**
 * A process with a stack of its own, for the tests that need two: opens what its first message says, does
 * what the following ones say, and tells what happened. Runs the compiled library, as a program would.
 */

import process from 'node:process';
import { openSctpStack } from '../../dist/transport/open.js';

let endpoint;
let association;
let messages = 0;
let bytes = 0;

const tell = (event) => process.send?.(event);

const handler = {
  onUp(id) {
    association = id;
    tell({ event: 'up' });
  },
  onRestart: () => tell({ event: 'restart' }),
  onDown: (_association, why) => tell({ event: 'down', why }),
  onMessage(id, payloadProtocol, _stream, arena, offset, length) {
    messages++;
    bytes += length;
    if (isEcho) endpoint.send(id, payloadProtocol, arena.subarray(offset, offset + length));
  },
  onPath() {},
  onWritable() {},
};

let isEcho = false;

/** Sends as much as is taken, and reads nothing meanwhile, until so many are sent or the association is gone. */
function flood(payload, count) {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  let sent = 0;
  for (let pauses = 0; sent < count && pauses < 5_000; ) {
    const result = endpoint.send(association, 11, payload);
    if (result === 'gone') return { sent, isGone: true };
    if (result === 'queued' && ++sent % 500 !== 0) continue;
    endpoint.flush();
    pauses++;
    Atomics.wait(pause, 0, 0, 1);
  }
  return { sent, isGone: false };
}

process.on('message', (command) => {
  if (command.do === 'open') {
    isEcho = command.isEcho === true;
    const stack = openSctpStack({ transport: 'udp', ...command.stack });
    endpoint = stack.open(command.endpoint, handler);
    tell({ event: 'open', udpPort: stack.udpPort, port: endpoint.port });
  } else if (command.do === 'connect') {
    association = endpoint.connect([command.peer], { udpPort: command.udpPort });
  } else if (command.do === 'send') {
    const payload = new Uint8Array(command.length).fill(0x41);
    const results = {};
    for (let count = 0; count < command.count; count++) {
      const result = endpoint.send(association, 11, payload);
      results[result] = (results[result] ?? 0) + 1;
    }
    tell({ event: 'sent', results });
  } else if (command.do === 'flood') {
    tell({ event: 'flooded', ...flood(Buffer.from(command.payload, 'hex'), command.count) });
  } else if (command.do === 'count') {
    tell({ event: 'count', messages, bytes });
  }
});
