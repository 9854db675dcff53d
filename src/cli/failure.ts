/** What people are told when a command has failed: a sentence, or the stack of what should not happen. */

import process from 'node:process';
import { RSerPoolError } from '../errors.ts';

export function tellFailure(error: unknown): void {
  process.stderr.write(`rserpool: ${textOf(error)}\n`);
}

function textOf(error: unknown): string | undefined {
  if (error instanceof RSerPoolError) return error.message;
  return error instanceof Error ? error.stack : String(error);
}
