/**
 * The log of a program: a line for each entry, text for people or JSON for programs, in rsplib's levels. Where
 * the lines go is a `LogDestination`.
 */

import { styleText } from 'node:util';
import { pino, stdTimeFunctions } from 'pino';
import type { PoolElementState } from '../../handlespace/pool-element.ts';
import { type Logger, SILENT } from '../../protocol/logger.ts';
import { formatId, formatPoolHandle } from '../../types.ts';

/** The log of a process, and what its lifecycle needs of it. */
export interface ProgramLog extends Logger {
  /** `rserpool` or `rspregistrar`. */
  readonly program: string;
  /** Otherwise it goes to a file. */
  readonly isOnStandardError: boolean;
  /** Opens the file again under its name. */
  reopen(): void;
  /** Writes a sentence about the log to standard output. */
  say(text: string): void;
}

export type LogLevel = keyof Logger | 'silent';

type Colour = Parameters<typeof styleText>[0];

interface Level {
  /** rsplib's number: 1 errors to 4 and more everything. */
  readonly number: number;
  readonly title: string;
  readonly colour: Colour;
}

/** rsplib's levels, words and colours; the names are the machines'. */
const LEVELS: Readonly<Record<keyof Logger, Level>> = {
  error: { number: 1, title: 'Error', colour: 'redBright' },
  warn: { number: 2, title: 'Warning', colour: 'magentaBright' },
  info: { number: 3, title: 'Note', colour: 'greenBright' },
  debug: { number: 4, title: 'Action', colour: 'blueBright' },
  trace: { number: 5, title: 'Verbose', colour: 'dim' },
};

const METHODS = Object.keys(LEVELS) as (keyof Logger)[];

export const LOG_LEVELS = ['silent', ...Object.keys(LEVELS)] as LogLevel[];

/** What `createLog` gets as its level for `--log-level`. */
export function numberOf(level: LogLevel): number {
  return level === 'silent' ? 0 : LEVELS[level].number;
}

export interface LogFormat {
  readonly isColoured: boolean;
  readonly isJson: boolean;
}

/** Logs entries up to a level: 0 nothing, 1 errors, 2 warnings, 3 notes, 4 and more everything. */
export function createLog(level: number, format: LogFormat, write: (line: string) => void): Logger {
  const log = format.isJson ? jsonLog(write) : textLog(format, write);
  const methods = METHODS.filter((method) => LEVELS[method].number <= level);
  return { ...SILENT, ...Object.fromEntries(methods.map((method) => [method, log[method]])) };
}

function textLog({ isColoured }: LogFormat, write: (line: string) => void): Logger {
  const entries = METHODS.map((method) => [
    method,
    (fields: object, text: string) => write(textEntry(method, fields, text, isColoured)),
  ]);
  return Object.fromEntries(entries);
}

function jsonLog(write: (line: string) => void): Logger {
  const options = {
    level: 'trace',
    base: null,
    messageKey: 'text',
    timestamp: stdTimeFunctions.isoTime,
    formatters: {
      level: (level: string) => ({ level }),
      log: (fields: object) => Object.fromEntries(describe(fields)),
    },
  };
  const logger = pino(options, { write });
  const entries = METHODS.map((method) => [method, logger[method].bind(logger)]);
  return Object.fromEntries(entries);
}

/** One line with its line feed. */
export function formatEntry(
  method: keyof Logger,
  fields: object,
  text: string,
  format: LogFormat,
): string {
  let entry = '';
  createLog(Number.POSITIVE_INFINITY, format, (line) => {
    entry = line;
  })[method](fields, text);
  return entry;
}

function textEntry(
  method: keyof Logger,
  fields: object,
  text: string,
  isColoured: boolean,
): string {
  const { title, colour } = LEVELS[method];
  const shown = isColoured ? styleText(colour, title, { validateStream: false }) : title;
  const details = describe(fields)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
  return `${new Date().toISOString()} ${shown}: ${text}${details === '' ? '' : ` (${details})`}\n`;
}

function describe(fields: object): [name: string, value: string | number | boolean][] {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, describeValue(name, value)]);
}

function describeValue(name: string, value: unknown): string | number | boolean {
  if (name === 'poolElement') return describePoolElement(value as PoolElementState);
  if (name.endsWith('Id')) return formatId(Number(value));
  if (name === 'causeCode') return `0x${Number(value).toString(16)}`;
  return typeof value === 'number' || typeof value === 'boolean' ? value : String(value);
}

function describePoolElement({ poolHandle, id }: PoolElementState): string {
  return `${formatPoolHandle(poolHandle)} ${formatId(id)}`;
}
