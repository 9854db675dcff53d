/** Services whose output or log cannot be written: they serve on; the rows of docs/lifecycle.md. */

import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { KINDS, type Kind, Service, stopServices, temporaryFolder } from './lifecycle-support.ts';

afterAll(stopServices);

const folder = temporaryFolder();
const file = (name: string) => path.join(folder, name);
const read = (name: string) => readFileSync(file(name), 'utf8');

/** Options that log everything to a file. */
function logTo(kind: Kind, name: string): string[] {
  if (kind === 'rspregistrar') return [`-logappend=${name}`, '-loglevel=4'];
  return ['--log-file', name, '--log-level', 'debug'];
}

describe.each(KINDS)('%s', (kind) => {
  test.each([
    ['standard output is closed', '>&-'],
    ['standard input, output and error are closed', '<&- >&- 2>&-'],
    ['standard output is a full disk', '>/dev/full'],
    ['standard output and error are a full disk', '>/dev/full 2>&1'],
    ['standard output cannot be written', '</dev/null >&0'],
  ])('serves on when %s', async (_, redirect) => {
    const service = await Service.start(kind, { redirect });
    await service.serve();
    expect(await service.stop()).toBe(0);
  });

  test('serves on when the reader of standard output exits', async () => {
    const service = await Service.start(kind);
    service.child.stdout?.destroy();
    await service.serve();
    expect(await service.stop()).toBe(0); // which is reported, in vain
    if (kind === 'rserpool registrar') expect(service.stderr).toMatch(/EPIPE/);
  });

  test('serves on, and ends, when the reader of standard output does not read', async () => {
    const fifo = makeFifo(`unread-${KINDS.indexOf(kind)}`);
    const descriptor = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    fill(descriptor);
    const service = await Service.start(kind, { stdout: descriptor });
    expect(await service.stop()).toBe(0);
    closeSync(descriptor);
  });

  test('says that a log in a missing folder cannot be opened, and ends with exit code 1', async () => {
    const service = await Service.launch(kind, { options: logTo(kind, file('missing/log')) });
    expect(await service.exited).toBe(1);
    expect(service.stderr).toMatch(/^\w+: The log .*missing\/log cannot be opened: ENOENT.*\n$/);
    expect(service.stdout).toBe('');
  });

  test('serves on when its log cannot be opened again on SIGHUP', async () => {
    const name = `gone-${KINDS.indexOf(kind)}`;
    mkdirSync(file(name));
    const log = path.join(file(name), 'log');
    const service = await Service.start(kind, { options: logTo(kind, log) });
    rmSync(file(name), { recursive: true });
    service.signal('SIGHUP');
    const text = `The log ${log} cannot be opened: ENOENT`;
    await service.until(() => expect(service.stderr).toContain(text));
    service.signal('SIGHUP');
    await service.serve();
    expect(await service.stop()).toBe(0);
    expect(service.stderr.split(text)).toHaveLength(2); // said once
  });

  test('serves on when its log is a full disk, and says so once', async () => {
    const service = await Service.start(kind, { options: logTo(kind, '/dev/full') });
    await service.serve();
    expect(await service.stop()).toBe(0);
    expect(service.stderr.match(/cannot be written: ENOSPC/g)).toHaveLength(1);
  });
});

test('rserpool registrar --json, read by head -1, serves on and reports what happens later', async () => {
  const service = await Service.start('rserpool registrar', {
    options: ['--json'],
    redirect: '> >(head -1)',
  });
  await service.register('EchoPool', 1);
  await service.until(() => expect(service.stderr).toContain('standard output cannot be written'));
  await service.serve();
  expect(await service.stop()).toBe(0);
  expect(service.stdout.trim().split('\n')).toHaveLength(1);
});

test('a log on standard error that fails is reported on standard output', async () => {
  const service = await Service.start('rserpool registrar', {
    options: ['--json', '--log-level', 'debug'],
    redirect: '2>/dev/full',
  });
  await service.until(() => expect(service.stdout).toContain('"event":"logFailed"'));
  const events = service.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).event);
  expect(events.filter((event) => event === 'logFailed')).toHaveLength(1);
  expect(await service.stop()).toBe(0);
});

describe('a log file', () => {
  test.each([
    ['is replaced by a folder', (log: string) => mkdirSync(log)],
    ['cannot be created', () => {}],
  ])('that %s is written again when that has been mended', async (_, replace) => {
    const home = file(`mended-${replace.length}`);
    mkdirSync(home);
    const log = path.join(home, 'log');
    const service = await Service.start('rserpool registrar', {
      options: logTo('rserpool registrar', log),
    });
    renameSync(log, file('earlier'));
    if (replace.length === 0) rmSync(home, { recursive: true });
    replace(log);
    service.signal('SIGHUP');
    await service.until(() => expect(service.stderr).toContain('cannot be opened'));
    await service.register('BeforeMending', 1);
    expect(read('earlier')).toContain('BeforeMending'); // nothing is lost meanwhile
    rmSync(log, { recursive: true, force: true });
    mkdirSync(home, { recursive: true });
    let id = 1;
    await service.until(async () => {
      id += 1;
      await (await service.register('AfterMending', id)).close();
      expect(existsSync(log)).toBe(true);
    });
    expect(readFileSync(log, 'utf8')).toContain('AfterMending');
    await service.until(() => expect(service.stderr).toContain('can be opened again'));
    expect(await service.stop()).toBe(0);
  });

  test('that is renamed while it is written loses no line', async () => {
    const log = file('rotated');
    const service = await Service.start('rserpool registrar', {
      options: logTo('rserpool registrar', log),
    });
    for (let id = 1; id <= 12; id++) {
      if (id % 4 === 0) {
        renameSync(log, `${log}.${id}`);
        service.signal('SIGHUP');
      }
      await service.register('EchoPool', id);
    }
    await service.until(() => expect(existsSync(log)).toBe(true));
    expect(await service.stop()).toBe(0);
    const all = ['.4', '.8', '.12', '']
      .map((suffix) => readFileSync(log + suffix, 'utf8'))
      .join('');
    const registered = all.match(/pool element registered \(poolElement EchoPool \w+\)/g);
    expect(new Set(registered).size).toBe(12);
    expect(registered).toHaveLength(12);
    expect(service.stderr).toBe('');
  });

  test('that is a FIFO which no process reads stops nothing, and its next reader gets the log', async () => {
    const fifo = makeFifo('log');
    const service = await Service.start('rserpool registrar', {
      options: logTo('rserpool registrar', fifo),
    });
    expect(service.stderr).toMatch(/The log .* cannot be opened: ENXIO/);
    const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    let text = '';
    let id = 0;
    await service.until(async () => {
      id += 1;
      await (await service.register('EchoPool', id)).close();
      text += readAvailable(reader);
      expect(text).toMatch(/lines lost \(linesLost \d+\)\n.*pool element registered/);
    });
    closeSync(reader);
    await service.register('EchoPool', id + 1);
    expect(await service.stop()).toBe(0);
  });

  test.skipIf(process.getuid?.() !== 0)(
    'on a full disk is written again when there is room, and holds how many lines it lost',
    async () => {
      const disk = file('disk');
      mkdirSync(disk);
      // A mount namespace of its own, seen by the test through /proc.
      const service = await Service.start('rserpool registrar', {
        options: logTo('rserpool registrar', path.join(disk, 'log')),
        before: `mount -t tmpfs -o size=16k tmpfs ${disk}`,
        program: ['unshare', '--mount'],
      });
      const inside = (name: string) => path.join(`/proc/${service.processId}/root`, disk, name);
      fillFile(inside('filler'));
      let id = 0;
      const registerUntil = (check: () => void) =>
        service.until(async () => {
          id += 1;
          await (await service.register('EchoPool', id)).close();
          check();
        });
      await registerUntil(() => expect(service.stderr).toContain('cannot be written: ENOSPC'));
      await service.register('EchoPool', 1_000);
      rmSync(inside('filler'));
      await registerUntil(() => expect(service.stderr).toContain('can be written again'));
      expect(readFileSync(inside('log'), 'utf8')).toMatch(/Warning: lines lost \(linesLost [1-9]/);
      expect(service.stderr.match(/cannot be written/g)).toHaveLength(1);
      expect(await service.stop()).toBe(0);
    },
  );
});

function makeFifo(name: string): string {
  execFileSync('mkfifo', [file(name)]);
  return file(name);
}

/** Writes to a pipe until it holds no more. */
function fill(descriptor: number): void {
  try {
    for (;;) writeSync(descriptor, Buffer.alloc(4_096));
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('EAGAIN');
  }
}

/** Writes to a file until the disk is full. */
function fillFile(name: string): void {
  try {
    for (;;) writeFileSync(name, Buffer.alloc(256), { flag: 'a' });
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
  }
}

function readAvailable(descriptor: number): string {
  const bytes = Buffer.alloc(65_536);
  try {
    return bytes.toString('utf8', 0, readSync(descriptor, bytes));
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('EAGAIN');
    return '';
  }
}
