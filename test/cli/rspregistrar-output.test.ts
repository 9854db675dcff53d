/** What `rspregistrar` logs and prints, where to, and what of it can be switched. */

import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { poolElement, Rspregistrar, stopRspregistrars } from './rspregistrar-support.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'rspregistrar-'));

afterAll(async () => {
  await stopRspregistrars();
  rmSync(folder, { recursive: true, force: true });
});

describe('the output of rspregistrar', () => {
  const file = (name: string) => path.join(folder, name);
  const read = (name: string) => readFileSync(file(name), 'utf8');
  const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;

  test.each([
    ['-loglevel=0', []],
    ['-loglevel=1', []],
    ['-loglevel=2', ['Warning']],
    ['-loglevel=3', ['Warning', 'Note']],
    ['-loglevel=4', ['Warning', 'Note', 'Action']],
    ['-loglevel=99', ['Warning', 'Note', 'Action']],
    ['-logquiet', []],
  ])('%s: the log holds %j', async (option, titles) => {
    // A value out of range makes a warning, the start a note, a registration an action.
    const registrar = await Rspregistrar.start('-maxbadpereports=0', option);
    await poolElement(registrar, 1);
    await registrar.stop();
    const found = [...registrar.stderr.matchAll(new RegExp(`^${TIME} (\\w+): `, 'gm'))];
    expect([...new Set(found.map(([, title]) => title))]).toEqual(titles);
  });

  test('a value out of range is said, and the nearest one is used', async () => {
    const registrar = await Rspregistrar.start('-loglevel=2', '-serverannouncecycle=1');
    await registrar.until('stderr', /-serverannouncecycle is 1 ms, out of range \(100 to 60000\)/);
    expect(registrar.told('-serverannouncecycle')).toBe('100 ms');
  });

  test('an option of a part to come says that it has no effect yet', async () => {
    const registrar = await Rspregistrar.start('-loglevel=2', '-cspinterval=500');
    await registrar.until('stderr', /Warning: -cspinterval has no effect yet\.\n/);
  });

  test('-logfile empties the file first, -logappend does not', async () => {
    for (const option of ['logfile', 'logappend']) {
      writeFileSync(file(option), 'before\n');
      const registrar = await Rspregistrar.start(`-${option}=${file(option)}`, '-loglevel=3');
      await registrar.stop();
      expect(registrar.stderr).toBe('');
      expect(read(option)).toMatch(/Note: started .*\n(.*\n)*.*Note: ended /);
    }
    expect(read('logfile')).not.toContain('before');
    expect(read('logappend')).toMatch(/^before\n/);
  });

  test('SIGHUP opens the file again, for logrotate', async () => {
    const registrar = await Rspregistrar.start(`-logfile=${file('live')}`, '-loglevel=3');
    renameSync(file('live'), file('rotated'));
    registrar.signal('SIGHUP');
    // Of two signals that are sent at once the second may be heard first.
    await vi.waitFor(() => expect(existsSync(file('live'))).toBe(true), { timeout: 120_000 });
    registrar.signal('SIGHUP'); // empties nothing
    expect(await registrar.stop()).toBe(0);
    expect(read('rotated')).toContain('started');
    expect(read('live')).toContain('ended');
  });

  test('-logcolor=on colours what -logcolor=off leaves plain', async () => {
    for (const value of ['on', 'off']) {
      const registrar = await Rspregistrar.start(`-logcolor=${value}`, '-loglevel=3');
      await registrar.stop();
      expect(registrar.stderr.includes('\x1b[')).toBe(value === 'on');
    }
  });

  test('-quiet prints nothing at start and end', async () => {
    const address = ['-asap=127.0.0.1', '-transport=udp', '-udpport=0', '-asapannounce=off'];
    const registrar = await Rspregistrar.started(['-quiet', '-loglevel=3', ...address], (one) =>
      one.until('stderr', /started/),
    );
    expect(await registrar.stop()).toBe(0);
    expect(registrar.stdout).toBe('');
  });

  test('CSP_SERVER and CSP_INTERVAL stand for their options, which override them', async () => {
    const environment = { CSP_SERVER: '10.0.0.1', CSP_INTERVAL: '10' };
    const first = await Rspregistrar.startIn(environment);
    expect([first.told('-cspserver'), first.told('-cspinterval')]).toEqual([
      ...['10.0.0.1:2960', '250 ms'],
    ]);
    const second = await Rspregistrar.startIn(
      environment,
      '-cspserver=10.0.0.2:99',
      '-cspinterval=7',
    );
    expect([second.told('-cspserver'), second.told('-cspinterval')]).toEqual([
      ...['10.0.0.2:99', '7 ms'],
    ]);
  });
});
