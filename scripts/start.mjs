/** `npm start`: set-up where needed, then the demonstration in this very process, so that Ctrl-C reaches it. */

import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { root, setupOrExit } from './setup.mjs';

setupOrExit();
const program = path.join(root, 'dist', 'cli', 'rserpool.js');
process.argv.splice(1, 1, program, 'dev');
await import(pathToFileURL(program).href);
