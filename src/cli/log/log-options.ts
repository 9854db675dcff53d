/** `--log-level` and `--log-file`: every command of `rserpool` has them. */

import { type Command, Option } from 'commander';
import { systemClock } from '../../runtime/clock.ts';
import { digestedLog } from '../digested-log.ts';
import { DEFAULT_DIGEST } from '../event-digest.ts';
import { createOutput } from '../output.ts';
import { openLog } from './open-log.ts';
import { LOG_LEVELS, type LogLevel, numberOf, type ProgramLog } from './text-log.ts';

export interface LogOptions {
  readonly logLevel: LogLevel;
  readonly logFile?: string;
}

export function addLogOptions(command: Command, defaultLevel: LogLevel = 'warn'): Command {
  return command
    .addOption(
      new Option('--log-level <level>', 'what is logged').choices(LOG_LEVELS).default(defaultLevel),
    )
    .option('--log-file <file>', 'log behind what this file holds (default: to standard error)');
}

/** Opens the log of a command. Throws ConfigError when the file cannot be opened. */
export function openCommandLog(options: LogOptions & { readonly json?: true }): ProgramLog {
  const output = createOutput(options.json === true);
  const log = openLog({
    program: 'rserpool',
    level: numberOf(options.logLevel),
    file: options.logFile,
    appends: true,
    isJson: output.isJson,
    say: (text) => output.event('log', 'logFailed', text, {}, 'yellow'),
  });
  return digestedLog(log, DEFAULT_DIGEST, systemClock);
}
