/** `rserpool doctor`: what this machine offers a registrar, and what to do where something is missing. */

import process from 'node:process';
import { Command } from 'commander';
import { type Check, examine } from '../transport/doctor.ts';
import { tellProgram } from './failure.ts';
import { addLogOptions, type LogOptions, openCommandLog } from './log/log-options.ts';
import { createOutput } from './output.ts';

export function doctorCommand(): Command {
  const command = new Command('doctor')
    .description('check what this machine offers: SCTP backend, ports, multicast')
    .option('--json', 'print one JSON object per line')
    .addHelpText('after', '\nExit code 1 if there is a problem; warnings do not count.')
    .action(runDoctor);
  return addLogOptions(command);
}

async function runDoctor(options: LogOptions & { json?: true }): Promise<void> {
  const log = openCommandLog(options);
  const output = createOutput(options.json === true);
  const checks = await examine();
  for (const { name, state, finding } of checks) {
    log.info({ check: name, state, finding }, 'machine checked');
  }
  if (output.isJson) output.list(checks);
  else for (const check of checks) process.stdout.write(describe(check));
  const problems = checks.filter(({ state }) => state === 'problem').map(({ name }) => name);
  if (problems.length === 0) return;
  tellProgram('ERR_RSERPOOL_DOCTOR', `Problems were found: ${problems.join(', ')}.`);
  process.exitCode = 1;
}

function describe({ name, state, finding, remedy }: Check): string {
  const first = `${state.padEnd(7)}  ${name.padEnd(13)}  ${finding}\n`;
  return remedy === undefined ? first : `${first}${' '.repeat(24)}${remedy}\n`;
}
