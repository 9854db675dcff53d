/** Opens the log of a program: a file, or standard error. */

import { standardError } from '../lifecycle/standard-streams.ts';
import { type LogDestination, LogFile } from './log-file.ts';
import { createLog, formatEntry, type LogFormat, type ProgramLog } from './text-log.ts';

export interface LogSettings {
  /** `rserpool` or `rspregistrar`. */
  readonly program: string;
  /** 0 nothing, 1 errors, 2 warnings, 3 notes, 4 and more everything. */
  readonly level: number;
  /** Default: standard error. */
  readonly file?: string | undefined;
  /** Whether a file keeps what it holds. */
  readonly appends: boolean;
  /** Default: on a terminal. */
  readonly isColoured?: boolean | undefined;
  readonly isJson: boolean;
  /** Writes a sentence about the log to standard output, where it cannot be written elsewhere. */
  say(text: string): void;
}

/** Throws ConfigError when the file cannot be opened. */
export function openLog(settings: LogSettings): ProgramLog {
  const { program, level, file, isJson, say } = settings;
  const isOnStandardError = file === undefined;
  const isColoured = settings.isColoured ?? (isOnStandardError && standardError.isTerminal);
  const format = { isColoured, isJson };
  const destination = isOnStandardError ? ON_STANDARD_ERROR : inFile(settings, file, format);
  const log = createLog(level, format, (line) => destination.write(line));
  return { ...log, program, isOnStandardError, say, reopen: () => destination.reopen() };
}

const ON_STANDARD_ERROR: LogDestination = {
  write: (line) => standardError.write(line),
  reopen: () => {},
};

/** What the log cannot say of itself goes to standard error, or else to standard output. */
function inFile(
  { program, appends, say }: LogSettings,
  path: string,
  format: LogFormat,
): LogDestination {
  return new LogFile({
    path,
    appends,
    gapLine: (linesLost) => formatEntry('warn', { linesLost }, 'lines lost', format),
    onProblem: (text) => standardError.write(`${program}: ${text}\n`, () => say(text)),
  });
}
