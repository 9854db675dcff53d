#!/usr/bin/env node
/**
 * The command `rspregistrar`: a registrar with the command line of rsplib's program of that name. Exit codes
 * are that program's: 0 a clean end, 1 anything else. The options are `rspregistrar/option-table.ts`.
 */

import { randomInt } from 'node:crypto';
import process from 'node:process';
import { createRegistrar, type RegistrarServer } from '../daemon/registrar-server.ts';
import { ConfigError, RSerPoolError } from '../errors.ts';
import { systemClock } from '../runtime/clock.ts';
import { digestedLog } from './digested-log.ts';
import { DEFAULT_DIGEST } from './event-digest.ts';
import { readCommandLine } from './rspregistrar/command-line.ts';
import { helpText, startText } from './rspregistrar/help.ts';
import type { OptionValues } from './rspregistrar/option-table.ts';
import { portOf, settingsOf } from './rspregistrar/settings.ts';
import { openTextLog, type TextLog } from './rspregistrar/text-log.ts';
import { aborted, runUntilStopped } from './until-stopped.ts';
import { version } from './version.ts';

/** rsplib's range of random ports, and how many of them may be taken. */
const RANDOM_PORTS = [10_000, 60_000] as const;
const MAX_TAKEN_PORTS = 64;

async function main(): Promise<void> {
  const { values, notes, asksFor } = readCommandLine(process.argv.slice(2), process.env);
  if (asksFor === 'help') return print(helpText());
  if (asksFor === 'version') return print(`rspregistrar ${version()}\n`);
  const log = openLog(values);
  for (const note of notes) log.warn({}, note);
  await runUntilStopped((stopped) => run(values, log, stopped));
}

async function run(values: OptionValues, log: TextLog, stopped: AbortSignal): Promise<void> {
  const registrar = await start(values, log);
  log.info({ registrarId: registrar.id }, 'started');
  if (!values.quiet) print(startText(version(), registrar, values));
  await aborted(stopped);
  await registrar.close();
  log.info({ registrarId: registrar.id }, 'ended');
  if (!values.quiet) print('Stopped.\n');
}

/** Where no port is named: the first of some random ones that is free. */
async function start(values: OptionValues, log: TextLog): Promise<RegistrarServer> {
  const settings = await settingsOf(values, log);
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

function openLog(values: OptionValues): TextLog {
  const { logfile, logappend, logcolor } = values;
  const log = openTextLog({
    level: values.logquiet ? 0 : values.loglevel,
    file: logappend ?? logfile,
    appends: logappend !== undefined,
    isColoured: logcolor === undefined ? undefined : logcolor === 'on',
  });
  // Without a file a hang-up ends the program, as ever.
  if (logappend ?? logfile) process.on('SIGHUP', () => log.reopen());
  return digestedLog(log, DEFAULT_DIGEST, systemClock);
}

function print(text: string): void {
  process.stdout.write(text);
}

// A reader that went away ("rspregistrar | head") is no reason to stop serving.
process.stdout.on('error', () => {});

try {
  await main();
} catch (error) {
  const isOurs = error instanceof RSerPoolError;
  const text = isOurs ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`rspregistrar: ${text}\n`);
  process.exitCode = 1;
}
