/** Sends a numbered line to an echo server over TCP and waits until it has come back. */

import { connect } from 'node:net';
import { UnreachableError } from '../errors.ts';
import { formatAddress, type IpAddress } from '../types.ts';

/** Throws UnreachableError when the echo is not back within `timeoutMs`, or is not what was sent. */
export async function sendEcho(
  server: { readonly address: IpAddress; readonly port: number },
  line: string,
  timeoutMs: number,
): Promise<void> {
  const expected = `${line}\n`;
  const socket = connect({ host: server.address, port: server.port, timeout: timeoutMs });
  const where = formatAddress(server);
  try {
    await new Promise<void>((resolve, reject) => {
      let received = '';
      const fail = (why: string) => reject(new UnreachableError(`${where} ${why}`));
      // One deadline for everything: a server that sends a byte now and then is no answer either.
      const deadline = setTimeout(fail, timeoutMs, 'did not answer in time');
      socket.on('close', () => {
        clearTimeout(deadline);
        fail('closed the connection');
      });
      socket.on('error', (error) => fail(`failed: ${error.message}`));
      socket.on('connect', () => socket.write(expected));
      socket.setEncoding('utf8').on('data', (text: string) => {
        received += text;
        if (received === expected) resolve();
        else if (!expected.startsWith(received)) fail('sent back something else');
      });
    });
  } finally {
    socket.destroy();
  }
}
