/**
 * `rserpool diff A B`: what two registrars of one scope see differently. Exit codes: 0 nothing, 1 something, 2
 * the command was called wrongly, 3 they could not be compared.
 */

import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { Argument, Command } from 'commander';
import type { RegistrarView } from '../../client/registrar-view.ts';
import { randomId } from '../../runtime/random.ts';
import { tellFailure } from '../failure.ts';
import { createOutput } from '../output.ts';
import { differencesOf, lastingDifferences } from './differences.ts';
import { addReadingOptions, enrpAddress, type ReadingOptions, read } from './view-options.ts';

const EXIT_DIFFERENT = 1;
const EXIT_NOT_COMPARED = 3;

/** For what is on its way between them. */
const CONFIRMATION_DELAY_MS = 1_000;

const PARTS = ['peers', 'poolElements'] as const;
const COLUMNS = ['what', 'pool', 'id', 'a', 'b'];

export function diffCommand(): Command {
  const command = new Command('diff')
    .description(
      'compare what two registrars know: exit code 0 same, 1 different, 3 one could not be read',
    )
    .addArgument(registrarArgument('a'))
    .addArgument(registrarArgument('b'))
    .addHelpText(
      'after',
      `
Both are read at the same time. Differences are read again after ${CONFIRMATION_DELAY_MS / 1_000} s, so updates in transit
are not reported.`,
    )
    .action(diff);
  return addReadingOptions(command);
}

function registrarArgument(name: string): Argument {
  return new Argument(
    `<${name}>`,
    `registrar ${name.toUpperCase()}: HOST[:PORT][/UDPPORT], with its ENRP port`,
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

type Views = readonly [a: RegistrarView, b: RegistrarView];

/** Where one of them cannot be read the other need not be. A local UDP port of ours only one can have. */
async function readBoth(
  a: string,
  b: string,
  options: ReadingOptions,
  readerId: number,
): Promise<Views> {
  const failed = new AbortController();
  const { signal } = failed;
  const viewOf = (one: string) => read(one, options, PARTS, { readerId, signal });
  if (options.udpPort) return [await viewOf(a), await viewOf(b)];
  try {
    return await Promise.all([viewOf(a), viewOf(b)]);
  } catch (error) {
    failed.abort();
    throw error;
  }
}

async function compare(a: string, b: string, options: ReadingOptions): Promise<void> {
  // One, so that no view has a peer that we are ourselves.
  const readerId = randomId();
  let [atA, atB] = await readBoth(a, b, options, readerId);
  let differences = differencesOf(atA, atB);
  if (differences.length > 0) {
    await wait(CONFIRMATION_DELAY_MS);
    [atA, atB] = await readBoth(a, b, options, readerId);
    differences = lastingDifferences(differences, differencesOf(atA, atB));
  }
  const output = createOutput(options.json === true);
  if (differences.length > 0) process.exitCode = EXIT_DIFFERENT;
  const { length } = atA.poolElements;
  output.table(
    COLUMNS,
    differences.map((one) => ({ ...one })),
    { nothing: `No differences (${length} pool element${length === 1 ? '' : 's'}).` },
  );
}
