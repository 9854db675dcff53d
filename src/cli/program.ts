/**
 * The command `rserpool`: its subcommands, and what becomes of errors. Exit codes: 0 success, 1 failure, 2 wrong
 * usage; `diff` has others. Each subcommand is a file of its own.
 */

import process from 'node:process';
import { Command, CommanderError } from 'commander';
import { ConfigError } from '../errors.ts';
import { devCommand } from './dev/dev-command.ts';
import { doctorCommand } from './doctor-command.ts';
import { tellFailure, tellUsageError } from './failure.ts';
import { helpCommand, versionCommand } from './help-command.ts';
import { loadCommand } from './load-command.ts';
import { registrarCommand } from './registrar-command.ts';
import { resolveCommand } from './resolve-command.ts';
import { serveCommand } from './serve-command.ts';
import { version } from './version.ts';
import { diffCommand } from './view/diff-command.ts';
import { dumpCommand } from './view/dump-command.ts';
import { elementsCommand } from './view/elements-command.ts';
import { peersCommand } from './view/peers-command.ts';
import { poolsCommand } from './view/pools-command.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** Settings of which the command line was the source, so that a bad one is a usage error. */
const GIVEN_ON_COMMAND_LINE = new Set(['registrars', 'poolHandle', 'policy', 'addresses']);

/** The command line of `rserpool`. */
export function program(): Command {
  const root = new Command('rserpool')
    .description('Reliable Server Pooling (RSerPool, RFC 5351-5356).')
    .version(version(), '-v, --version', 'print the version')
    .helpCommand(false)
    .addCommand(devCommand())
    .addCommand(doctorCommand())
    .addCommand(registrarCommand())
    .addCommand(serveCommand())
    .addCommand(resolveCommand())
    .addCommand(poolsCommand())
    .addCommand(elementsCommand())
    .addCommand(peersCommand())
    .addCommand(dumpCommand())
    .addCommand(diffCommand())
    .addCommand(loadCommand())
    .addCommand(versionCommand());
  root.addCommand(helpCommand(root));
  eachCommand(root, (command) =>
    command
      .exitOverride()
      .helpOption('-h, --help', 'print this help')
      .configureOutput({
        outputError: (text, write) => write(text.replace(/^error: /, 'rserpool: ')),
      })
      .showHelpAfterError(`See "${pathOf(command)} --help".`),
  );
  return root;
}

function eachCommand(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const child of command.commands) eachCommand(child, visit);
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0; // help or the version, as asked for
    tellUsageError(error);
    return EXIT_USAGE;
  }
  tellFailure(error);
  const isUsage = error instanceof ConfigError && GIVEN_ON_COMMAND_LINE.has(error.key);
  return isUsage ? EXIT_USAGE : EXIT_FAILED;
}

/** Runs the command of the command line and sets the exit code. */
export async function main(): Promise<void> {
  try {
    await program().parseAsync();
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}
