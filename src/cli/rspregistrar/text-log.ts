/**
 * The log of `rspregistrar`: a line of text for each entry, in rsplib's levels, to a file or to standard
 * error. Written at once, so that nothing is lost when the process ends; a log that cannot be written to is
 * said once and stops nobody.
 */

import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { styleText } from 'node:util';
import { destination } from 'pino';
import { ConfigError } from '../../errors.ts';
import type { PoolElementState } from '../../handlespace/pool-element.ts';
import { type Logger, SILENT } from '../../protocol/logger.ts';
import { formatId, formatPoolHandle } from '../../types.ts';

export interface TextLogSettings {
  /** 0 nothing, 1 errors, 2 warnings, 3 notes, 4 and more everything. */
  readonly level: number;
  /** Default: standard error. */
  readonly file?: string | undefined;
  /** Whether a file keeps what it holds. */
  readonly appends: boolean;
  /** Default: on a terminal. */
  readonly isColoured?: boolean | undefined;
}

export interface TextLog extends Logger {
  /** Opens the file again under its name: whoever moved it away (logrotate) gets a new one. */
  reopen(): void;
}

type Colour = Parameters<typeof styleText>[0];
type Entry = readonly [level: number, title: string, colour: Colour];

/** rsplib's levels, words and colours. */
const ENTRIES: Readonly<Record<keyof Logger, Entry>> = {
  error: [1, 'Error', 'redBright'],
  warn: [2, 'Warning', 'magentaBright'],
  info: [3, 'Note', 'greenBright'],
  debug: [4, 'Action', 'blueBright'],
  trace: [5, 'Verbose', 'dim'],
};

const STANDARD_ERROR = 2;

/** Throws ConfigError when the file cannot be opened. */
export function openTextLog(settings: TextLogSettings): TextLog {
  const { level, file, isColoured = file === undefined && process.stderr.isTTY } = settings;
  const output = openDestination(settings);
  const writers = Object.entries(ENTRIES)
    .filter(([, [least]]) => least <= level)
    .map(([method, [, title, colour]]) => {
      const shown = isColoured ? styleText(colour, title, { validateStream: false }) : title;
      const write = (fields: object, text: string) => {
        output.write(`${new Date().toISOString()} ${shown}: ${text}${describe(fields)}\n`);
      };
      return [method, write];
    });
  return { ...SILENT, ...Object.fromEntries(writers), reopen: () => output.reopen() };
}

function openDestination({ file, appends }: TextLogSettings) {
  try {
    // Emptied here, for what is opened again (`reopen`) keeps what it holds.
    if (file !== undefined && !appends) writeFileSync(file, '');
    const output = destination({ dest: file ?? STANDARD_ERROR, append: true, sync: true });
    output.once('error', (error: Error) => {
      output.on('error', () => {}); // said before
      if (file === undefined) return; // there is nobody to say it to
      process.stderr.write(`rspregistrar: the log ${file} cannot be written: ${error.message}\n`);
    });
    return output;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError('logfile', `The log ${file} cannot be opened: ${why}.`, { cause });
  }
}

/** ` (association 7, reason timeout)` */
function describe(fields: object): string {
  const shown = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${describeValue(name, value)}`);
  return shown.length === 0 ? '' : ` (${shown.join(', ')})`;
}

function describeValue(name: string, value: unknown): string {
  if (name === 'poolElement') return describePoolElement(value as PoolElementState);
  if (name.endsWith('Id')) return formatId(Number(value));
  if (name === 'causeCode') return `0x${Number(value).toString(16)}`;
  return String(value);
}

function describePoolElement({ poolHandle, id }: PoolElementState): string {
  return `${formatPoolHandle(poolHandle)} ${formatId(id)}`;
}
