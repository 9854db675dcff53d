/** `rserpool serve echo`: a TCP echo server that registers as a pool element. */

import { Command, Option } from 'commander';
import { createPoolElement, type PoolElement } from '../client/pool-element.ts';
import type { Policy } from '../settings/policy.ts';
import { formatAddress, formatId } from '../types.ts';
import { parsePolicy } from './describe.ts';
import { type EchoServer, startEchoServer } from './echo-server.ts';
import { aborted, runService } from './lifecycle/run-service.ts';
import { openCommandLog } from './log/log-options.ts';
import type { ProgramLog } from './log/text-log.ts';
import {
  accept,
  addEventRate,
  addRegistrarOptions,
  digestedOutputOf,
  type EventRateOption,
  identifier,
  ipAddress,
  milliseconds,
  portOrAny,
  type RegistrarOptions,
} from './options.ts';
import type { Output } from './output.ts';

/** All addresses of this host, IPv4 and IPv6. */
const ANY_ADDRESS = '::';

interface ServeEchoOptions extends RegistrarOptions, EventRateOption {
  readonly pool: string;
  readonly address?: string;
  readonly port: number;
  readonly id?: number;
  readonly policy: Policy;
  readonly reregistrationInterval?: number;
}

export function serveCommand(): Command {
  return new Command('serve')
    .description('run a server and register it as a pool element')
    .addCommand(echoCommand());
}

function echoCommand(): Command {
  const command = new Command('echo')
    .description('a TCP server that sends back what it receives')
    .option('--pool <handle>', 'the pool to register in', 'EchoPool')
    .option(
      '--address <ip>',
      'local address (default: the one that reaches the registrar)',
      ipAddress,
    )
    .option('--port <port>', 'TCP port; 0: any free one', portOrAny, 0)
    .option('--id <number>', 'pool element identifier (default: random)', identifier)
    .addOption(
      new Option(
        '--policy <name:values>',
        'selection policy, for example roundRobin, weightedRandom:3, leastUsed:0.25',
      )
        .argParser((text: string) => accept(() => parsePolicy(text)))
        .default({ type: 'roundRobin' } satisfies Policy, 'roundRobin'),
    )
    .option('--reregistration-interval <ms>', 'time between two registrations', milliseconds)
    .action(serveEcho);
  return addRegistrarOptions(addEventRate(command));
}

async function serveEcho(options: ServeEchoOptions): Promise<void> {
  const log = openCommandLog(options);
  await runService(log, async (stopped) => {
    // The server starts first: a pool element must be reachable before it is registered.
    const server = await startEchoServer(options.address ?? ANY_ADDRESS, options.port, log);
    try {
      await beInPool(server, options, log, stopped);
    } finally {
      await server.close();
    }
  });
}

async function beInPool(
  server: EchoServer,
  options: ServeEchoOptions,
  log: ProgramLog,
  stopped: AbortSignal,
): Promise<void> {
  const output = digestedOutputOf(options);
  const element = await createPoolElement({
    poolHandle: options.pool,
    id: options.id,
    policy: options.policy,
    userTransport: { protocol: 'tcp', port: server.port },
    registrars: options.registrar,
    transport: options.transport,
    addresses: options.address === undefined ? undefined : [options.address],
    udpPort: options.udpPort,
    registrarUdpPort: options.registrarUdpPort,
    options: { reregistrationIntervalMs: options.reregistrationInterval },
    signal: stopped,
    log,
  });
  report(element, options.pool, output);
  await aborted(stopped);
  await element.close();
  output.event('pool element', 'closed', `${formatId(element.id)} left ${options.pool}`);
}

function report(element: PoolElement, pool: string, output: Output): void {
  const id = formatId(element.id);
  const name = `${id} in ${pool}`;
  output.event('pool element', 'registered', `${name} is registered`, { id, pool }, 'green');
  element.on('registrationLost', () => {
    const text = `${name} has lost its registrar and looks for another`;
    output.event('pool element', 'registrationLost', text, { id, pool }, 'yellow');
    element.once('registered', ({ registrar }) => {
      const where = registrar.map(formatAddress).join(' ');
      const again = `${name} is registered again, at ${where}`;
      output.event('pool element', 'reregistered', again, { id, pool, registrar }, 'green');
    });
  });
  element.on('homeChanged', ({ registrarId }) => {
    const text = `${name} belongs to registrar ${formatId(registrarId)} now`;
    output.event('pool element', 'homeChanged', text, {
      id,
      pool,
      registrarId: formatId(registrarId),
    });
  });
}
