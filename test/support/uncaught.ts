/** Exceptions that reach the process: what an application would see as `uncaughtException`. */

import process from 'node:process';
import { setImmediate } from 'node:timers/promises';

export interface Uncaught<Result> {
  readonly result: Result;
  /** Messages of uncaught exceptions, in order. */
  readonly exceptions: readonly string[];
  /** Messages of unhandled rejections. */
  readonly rejections: readonly string[];
}

/** Runs `run` with handlers of its own in place of the test runner's, which fails every run that throws like this. */
export async function uncaughtDuring<Result>(
  run: () => Promise<Result> | Result,
): Promise<Uncaught<Result>> {
  const exceptions: string[] = [];
  const rejections: string[] = [];
  const restored = (['uncaughtException', 'unhandledRejection'] as const).map((name) => {
    const listeners = process.listeners(name as 'uncaughtException');
    const into = name === 'uncaughtException' ? exceptions : rejections;
    process.removeAllListeners(name);
    process.on(name, (error: unknown) =>
      into.push(error instanceof Error ? error.message : `${error}`),
    );
    return () => {
      process.removeAllListeners(name);
      for (const listener of listeners) process.on(name, listener);
    };
  });
  try {
    const result = await run();
    await setImmediate(); // what is to be thrown on the next tick has been
    return { result, exceptions, rejections };
  } finally {
    for (const restore of restored) restore();
  }
}
