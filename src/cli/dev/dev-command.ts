/**
 * `rserpool dev`: the whole of RSerPool on one machine, to look at. One registrar, a pool of three echo
 * servers, one pool user that sends a request a second; then one echo server is killed.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { Command } from 'commander';
import { createPoolUser } from '../../client/pool-user.ts';
import { createRegistrar, type RegistrarServer } from '../../daemon/registrar-server.ts';
import { ASAP_PORT, formatId } from '../../types.ts';
import { createOutput, type Output } from '../output.ts';
import { reportRegistrarEvents } from '../registrar-events.ts';
import { untilStopped } from '../until-stopped.ts';
import { type FleetMember, startFleetMember } from './fleet.ts';
import { type RequestCounters, sendNumberedRequest } from './numbered-requests.ts';

const POOL = 'EchoPool';
const REGISTRAR = { address: '127.0.0.1', port: ASAP_PORT };
/** Each echo server has a loopback address of its own, so that lines and captures tell them apart. */
const ECHO_SERVER_ADDRESSES = ['127.0.0.2', '127.0.0.3', '127.0.0.4'];
const REQUEST_INTERVAL_MS = 1_000;
const REQUESTS_BEFORE_KILL = 4;
/** `--once`: after so many more requests the removal has been seen and requests go on. */
const REQUESTS_AFTER_KILL = 6;

interface DevOptions {
  readonly once?: true;
  readonly json?: true;
}

export function devCommand(): Command {
  return new Command('dev')
    .description('play the demonstration: a registrar, three echo servers, a pool user, a failure')
    .option('--once', 'play it once, print the result as JSON, and end')
    .option('--json', 'print one JSON object per line')
    .action(dev);
}

async function dev(options: DevOptions): Promise<void> {
  const output = createOutput(options.json === true);
  const ended = new AbortController();
  const stopped = untilStopped(ended.signal).then(() => ended.abort());
  const registrar = await startRegistrar(output);
  const fleet: FleetMember[] = [];
  const counters: RequestCounters = { resolutions: 0, requests: 0, lost: 0, failovers: 0 };
  try {
    for (const address of ECHO_SERVER_ADDRESSES) {
      const udpPort = registrar.udpPort;
      fleet.push(await startFleetMember(POOL, address, { ...REGISTRAR, udpPort }));
    }
    await play(registrar, fleet, counters, output, ended.signal, options.once === true);
  } finally {
    ended.abort();
    await Promise.all(fleet.map((member) => member.close()));
    await registrar.close();
    await stopped;
  }
  if (options.once) {
    output.json(counters);
    if (counters.lost > 0) process.exitCode = 1;
  }
}

async function startRegistrar(output: Output): Promise<RegistrarServer> {
  const registrar = await createRegistrar({
    asap: { addresses: [REGISTRAR.address], port: REGISTRAR.port, announce: false },
    transport: 'udp',
    udpPort: 0,
    // Brisk, so that the removal of a dead pool element can be watched; not so brisk that nobody meets it.
    registrar: {
      endpointKeepAliveTransmissionIntervalMs: 1_000,
      endpointKeepAliveTimeoutIntervalMs: 2_000,
    },
  });
  const where = `${REGISTRAR.address}, SCTP port ${REGISTRAR.port} over UDP port ${registrar.udpPort}`;
  output.event('registrar', 'ready', `${formatId(registrar.id)} serves ${where}`, {
    id: registrar.id,
    udpPort: registrar.udpPort,
  });
  reportRegistrarEvents(registrar, output);
  return registrar;
}

/** A request a second; one echo server dies in between; without `once` it goes on until stopped. */
async function play(
  registrar: RegistrarServer,
  fleet: readonly FleetMember[],
  counters: RequestCounters,
  output: Output,
  stopped: AbortSignal,
  once: boolean,
): Promise<void> {
  const user = await createPoolUser({
    registrars: [`${REGISTRAR.address}:${REGISTRAR.port}`],
    transport: 'udp',
    registrarUdpPort: registrar.udpPort,
  });
  try {
    while (!stopped.aborted) {
      await sendNumberedRequest(user, POOL, counters, output);
      if (counters.requests === REQUESTS_BEFORE_KILL) kill(nextOf(fleet, counters), output);
      if (once && counters.requests === REQUESTS_BEFORE_KILL + REQUESTS_AFTER_KILL) return;
      await wait(REQUEST_INTERVAL_MS, undefined, { signal: stopped }).catch(() => {});
    }
  } finally {
    await user.close();
  }
}

/** The one whose turn it is (round robin): so the next request meets its death. */
function nextOf(fleet: readonly FleetMember[], { requests }: RequestCounters) {
  return fleet[requests % fleet.length];
}

function kill(member: FleetMember | undefined, output: Output): void {
  if (member === undefined) return;
  const text = `killing ${formatId(member.poolElementId)} (process ${member.processId}, SIGKILL)`;
  output.event('demonstration', 'killed', text, { id: member.poolElementId }, 'red');
  member.kill();
}
