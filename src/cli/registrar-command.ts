/** `rserpool registrar`: a registrar in the foreground. */

import { Command } from 'commander';
import { parseRegistrarAddress, resolveRegistrarAddress } from '../client/registrar-address.ts';
import { createRegistrar } from '../daemon/registrar-server.ts';
import type { EnrpSettings } from '../daemon/settings.ts';
import { ConfigError } from '../errors.ts';
import { ASAP_PORT, ENRP_PORT, formatAddress, formatId } from '../types.ts';
import { aborted, runService, unlessAborted } from './lifecycle/run-service.ts';
import { openCommandLog } from './log/log-options.ts';
import type { ProgramLog } from './log/text-log.ts';
import {
  addCommonOptions,
  addEventRate,
  type CommonOptions,
  digestedOutputOf,
  type EventRateOption,
  identifier,
  integerBetween,
  ipAddresses,
  milliseconds,
  port,
} from './options.ts';
import { addPeerTimers, type PeerTimers, peerTimersOf } from './peer-timers.ts';
import { reportRegistrarEvents } from './registrar-events.ts';

interface RegistrarCommandOptions extends CommonOptions, PeerTimers, EventRateOption {
  readonly address?: readonly string[];
  readonly port: number;
  readonly id?: number;
  readonly announce: boolean;
  readonly keepAliveInterval?: number;
  readonly keepAliveTimeout?: number;
  readonly maxBadPeReports?: number;
  readonly enrp?: true;
  readonly enrpPort: number;
  readonly peer?: readonly string[];
}

export function registrarCommand(): Command {
  const command = new Command('registrar')
    .description('run a registrar')
    .option(
      '--address <ip>',
      'local address; repeat for more (default: all reachable)',
      ipAddresses,
    )
    .option('--port <port>', 'SCTP port for ASAP', port, ASAP_PORT)
    .option('--id <number>', 'registrar identifier (default: random)', identifier)
    .option('--no-announce', 'send no multicast announces')
    .option('--keep-alive-interval <ms>', 'time between two keep-alives', milliseconds)
    .option('--keep-alive-timeout <ms>', 'time a keep-alive may stay unanswered', milliseconds)
    .option(
      '--max-bad-pe-reports <number>',
      'reports after which a pool element is removed',
      integerBetween(1, 1_000_000),
    )
    .option('--enrp', 'keep one handlespace with the registrars that multicast finds')
    .option(
      '--peer <address>',
      'keep one handlespace with this registrar: HOST, HOST:PORT or [IPV6]:PORT; repeat for more',
      (text, previous: readonly string[] = []) => [...previous, text],
    )
    .option('--enrp-port <port>', 'SCTP port for other registrars', port, ENRP_PORT)
    .action(runRegistrar);
  return addCommonOptions(addEventRate(addPeerTimers(command)), '9899');
}

async function runRegistrar(options: RegistrarCommandOptions): Promise<void> {
  const log = openCommandLog(options);
  await runService(log, (stopped) => serve(options, log, stopped));
}

async function serve(
  options: RegistrarCommandOptions,
  log: ProgramLog,
  stopped: AbortSignal,
): Promise<void> {
  const output = digestedOutputOf(options);
  const enrp = await unlessAborted(enrpSettings(options), stopped);
  const registrar = await createRegistrar({
    id: options.id,
    asap: {
      addresses: options.address,
      port: options.port,
      ...(options.announce ? {} : { announce: false }),
    },
    enrp,
    transport: options.transport,
    udpPort: options.udpPort,
    registrar: {
      endpointKeepAliveTransmissionIntervalMs: options.keepAliveInterval,
      endpointKeepAliveTimeoutIntervalMs: options.keepAliveTimeout,
      maxBadPeReports: options.maxBadPeReports,
    },
    log,
  });
  const { id, addresses, transport, udpPort } = registrar;
  const where = addresses.map(formatAddress).join(' ');
  output.event(
    'registrar',
    'ready',
    `${formatId(id)} serves ${where} (${transport === 'udp' ? `SCTP over UDP port ${udpPort}` : transport})`,
    { id: formatId(id), addresses, transport, udpPort },
  );
  reportRegistrarEvents(registrar, output);
  await aborted(stopped);
  await registrar.close();
  log.info({ registrarId: id }, 'ended');
  output.event('registrar', 'closed', `${formatId(id)} stopped`, { id: formatId(id) });
}

/** Peers are found by multicast only where that was asked for. */
async function enrpSettings(options: RegistrarCommandOptions): Promise<EnrpSettings | false> {
  const { enrp, peer = [], enrpPort } = options;
  if (enrp === undefined && peer.length === 0) return false;
  const resolved = peer.map((text) => {
    refuseUdpPort(text);
    return resolveRegistrarAddress(text, ENRP_PORT);
  });
  return {
    port: enrpPort,
    peers: await Promise.all(resolved),
    ...(enrp ? {} : { announce: false }),
    options: peerTimersOf(options),
  };
}

/** Peers call each other: both must know the UDP port without being told. */
function refuseUdpPort(peer: string): void {
  if (parseRegistrarAddress(peer).udpPort === undefined) return;
  throw new ConfigError('registrars', `--peer ${peer}: peers must have UDP port 9899.`);
}
