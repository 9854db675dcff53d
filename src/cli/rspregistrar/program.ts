/**
 * The command `rspregistrar`: a registrar with the command line of rsplib's program of that name. Exit codes
 * are that program's: 0 a clean end, 1 anything else. The options are `option-table.ts`.
 */

import { randomInt } from 'node:crypto';
import process from 'node:process';
import { createRegistrar, type RegistrarServer } from '../../daemon/registrar-server.ts';
import { ConfigError, RSerPoolError } from '../../errors.ts';
import { systemClock } from '../../runtime/clock.ts';
import { digestedLog } from '../digested-log.ts';
import { DEFAULT_DIGEST } from '../event-digest.ts';
import { aborted, runService, unlessAborted } from '../lifecycle/run-service.ts';
import { standardOutput } from '../lifecycle/standard-streams.ts';
import { openLog } from '../log/open-log.ts';
import type { ProgramLog } from '../log/text-log.ts';
import { version } from '../version.ts';
import { readCommandLine } from './command-line.ts';
import { helpText, startText } from './help.ts';
import { Milestones } from './milestones.ts';
import type { OptionValues } from './option-table.ts';
import { portOf, settingsOf } from './settings.ts';

/** rsplib's range of random ports, and how many of them may be taken. */
const RANDOM_PORTS = [10_000, 60_000] as const;
const MAX_TAKEN_PORTS = 64;

const EXIT_FAILED = 1;

/** Runs the registrar of the command line and sets the exit code. */
export async function main(): Promise<void> {
  try {
    await answer();
  } catch (error) {
    const isOurs = error instanceof RSerPoolError;
    const text = isOurs ? error.message : error instanceof Error ? error.stack : String(error);
    process.stderr.write(`rspregistrar: ${text}\n`);
    process.exitCode = EXIT_FAILED;
  }
}

async function answer(): Promise<void> {
  const { values, notes, asksFor } = readCommandLine(process.argv.slice(2), process.env);
  if (asksFor === 'help') return print(helpText());
  if (asksFor === 'version') return print(`rspregistrar ${version()}\n`);
  const log = logFor(values);
  for (const note of notes) log.warn({}, note);
  const isExplicit = values.loglevel !== undefined || values.logquiet;
  const milestones = values.quiet || isExplicit ? undefined : new Milestones(log, print);
  await runService(log, (stopped) => serve(values, log, milestones, stopped));
}

async function serve(
  values: OptionValues,
  log: ProgramLog,
  milestones: Milestones | undefined,
  stopped: AbortSignal,
): Promise<void> {
  const registrar = await start(values, milestones?.log ?? log, stopped);
  if (!values.quiet) print(startText(version(), registrar, values));
  milestones?.begin();
  await aborted(stopped);
  await registrar.close();
  log.info({ registrarId: registrar.id }, 'ended');
  if (!values.quiet) print('Stopped.\n');
}

/** Where no port is named: the first of some random ones that is free. */
async function start(
  values: OptionValues,
  log: ProgramLog,
  stopped: AbortSignal,
): Promise<RegistrarServer> {
  const settings = await unlessAborted(settingsOf(values, log), stopped);
  const [asapPort, enrpPort] = [portOf(values.asap), portOf(values.enrp)];
  for (let taken = 0; ; taken++) {
    try {
      const asap = { ...settings.asap, port: asapPort || randomInt(...RANDOM_PORTS) };
      const enrp = { ...settings.enrp, port: enrpPort || randomInt(...RANDOM_PORTS) };
      return await createRegistrar({ ...settings, asap, enrp });
    } catch (error) {
      const isTaken = error instanceof ConfigError && error.key === 'port';
      const mayRetry = asapPort === 0 || enrpPort === 0;
      if (!mayRetry || !isTaken || taken === MAX_TAKEN_PORTS) throw error;
    }
  }
}

function logFor(values: OptionValues): ProgramLog {
  const { logfile, logappend, logcolor, loglevel, logquiet, quiet } = values;
  const log = openLog({
    program: 'rspregistrar',
    level: logquiet ? 0 : (loglevel ?? DEFAULT_LOG_LEVEL),
    file: logappend ?? logfile,
    appends: logappend !== undefined,
    isColoured: logcolor === undefined ? undefined : logcolor === 'on',
    isJson: false,
    say: (text) => {
      if (!quiet) print(`${text}\n`);
    },
  });
  return digestedLog(log, DEFAULT_DIGEST, systemClock);
}

/** Warnings; the milestones are shown besides. */
const DEFAULT_LOG_LEVEL = 2;

function print(text: string): void {
  standardOutput.write(text);
}
