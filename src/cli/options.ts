/** The options that several commands share, and how their values are read. */

import { isIP } from 'node:net';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseRegistrarAddress } from '../client/registrar-address.ts';
import { ConfigError } from '../errors.ts';
import { systemClock } from '../runtime/clock.ts';
import { TRANSPORTS, type Transport } from '../transport/open.ts';
import { digestedOutput } from './digested-output.ts';
import { DEFAULT_DIGEST } from './event-digest.ts';
import { addLogOptions, type LogOptions } from './log/log-options.ts';
import { createOutput, type Output } from './output.ts';

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
      new Option('--transport <name>', 'SCTP backend; auto selects the best one available')
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
    .addOption(
      new Option(
        '--registrar <address>',
        'a registrar to use: HOST[:PORT][/UDPPORT]; repeat for more',
      )
        .argParser(registrarAddress)
        .default([], 'discovered by multicast'),
    )
    .option('--registrar-udp-port <port>', 'UDP port of the registrars (default: 9899)', port);
}

/** `--max-event-rate`: commands that print events for as long as they run. */
export interface EventRateOption {
  readonly maxEventRate: number;
}

export function addEventRate(command: Command): Command {
  return command.option(
    '--max-event-rate <number>',
    'events of a kind per second that are printed one by one, above it they are counted; 0: no limit',
    integerBetween(0, 1_000_000),
    DEFAULT_DIGEST.maxEventsPerWindow,
  );
}

/** Output for a command with `--json` and `--max-event-rate`. */
export function digestedOutputOf(options: EventRateOption & { readonly json?: true }): Output {
  const maxEventsPerWindow = options.maxEventRate || Number.POSITIVE_INFINITY;
  const settings = { ...DEFAULT_DIGEST, maxEventsPerWindow };
  return digestedOutput(createOutput(options.json === true), settings, systemClock);
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
