/** A real service to put into a pool: a TCP server that sends back what it receives. */

import { createServer, type Server, type Socket } from 'node:net';
import { ConfigError } from '../errors.ts';
import type { Logger } from '../protocol/logger.ts';
import type { IpAddress } from '../types.ts';

export interface EchoServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Starts one on `address`; port 0: any free one. Throws ConfigError when the port is taken. */
export async function startEchoServer(
  address: IpAddress,
  port: number,
  log: Logger,
): Promise<EchoServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy()); // a client that vanished is no business of ours
    socket.pipe(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new ConfigError(
          'port',
          `The echo server cannot listen on ${address}, TCP port ${port}: ${cause.message}. Choose another --address or --port.`,
          { cause },
        ),
      ),
    );
    server.listen(port, address, resolve);
  });
  logAcceptErrors(server, log);
  return {
    port: (server.address() as { port: number }).port,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** An error of accepting, of which there may be one in each turn of the event loop. */
function logAcceptErrors(server: Server, log: Logger): void {
  let loggedAt = Number.NEGATIVE_INFINITY;
  server.on('error', ({ message }) => {
    if (performance.now() - loggedAt < ACCEPT_LOG_INTERVAL_MS) return;
    loggedAt = performance.now();
    log.warn({ reason: message }, 'connection not accepted');
  });
}

const ACCEPT_LOG_INTERVAL_MS = 60_000;
