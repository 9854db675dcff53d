#!/usr/bin/env node
/** The command `rserpool`: enters `program.ts`. */

import process from 'node:process';
import { main } from './program.ts';

const EXIT_FAILED = 1;

// A reader that went away ("rserpool ... | head") ends the command, without a stack trace.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? process.exitCode : EXIT_FAILED);
});

await main();
