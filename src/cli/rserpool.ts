#!/usr/bin/env node
/** The command `rserpool`: enters `program.ts`. */

import { enter } from './lifecycle/enter.ts';

/** Commands that run until they are stopped. */
const SERVICES = ['registrar', 'serve', 'dev'];

await enter({
  name: 'rserpool',
  isService: SERVICES.includes(process.argv[2] ?? ''),
  async run() {
    const { main } = await import('./program.ts');
    await main();
  },
});
