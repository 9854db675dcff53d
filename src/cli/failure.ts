/** How a command reports that it failed: a sentence on standard error and, with `--json`, a last line on standard output. */

import process from 'node:process';
import { CommanderError } from 'commander';
import { RSerPoolError } from '../errors.ts';

/** Code of a command that was called wrongly. */
const USAGE = 'ERR_RSERPOOL_USAGE';

/** Code of an error that should not happen: a defect of this package. */
const INTERNAL = 'ERR_RSERPOOL_INTERNAL';

/** Reports an error. For a defect, the sentence is followed by the stack. */
export function tellFailure(error: unknown): void {
  const isDefect = error instanceof Error && !(error instanceof RSerPoolError);
  process.stderr.write(`rserpool: ${isDefect ? error.stack : messageOf(error)}\n`);
  tellProgram(codeOf(error), messageOf(error));
}

/** Reports a usage error, of which the parser has already written the sentence. */
export function tellUsageError({ code, message }: CommanderError): void {
  const isWithoutCommand = code === 'commander.help';
  tellProgram(USAGE, isWithoutCommand ? 'no command was given' : message.replace(/^error: /, ''));
}

/** Reports a failure that has been shown in another way already: in the last line, after summaries of events. */
export function tellProgram(code: string, message: string): void {
  if (!isForProgram(process.argv.slice(2))) return;
  const line = `${JSON.stringify({ error: { code, message } })}\n`;
  process.once('exit', () => process.stdout.write(line));
}

/** Whether the command line has `--json`, also where it could not be read. */
function isForProgram(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? args.length : end).includes('--json');
}

function codeOf(error: unknown): string {
  if (error instanceof CommanderError) return USAGE;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : INTERNAL;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
