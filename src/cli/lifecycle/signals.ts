/**
 * The signals of a service, caught before the rest of the program is loaded: a stop that arrives meanwhile is
 * kept for `onSignals`. docs/lifecycle.md says what each signal does.
 */

import { url as debuggerUrl, close as stopDebugger } from 'node:inspector';

/** What a service does on a signal. */
export interface SignalActions {
  /** The first SIGTERM, SIGINT or SIGQUIT. */
  stop(): void;
  /** Each SIGHUP. */
  hangUp(): void;
}

const STOPPING = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;

/** As shells report a process that SIGINT ended. */
const EXIT_INTERRUPTED = 130;

let actions: SignalActions | undefined;
let isStopping = false;
let hasHungUp = false;

/** Catches the signals of a service: none of them ends the process at once, except a second SIGINT. */
export function catchSignals(): void {
  for (const name of STOPPING) process.on(name, onStop);
  process.on('SIGHUP', () => {
    hasHungUp = true;
    actions?.hangUp();
  });
  process.on('SIGUSR2', () => {});
}

/** Has the signals handled, those that arrived before as well. Returns a function that ends this. */
export function onSignals(handlers: SignalActions): () => void {
  actions = handlers;
  if (isStopping) handlers.stop();
  if (hasHungUp) handlers.hangUp();
  return () => {
    actions = undefined;
  };
}

/**
 * Ignores SIGUSR1, on which Node.js opens its debugger. A signal that arrived before this call has opened it:
 * then it is closed, unless the debugger was asked for.
 */
export function ignoreDebuggerSignal(): void {
  process.on('SIGUSR1', () => {});
  closeDebugger();
  // Node.js opens it in a turn of the event loop.
  setImmediate(closeDebugger);
}

function closeDebugger(): void {
  const options = [...process.execArgv, process.env.NODE_OPTIONS ?? ''];
  const isWanted = options.some((text) => text.includes('--inspect'));
  if (!isWanted && debuggerUrl() !== undefined) stopDebugger();
}

function onStop(name: NodeJS.Signals): void {
  if (!isStopping) {
    isStopping = true;
    actions?.stop();
  } else if (name === 'SIGINT') process.exit(EXIT_INTERRUPTED);
}
