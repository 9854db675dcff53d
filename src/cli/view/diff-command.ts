/**
 * `rserpool diff A B`: what two registrars of one scope see differently. Exit codes: 0 nothing, 1 something, 2
 * the command was called wrongly, 3 they could not be compared.
 */

import process from 'node:process';
import { Argument, Command } from 'commander';
import { randomId } from '../../runtime/random.ts';
import { formatId } from '../../types.ts';
import { tellFailure } from '../failure.ts';
import { createOutput } from '../output.ts';
import { differencesOf } from './differences.ts';
import { addReadingOptions, enrpAddress, type ReadingOptions, read } from './view-options.ts';

const EXIT_DIFFERENT = 1;
const EXIT_NOT_COMPARED = 3;

const PARTS = ['peers', 'poolElements'] as const;
const COLUMNS = ['what', 'pool', 'id', 'a', 'b'];

export function diffCommand(): Command {
  const command = new Command('diff')
    .description(
      'compare what two registrars know: exit code 0 the same, 1 different, 3 not to be compared',
    )
    .addArgument(registrarArgument('a'))
    .addArgument(registrarArgument('b'))
    .action(diff);
  return addReadingOptions(command);
}

function registrarArgument(name: string): Argument {
  return new Argument(
    `<${name}>`,
    `registrar ${name.toUpperCase()}: HOST:PORT of its ENRP`,
  ).argParser(enrpAddress);
}

async function diff(a: string, b: string, options: ReadingOptions): Promise<void> {
  try {
    await compare(a, b, options);
  } catch (error) {
    tellFailure(error);
    process.exitCode = EXIT_NOT_COMPARED;
  }
}

/**
 * One after the other: what changes between the two may show as a difference. Under one identifier, so that no
 * view has a peer that we are ourselves.
 */
async function compare(a: string, b: string, options: ReadingOptions): Promise<void> {
  const readerId = randomId();
  const atA = await read(a, options, PARTS, readerId);
  const atB = await read(b, options, PARTS, readerId);
  const differences = differencesOf(atA, atB);
  const output = createOutput(options.json === true);
  if (differences.length > 0) {
    process.exitCode = EXIT_DIFFERENT;
    output.table(
      COLUMNS,
      differences.map((one) => ({ ...one })),
    );
  } else if (!output.isJson) {
    const { length } = atA.poolElements;
    process.stdout.write(
      `${formatId(atA.id)} and ${formatId(atB.id)} know the same registrars and the same pool elements: ${length}.\n`,
    );
  }
}
