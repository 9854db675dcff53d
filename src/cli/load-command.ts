/** `rserpool load`: loads a registrar and measures it, with the load program (`load-program.ts`). */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { Command } from 'commander';
import { tellProgram } from './failure.ts';
import { builtLoadProgram, hasLoadProgram, NOT_IN_PACKAGE } from './load-program.ts';
import { addLogOptions, type LogOptions, openCommandLog } from './log/log-options.ts';

const MAX_MESSAGE_CHARACTERS = 4_096;

export function loadCommand(): Command {
  const command = new Command('load')
    .description('load a registrar with requests, check every answer and measure')
    .argument('[options...]', 'for the load program')
    .allowUnknownOption()
    .addHelpText('after', () => `\n${hasLoadProgram() ? programHelp() : NOT_IN_PACKAGE}`)
    .action(runLoad);
  return addLogOptions(command);
}

function programHelp(): string {
  return execFileSync(builtLoadProgram(), ['--help'], { encoding: 'utf8' });
}

async function runLoad(options: readonly string[], logOptions: LogOptions): Promise<void> {
  const log = openCommandLog(logOptions);
  const file = builtLoadProgram();
  log.info({ file, options: options.join(' ') }, 'load program started');
  const program = spawn(file, options, { stdio: ['inherit', 'inherit', 'pipe'] });
  let said = '';
  program.stderr?.setEncoding('utf8').on('data', (text: string) => {
    process.stderr.write(text);
    said = `${said}${text}`.slice(-MAX_MESSAGE_CHARACTERS);
  });
  // Ctrl-C reaches it as well: it ends, and then so do we.
  process.on('SIGINT', () => undefined);
  const [code, signal] = await once(program, 'close');
  log.info({ code: code ?? signal }, 'load program ended');
  if (code === 0) return;
  const message = said.trim().replace(/^rserpool-load: /, '');
  tellProgram('ERR_RSERPOOL_LOAD', message || `The load program ended with ${signal ?? code}.`);
  process.exitCode = code ?? 1;
}
