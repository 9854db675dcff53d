/** What signals do to services; the rows of docs/lifecycle.md. */

import { once } from 'node:events';
import { afterAll, describe, expect, test } from 'vitest';
import { ENRP_PORT } from '../../src/types.ts';
import {
  catches,
  fault,
  freeHost,
  KINDS,
  listeningPorts,
  Service,
  startPeer,
  stopServices,
} from './lifecycle-support.ts';

afterAll(stopServices);

const SIGHUP = 1;
const SIGUSR1 = 10;

/** Has a registrar say that it is closing, and never come to its end. */
const HANGS = `
  import { RegistrarServer } from 'daemon/registrar-server.js';
  RegistrarServer.prototype.close = () => {
    process.stderr.write('closing\\n');
    return new Promise(() => {});
  };
`;

describe.each(KINDS)('%s', (kind) => {
  test.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)(
    'ends with exit code 0 on %s',
    async (signal) => {
      const service = await Service.start(kind);
      expect(await service.stop(signal)).toBe(0);
      expect(service.stderr).toBe('');
    },
  );

  test('serves on after SIGHUP, SIGUSR1 and SIGUSR2, and opens no debugger', async () => {
    const service = await Service.start(kind);
    const ports = listeningPorts(service.processId);
    for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGHUP'] as const) {
      service.signal(signal);
      await service.serve();
    }
    expect(listeningPorts(service.processId)).toEqual(ports);
    expect(await service.stop()).toBe(0);
    expect(service.stderr).toBe('');
  });

  test('opens no debugger on a SIGUSR1 that arrives before it is loaded', async () => {
    const service = await Service.launch(kind);
    // Node.js has prepared its debugger; nothing of this program runs yet.
    await service.until(() => expect(catches(service.processId, SIGUSR1)).toBe(true));
    service.signal('SIGUSR1');
    await service.untilServing();
    expect(listeningPorts(service.processId)).not.toContain(9229);
    expect(await service.stop()).toBe(0);
  });

  test('ends with exit code 0 on a SIGTERM that arrives while it is being loaded', async () => {
    const service = await Service.launch(kind);
    await service.until(() => expect(catches(service.processId, SIGHUP)).toBe(true));
    expect(await service.stop()).toBe(0);
  });
});

test.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)(
  'a registrar hands its pool elements over on %s',
  async (signal) => {
    const host = freeHost();
    const peer = await startPeer(host);
    const peerUp = once(peer, 'peerUp');
    const service = await Service.start('rspregistrar', {
      options: [`-peer=${host}:${ENRP_PORT}`],
    });
    await peerUp;
    const element = await service.register('EchoPool', 1, freeHost());
    const moved = once(element, 'homeChanged');
    expect(await service.stop(signal)).toBe(0);
    expect(await moved).toMatchObject([{ registrarId: peer.id }]);
  },
);

test('during the handover SIGTERM, SIGQUIT and SIGHUP change nothing, and SIGINT ends at once with 130', async () => {
  const service = await Service.start('rserpool registrar', { node: fault(HANGS) });
  service.signal('SIGINT');
  await service.until(() => expect(service.stderr).toBe('closing\n'));
  for (const signal of ['SIGTERM', 'SIGQUIT', 'SIGHUP'] as const) {
    service.signal(signal);
    await service.serve();
  }
  expect(await service.stop('SIGINT')).toBe(130);
});

test('a handover that hangs is abandoned, logged, and ends with exit code 1', async () => {
  const soon = `
    const { setTimeout } = globalThis;
    globalThis.setTimeout = (run, ms) => setTimeout(run, ms === 15_000 ? 1 : ms);
  `;
  const service = await Service.start('rserpool registrar', { node: fault(HANGS + soon) });
  expect(await service.stop()).toBe(1);
  expect(service.stderr).toMatch(
    /Error: not ended in time: the rest is abandoned \(limitMs 15000\)/,
  );
});
