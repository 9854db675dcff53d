/** Services that run out of file descriptors, or into a defect; the rows of docs/lifecycle.md. */

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ENRP_PORT } from '../../src/types.ts';
import {
  fault,
  freeHost,
  KINDS,
  Service,
  startPeer,
  stopServices,
  temporaryFolder,
} from './lifecycle-support.ts';

afterAll(stopServices);

describe.each(KINDS)('%s', (kind) => {
  test.each([24, 64, 127])(
    'with %i open files says so in one line and exits with 1',
    async (limit) => {
      const service = await Service.launch(kind, { before: `ulimit -n ${limit}` });
      expect(await service.exited).toBe(1);
      expect(service.stderr).toMatch(
        new RegExp(`^\\w+: The limit of open files is ${limit}: raise it to 128 at least .*\\n$`),
      );
      expect(service.stdout).toBe('');
    },
  );

  test.each([128, 256])('with %i open files serves', async (limit) => {
    const service = await Service.start(kind, { before: `ulimit -n ${limit}` });
    expect(await service.stop()).toBe(0);
    expect(service.stderr).toBe('');
  });

  test('with too few of its open files left says so in one line and exits with 1', async () => {
    const taken = Array.from({ length: 75 }, (_, i) => `exec ${i + 10}</dev/null`).join('; ');
    const service = await Service.launch(kind, { before: `ulimit -n 128; ${taken}` });
    expect(await service.exited).toBe(1);
    expect(service.stderr).toMatch(/^\w+: The limit of open files is 128.*\n$/);
  });

  test('serves on when its file descriptors are used up, and says so once', async () => {
    const service = await Service.start(kind);
    await exhaust(service);
    if (kind !== 'rserpool serve') await service.serve();
    execFileSync('prlimit', ['--pid', String(service.processId), '--nofile=1024']);
    const again = 'file descriptors available again';
    await service.until(() => expect(service.stderr).toContain(again));
    await service.serve();
    expect(await service.stop()).toBe(0);
    expect(service.stderr.match(/exhausted/g)).toHaveLength(1);
  });
});

test('an echo server without file descriptors refuses connections and keeps those that it has', async () => {
  const service = await Service.start('rserpool serve');
  const first = connect(4007, service.host);
  await echoed(first);
  await exhaust(service);
  const refused = connect(4007, service.host);
  refused.on('error', () => {});
  await once(refused, 'close');
  await echoed(first);
  execFileSync('prlimit', ['--pid', String(service.processId), '--nofile=1024']);
  await service.serve();
  first.destroy();
  expect(await service.stop()).toBe(0);
});

test('a log that cannot be opened again for want of file descriptors is opened later', async () => {
  const log = path.join(temporaryFolder(), 'log');
  const service = await Service.start('rserpool registrar', {
    options: ['--log-file', log, '--log-level', 'debug'],
  });
  await exhaust(service, () => readFileSync(log, 'utf8'));
  renameSync(log, `${log}.1`);
  service.signal('SIGHUP');
  await service.until(() => expect(service.stderr).toContain('cannot be opened: EMFILE'));
  await service.register('EchoPool', 1);
  execFileSync('prlimit', ['--pid', String(service.processId), '--nofile=1024']);
  await service.until(async () => {
    await (await service.register('EchoPool', 2)).close();
    expect(statSync(log).size).toBeGreaterThan(0);
  });
  expect(await service.stop()).toBe(0);
});

describe('a defect in a machine', () => {
  /** Throws at the registration in a pool of this name. */
  const THROWS = `
    import { Registrar } from 'protocol/registrar/registrar.js';
    const { handle } = Registrar.prototype;
    Registrar.prototype.handle = function (now, input) {
      if (input.type === 'message' && Buffer.from(input.payload).includes('Boom')) {
        throw new Error('injected');
      }
      return handle.call(this, now, input);
    };
  `;

  test.each(['rserpool registrar', 'rspregistrar'] as const)(
    'of %s is logged, its pool elements are handed over, and it exits with 1',
    async (kind) => {
      const host = freeHost();
      const peer = await startPeer(host);
      const peerUp = once(peer, 'peerUp');
      const options = kind === 'rspregistrar' ? [`-peer=${host}:${ENRP_PORT}`] : ['--peer', host];
      const service = await Service.start(kind, { options, node: fault(THROWS) });
      await peerUp;
      const element = await service.register('EchoPool', 1, freeHost());
      const moved = once(element, 'homeChanged');
      service.register('Boom', 2).catch(() => {});
      expect(await service.exited).toBe(1);
      expect(await moved).toMatchObject([{ registrarId: peer.id }]);
      expect(service.stderr).toMatch(/Error: unexpected exception: .*\(stack Error: injected\n/);
    },
  );

  test.each([
    ['an exception', "throw new Error('injected')"],
    ['a rejection', "Promise.reject(new Error('injected'))"],
  ])(
    'that is %s outside of all machines ends a pool element, which deregisters',
    async (_, code) => {
      const service = await Service.start('rserpool serve', {
        options: ['--json'],
        node: fault(`process.on('SIGUSR2', () => { ${code} });`),
      });
      await service.until(() => expect(service.stdout).toContain('"event":"registered"'));
      service.signal('SIGUSR2');
      expect(await service.exited).toBe(1);
      expect(service.stderr).toContain('injected');
      expect(service.stdout).toContain('"event":"closed"');
    },
  );

  test('is said on standard error where the log is a file', async () => {
    const log = path.join(temporaryFolder(), 'log');
    const service = await Service.start('rserpool registrar', {
      options: ['--log-file', log],
      node: fault("process.on('SIGUSR2', () => { throw new Error('injected') });"),
    });
    service.signal('SIGUSR2');
    expect(await service.exited).toBe(1);
    expect(service.stderr).toBe('rserpool: unexpected exception, see the log: Error: injected\n');
    expect(statSync(log).size).toBeGreaterThan(0);
  });
});

/** Uses up the descriptors of a service; those of an earlier connection may come back meanwhile. */
function exhaust(service: Service, log = () => ''): Promise<void> {
  return service.until(() => {
    limitToPresent(service);
    expect(service.stderr + log()).toContain('file descriptors exhausted');
  });
}

/** Leaves a process the descriptors that it has, and no more. */
function limitToPresent({ processId }: Service): void {
  const taken = readdirSync(`/proc/${processId}/fd`)
    .map(Number)
    .sort((a, b) => a - b);
  // The lowest number that is free: descriptors need not be without gaps.
  const free = taken.findIndex((descriptor, index) => descriptor !== index);
  const limit = free === -1 ? taken.length : free;
  execFileSync('prlimit', ['--pid', String(processId), `--nofile=${limit}:1024`]);
}

/** Fulfilled when a connection has sent something back. */
async function echoed(socket: Socket): Promise<void> {
  const answer = once(socket, 'data');
  socket.write('hello');
  await answer;
}
