/** `rserpool load`: loads a registrar and measures it, with the load program (`load-program.ts`). */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { Command } from 'commander';
import { builtLoadProgram } from './load-program.ts';

export function loadCommand(): Command {
  return new Command('load')
    .description('load a registrar with requests, check every answer and measure')
    .argument('[options...]', 'for the load program')
    .allowUnknownOption()
    .addHelpText(
      'after',
      () => `\n${execFileSync(builtLoadProgram(), ['--help'], { encoding: 'utf8' })}`,
    )
    .action(runLoad);
}

async function runLoad(options: readonly string[]): Promise<void> {
  const program = spawn(builtLoadProgram(), options, { stdio: 'inherit' });
  // Ctrl-C reaches it as well: it ends, and then so do we.
  process.on('SIGINT', () => undefined);
  const [code] = await once(program, 'exit');
  process.exitCode = code ?? 1;
}
