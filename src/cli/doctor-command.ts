/** `rserpool doctor`: what this machine offers a registrar, and what to do where something is missing. */

import process from 'node:process';
import { Command } from 'commander';
import { type Check, examine } from '../transport/doctor.ts';
import { tellProgram } from './failure.ts';
import { createOutput } from './output.ts';

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check what this machine offers: SCTP backend, ports, multicast')
    .option('--json', 'print one JSON object per line')
    .addHelpText('after', '\nExit code 1 if there is a problem; warnings do not count.')
    .action(runDoctor);
}

async function runDoctor(options: { json?: true }): Promise<void> {
  const output = createOutput(options.json === true);
  const checks = await examine();
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
