/**
 * The life of a service, from its start to its end: signals, standard streams that fail, file descriptors that
 * run out, unexpected exceptions. docs/lifecycle.md has the table.
 */

import process from 'node:process';
import type { ProgramLog } from '../log/text-log.ts';
import { watchDescriptors } from './descriptor-watch.ts';
import { onSignals } from './signals.ts';
import { standardError, standardOutput } from './standard-streams.ts';

export interface ServiceOptions {
  /** Whether SIGHUP and a closed standard output end it, as for a demonstration on a terminal. Default false. */
  readonly endsWithTerminal?: boolean;
}

/**
 * The longest that a service may take to end: a registrar hands over for up to 5 s, then ends the associations of
 * pool elements and peers for up to 2 s each.
 */
export const HANDOVER_LIMIT_MS = 15_000;

/** Unexpected exceptions that are logged; a defect may throw one for each message. */
const MAX_FAULTS_LOGGED = 10;

const EXIT_FAILED = 1;

/**
 * Runs a service with a signal that is aborted at the first of: SIGTERM, SIGINT, SIGQUIT, the end of the parent
 * process where there is an IPC channel to it, an unexpected exception. A service that then rejects with an
 * AbortError has ended as it was told to. Sets the exit code to 1 after an unexpected exception, and when the
 * service has not ended in time.
 */
export async function runService(
  log: ProgramLog,
  run: (stopped: AbortSignal) => Promise<void>,
  { endsWithTerminal = false }: ServiceOptions = {},
): Promise<void> {
  const stop = new AbortController();
  const { signal } = stop;
  const end = () => stop.abort();
  watchStreams(log, endsWithTerminal ? end : undefined);
  const releases = [
    onSignals({ stop: end, hangUp: endsWithTerminal ? end : () => log.reopen() }),
    watchDescriptors(log),
    onFaults(log, end),
    onParentsEnd(end),
  ];
  try {
    await Promise.race([run(signal), handoverTimeout(signal, log)]);
  } catch (error) {
    const isOfStop = error instanceof Error && error.name === 'AbortError';
    if (!signal.aborted || !isOfStop) throw error;
  } finally {
    for (const release of releases) release();
  }
}

/** Resolves when the signal is aborted, at once if it is already. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Rejects with an AbortError as soon as the signal is aborted, for steps of the start that can be abandoned. */
export function unlessAborted<Value>(step: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const abandoned = aborted(signal).then((): never => {
    throw signal.reason;
  });
  return Promise.race([step, abandoned]);
}

/** Resolves when a service that was stopped has had its time. */
async function handoverTimeout(signal: AbortSignal, log: ProgramLog): Promise<void> {
  await aborted(signal);
  await new Promise<void>((resolve) => setTimeout(resolve, HANDOVER_LIMIT_MS));
  process.exitCode = EXIT_FAILED;
  log.error({ limitMs: HANDOVER_LIMIT_MS }, 'not ended in time: the rest is abandoned');
}

/**
 * Standard output that fails is reported to the log; the log on standard error to standard output. Lasts until the
 * process ends, because the last lines may fail after the service has ended.
 */
function watchStreams(log: ProgramLog, onOutputFailure?: () => void): void {
  standardOutput.watcher = {
    failed(reason) {
      if (onOutputFailure !== undefined) onOutputFailure();
      else log.warn({ reason }, 'standard output cannot be written');
    },
    recovered: (linesLost) => log.warn({ linesLost }, 'standard output can be written again'),
  };
  standardError.watcher = {
    failed(reason) {
      if (log.isOnStandardError) log.say(`standard error cannot be written: ${reason}`);
      else log.warn({ reason }, 'standard error cannot be written');
    },
    recovered: (linesLost) => log.warn({ linesLost }, 'standard error can be written again'),
  };
}

/** A defect ends the service, which still hands over what it can. */
function onFaults(log: ProgramLog, end: () => void): () => void {
  let faults = 0;
  const onFault = (error: unknown) => {
    faults += 1;
    process.exitCode = EXIT_FAILED;
    if (faults <= MAX_FAULTS_LOGGED) reportFault(log, error);
    end();
  };
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
  return () => {
    process.off('uncaughtException', onFault);
    process.off('unhandledRejection', onFault);
  };
}

function reportFault(log: ProgramLog, error: unknown): void {
  const stack = error instanceof Error ? error.stack : String(error);
  log.error({ stack }, 'unexpected exception: the service ends, please report this defect');
  if (log.isOnStandardError) return;
  standardError.write(`${log.program}: unexpected exception, see the log: ${String(error)}\n`);
}

/** A parent with an IPC channel is `rserpool dev`, whose processes end with it however it ends. */
function onParentsEnd(end: () => void): () => void {
  process.on('disconnect', end);
  if (process.connected === false) end(); // it has ended while this program was loaded
  return () => process.off('disconnect', end);
}
