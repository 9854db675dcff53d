#!/usr/bin/env node
/** The command `rspregistrar`: enters `rspregistrar/program.ts`. */

import { enter } from './lifecycle/enter.ts';

await enter({
  name: 'rspregistrar',
  isService: true,
  async run() {
    const { main } = await import('./rspregistrar/program.ts');
    await main();
  },
});
