/** `rserpool load`: loads a registrar and measures it, with the load program (`load-program.ts`). */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { Command } from 'commander';
import { builtLoadProgram } from './load-program.ts';
import { addLogOptions, type LogOptions, openCommandLog } from './log/log-options.ts';

export function loadCommand(): Command {
  const command = new Command('load')
    .description('load a registrar with requests, check every answer and measure')
    .argument('[options...]', 'for the load program')
    .allowUnknownOption()
    .addHelpText(
      'after',
      () => `\n${execFileSync(builtLoadProgram(), ['--help'], { encoding: 'utf8' })}`,
    )
    .action(runLoad);
  return addLogOptions(command);
}

async function runLoad(options: readonly string[], logOptions: LogOptions): Promise<void> {
  const log = openCommandLog(logOptions);
  const file = builtLoadProgram();
  log.info({ file, options: options.join(' ') }, 'load program started');
  const program = spawn(file, options, { stdio: 'inherit' });
  // Ctrl-C reaches it as well: it ends, and then so do we.
  process.on('SIGINT', () => undefined);
  const [code] = await once(program, 'exit');
  log.info({ code: code ?? undefined }, 'load program ended');
  process.exitCode = code ?? 1;
}
