/** `rserpool help [COMMAND]` and `rserpool version`: the same as `--help` and `--version`. */

import process from 'node:process';
import { Command } from 'commander';
import { createOutput } from './output.ts';
import { version } from './version.ts';

export function helpCommand(root: Command): Command {
  return new Command('help')
    .description('show the help of a command')
    .argument('[command...]', 'for example: serve echo')
    .option('--json', 'print one JSON object per line')
    .action((names: readonly string[]) => commandNamed(root, names).outputHelp());
}

/** Ends the program with a usage error for a name that is not a command. */
function commandNamed(root: Command, names: readonly string[]): Command {
  return names.reduce((command, name) => {
    const found = command.commands.find((one) => one.name() === name);
    return found ?? command.error(`error: unknown command '${name}'`);
  }, root);
}

export function versionCommand(): Command {
  return new Command('version')
    .description('print the version')
    .option('--json', 'print one JSON object per line')
    .action(({ json }: { json?: true }) => {
      if (json) createOutput(true).json({ version: version() });
      else process.stdout.write(`${version()}\n`);
    });
}
