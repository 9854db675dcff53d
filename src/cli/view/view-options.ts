/** The options of the commands that read a registrar over ENRP, and the reading itself. */

import type { Command } from 'commander';
import { parseRegistrarAddress } from '../../client/registrar-address.ts';
import {
  DEFAULT_READER_LIMITS,
  type ReadRegistrarSettings,
  type RegistrarView,
  readRegistrar,
} from '../../client/registrar-view.ts';
import type { RegistrarPart } from '../../protocol/reader/reader-events.ts';
import { ENRP_PORT, type Milliseconds } from '../../types.ts';
import { openCommandLog } from '../log/log-options.ts';
import { accept, addCommonOptions, type CommonOptions, milliseconds, port } from '../options.ts';

/** How to read any registrar. */
export interface ReadingOptions extends CommonOptions {
  readonly registrarUdpPort?: number;
  readonly asPeer?: true;
  readonly timeout: Milliseconds;
}

/** And which one. */
export interface ViewOptions extends ReadingOptions {
  readonly registrar: string;
}

export function addViewOptions(command: Command): Command {
  return addReadingOptions(
    command.requiredOption(
      '--registrar <address>',
      `the registrar to read: HOST[:PORT][/UDPPORT], with its ENRP port (default: ${ENRP_PORT})`,
      enrpAddress,
    ),
  );
}

export function addReadingOptions(command: Command): Command {
  return addCommonOptions(command, 'any free one')
    .option(
      '--registrar-udp-port <port>',
      'UDP port where the address names none (default: 9899)',
      port,
    )
    .option(
      '--timeout <ms>',
      'how long to wait for each answer',
      milliseconds,
      DEFAULT_READER_LIMITS.timeoutMs,
    )
    .option(
      '--as-peer',
      'connect as a peer if the registrar answers only peers (rsplib); this delays its takeovers',
    );
}

export function enrpAddress(text: string): string {
  accept(() => parseRegistrarAddress(text, ENRP_PORT));
  return text;
}

export async function read(
  registrar: string,
  options: ReadingOptions,
  parts: readonly RegistrarPart[],
  more: Pick<ReadRegistrarSettings, 'readerId' | 'signal'> = {},
): Promise<RegistrarView> {
  const log = openCommandLog(options);
  const { asPeer, timeout, transport, udpPort, registrarUdpPort } = options;
  const view = await readRegistrar({
    registrar,
    parts,
    asPeer,
    transport,
    udpPort,
    registrarUdpPort,
    ...more,
    timeoutMs: timeout,
    onIntroduced: () => log.warn({ registrar }, PHANTOM),
  });
  const { id: registrarId, peers, poolElements } = view;
  const counts = { peers: peers.length, poolElements: poolElements.length };
  log.info({ registrar, registrarId, ...counts }, 'registrar read');
  return view;
}

const PHANTOM =
  'the registrar now lists this command as a peer: its takeovers are delayed until it removes that entry';
