/** Our own programs where the kernel has SCTP: "auto" takes it, and all of them find each other. */

import { expect, test } from 'vitest';
import { describeInLab, runInVm } from './lab.ts';

describeInLab('our programs on a kernel that has SCTP', () => {
  test('take it by themselves, and register, resolve and leave over it', async () => {
    const { stdout } = await runInVm(['test/interop/scenarios/own-programs.sh'], 280);
    const [ready = '', found = '', gone, demonstration = ''] = stdout.trim().split('\n');
    expect(JSON.parse(ready)).toMatchObject({ event: 'ready', transport: 'kernel', udpPort: 0 });
    expect(JSON.parse(found)).toMatchObject({ transport: expect.stringMatching(/^tcp 127/) });
    expect(gone).toBe('nobody');
    expect(JSON.parse(demonstration)).toMatchObject({ lost: 0 });
  }, 300_000);
});
