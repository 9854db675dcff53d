/** The options that several commands share, and how their values are read. */

import { isIP } from 'node:net';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseRegistrarAddress } from '../client/registrar-address.ts';
import { ConfigError } from '../errors.ts';
import { TRANSPORTS, type Transport } from '../transport/open.ts';
import { addLogOptions, type LogOptions } from './log/log-options.ts';

/** `--transport`, `--udp-port`, `--json` and those of the log: every command that opens a transport has them. */
export interface CommonOptions extends LogOptions {
  readonly transport: Transport;
  readonly udpPort?: number;
  readonly json?: true;
}

/** `--registrar` and how to get there: commands that use a registrar. */
export interface RegistrarOptions extends CommonOptions {
  readonly registrar: readonly string[];
  readonly registrarUdpPort?: number;
}

export function addCommonOptions(command: Command, defaultUdpPort: string): Command {
  return addLogOptions(command)
    .addOption(
      new Option('--transport <name>', 'SCTP backend: auto takes the best one here')
        .choices(TRANSPORTS)
        .default('auto'),
    )
    .option(
      '--udp-port <port>',
      `local UDP port of encapsulated SCTP, RFC 6951 (default: ${defaultUdpPort})`,
      portOrAny,
    )
    .option('--json', 'print one JSON object per line');
}

export function addRegistrarOptions(command: Command): Command {
  return addCommonOptions(command, 'any free one')
    .option(
      '--registrar <address>',
      'a registrar to use: HOST[:PORT][/UDPPORT]; repeat for more (default: found by announces)',
      registrarAddress,
      [],
    )
    .option('--registrar-udp-port <port>', 'UDP port of the registrars (default: 9899)', port);
}

export function registrarAddress(text: string, previous: readonly string[]): readonly string[] {
  accept(() => parseRegistrarAddress(text));
  return [...previous, text];
}

export function ipAddress(text: string): string {
  if (isIP(text)) return text;
  throw new InvalidArgumentError('Write an IPv4 or IPv6 address, for example 10.1.2.3.');
}

export function ipAddresses(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, ipAddress(text)];
}

export const port = integerBetween(1, 65_535);
export const portOrAny = integerBetween(0, 65_535);
export const milliseconds = integerBetween(1, 2 ** 31 - 1);
export const identifier = integerBetween(1, 0xffff_ffff);

/** Reads decimal and 0x-hexadecimal whole numbers. */
export function integerBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^(\d+|0x[0-9a-f]+)$/i.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`);
  };
}

/** Turns the library's ConfigError into the parser's own kind, so that it names the option. */
export function accept<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof ConfigError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}
