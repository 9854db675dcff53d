/** The pool elements of the demonstration: real echo servers, each in a process of its own. */

import { type ChildProcess, fork } from 'node:child_process';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { UnreachableError } from '../../errors.ts';
import type { IpAddress, SctpAddress } from '../../types.ts';

export interface FleetMember {
  readonly processId: number;
  readonly poolElementId: number;
  /** Ends it as a power cut would: no deregistration, no goodbye (SIGKILL). */
  kill(): void;
  /** Asks it to deregister and end; after a while it is killed. */
  close(): Promise<void>;
}

const START_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 3_000;

/** Starts one echo server on `address` and waits until it is registered. */
export async function startFleetMember(
  poolHandle: string,
  address: IpAddress,
  registrar: SctpAddress & { readonly udpPort: number },
): Promise<FleetMember> {
  const child = fork(
    process.argv[1] as string,
    [
      ...['serve', 'echo', '--json', '--pool', poolHandle, '--address', address],
      ...['--registrar', `${registrar.address}:${registrar.port}`],
      ...['--transport', 'udp', '--registrar-udp-port', String(registrar.udpPort)],
    ],
    // The channel ends with this process, and with it the server: nothing stays behind.
    { stdio: ['ignore', 'pipe', 'inherit', 'ipc'], execArgv: [] },
  );
  const poolElementId = await untilRegistered(child);
  return {
    processId: child.pid as number,
    poolElementId,
    kill: () => child.kill('SIGKILL'),
    close: () => close(child),
  };
}

function untilRegistered(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      child.kill('SIGKILL');
      reject(new UnreachableError(`An echo server of the demonstration ${why}.`));
    };
    const timer = setTimeout(fail, START_TIMEOUT_MS, 'could not register in time');
    child.once('error', (error) => fail(`did not start: ${error.message}`));
    child.once('exit', (code) => fail(`ended with exit code ${code}`));
    // Read to the end, so that the pipe never fills up.
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const { event, id } = JSON.parse(line);
      if (event !== 'registered') return;
      clearTimeout(timer);
      child.removeAllListeners('exit');
      resolve(id);
    });
  });
}

async function close(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const timer = setTimeout(() => child.kill('SIGKILL'), CLOSE_TIMEOUT_MS);
  child.kill('SIGTERM');
  await exited;
  clearTimeout(timer);
}
