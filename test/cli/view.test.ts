/** `rserpool pools`, `elements`, `peers`, `dump` and `diff`: registrar processes, read over ENRP. */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createPoolElement, type PoolElementSettings } from '../../src/index.ts';
import { loopback, loopbackNetwork } from '../support/loopback.ts';
import { type Outcome, Running, run as runCommand, stopAll } from './support.ts';

const NOBODY = 9;

/** Expectations write the claimed loopback network as 127.0.7. */
async function run(...args: string[]): Promise<Outcome> {
  const { exitCode, stdout, stderr } = await runCommand(...args);
  const shown = (output: string) => output.replaceAll(loopbackNetwork, '127.0.7');
  return { exitCode, stdout: shown(stdout), stderr: shown(stderr) };
}

/** 1 and 2 are peers; 3 is in a scope of its own, with a peer that there is not. */
const registrars = new Map<number, Running>();
const elements: { close(): Promise<void> }[] = [];

function startRegistrar(id: number, peer: number): Running {
  const registrar = new Running(
    ...['registrar', '--transport', 'udp', '--address', loopback(id), '--id', String(id)],
    ...['--no-announce', '--peer', loopback(peer)],
  );
  registrars.set(id, registrar);
  return registrar;
}

async function register(home: number, settings: Partial<PoolElementSettings>): Promise<void> {
  const element = await createPoolElement({
    ...{ poolHandle: 'EchoPool', transport: 'udp', addresses: [loopback(100)] },
    ...{ registrars: [loopback(home)], userTransport: { protocol: 'tcp', port: 7 } },
    ...settings,
  });
  elements.push(element);
}

/** More than three pages of a handle table hold. */
const MANY = 50;

beforeAll(async () => {
  const started = [startRegistrar(1, 2), startRegistrar(2, 1), startRegistrar(3, NOBODY)];
  for (const registrar of started) await registrar.until('inService');
  for (let id = 1; id <= MANY; id++) await register(1, { id });
  const policy = { type: 'weightedRandom', weight: 3 } as const;
  await register(2, { id: 0xcafe, poolHandle: Uint8Array.of(0, 255), policy });
  // What is registered with one of them is on its way to the other.
  const agreed = async () => expect((await diff(1, 2)).exitCode).toBe(0);
  await vi.waitFor(agreed, { timeout: 120_000 });
});

afterAll(async () => {
  for (const element of elements) await element.close();
  await stopAll();
});

const view = (command: string, host: number, ...args: string[]): Promise<Outcome> =>
  run(command, '--transport', 'udp', '--registrar', loopback(host), ...args);

const diff = (a: number, b: number, ...args: string[]): Promise<Outcome> =>
  run('diff', loopback(a), loopback(b), '--transport', 'udp', ...args);

/** The rows of a list, whose last line says how many there are. */
function rowsOf({ exitCode, stdout, stderr }: Outcome, expected = 0): Record<string, unknown>[] {
  expect(stderr).toBe('');
  expect(exitCode).toBe(expected);
  const lines = stdout.split('\n').filter((line) => line !== '');
  const rows = lines.map((line) => JSON.parse(line));
  expect(rows.pop()).toEqual({ count: rows.length });
  return rows;
}

const ECHO_1 = {
  ...{ pool: 'EchoPool', id: '0x00000001', home: '0x00000001', policy: 'roundRobin' },
  transport: { protocol: 'tcp', addresses: ['127.0.7.100:7'] },
  asap: { protocol: 'sctp', addresses: [expect.stringMatching(/^127\.0\.7\.100:\d+$/)] },
  lifeMs: expect.any(Number),
};
const OTHER = {
  ...{ pool: '0x00ff', id: '0x0000cafe', home: '0x00000002', policy: 'weightedRandom weight=3' },
  transport: { protocol: 'tcp', addresses: ['127.0.7.100:7'] },
};

describe('rserpool pools', () => {
  test.each([1, 2])('counts the elements of each pool, as registrar %i knows them', async (id) => {
    expect(rowsOf(await view('pools', id, '--json'))).toEqual([
      { pool: '0x00ff', elements: 1, policy: 'weightedRandom' },
      { pool: 'EchoPool', elements: MANY, policy: 'roundRobin' },
    ]);
  });

  test('prints a table', async () => {
    const { stdout } = await view('pools', 1);
    const lines = stdout.split('\n').map((line) => line.split(/ {2,}/));
    expect(lines).toEqual([
      ['POOL', 'ELEMENTS', 'POLICY'],
      ['0x00ff', '1', 'weightedRandom'],
      ['EchoPool', String(MANY), 'roundRobin'],
      [''],
    ]);
  });
});

describe('rserpool elements', () => {
  test('lists all there are, over several pages, wherever they are at home', async () => {
    const rows = rowsOf(await view('elements', 2, '--json'));
    expect(rows).toHaveLength(MANY + 1);
    expect(rows[0]).toMatchObject(OTHER);
    expect(rows[1]).toEqual(ECHO_1);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(MANY + 1);
  });

  test('lists those of one pool, by its handle or as it is shown', async () => {
    expect(rowsOf(await view('elements', 1, '0x00ff', '--json'))).toMatchObject([OTHER]);
    expect(rowsOf(await view('elements', 1, 'EchoPool', '--json'))).toHaveLength(MANY);
    const { stdout } = await view('elements', 1, '0x00ff');
    expect(stdout).toMatch(/^POOL +ID +HOME +POLICY +TRANSPORT +ASAP +LIFE\n0x00ff +0x0000cafe +/);
  });

  test('says that there is no such pool', async () => {
    const { exitCode, stdout, stderr } = await view('elements', 1, 'NoSuchPool');
    expect(stderr).toMatch(/^rserpool: The registrar at 127\.0\.7\.1 has no pool "NoSuchPool"\./);
    expect(stdout).toBe('');
    expect(exitCode).toBe(1);
  });
});

describe('rserpool peers', () => {
  test('lists the others, and not who asks', async () => {
    for (let time = 0; time < 2; time++) {
      expect(rowsOf(await view('peers', 1, '--json'))).toEqual([
        { id: '0x00000002', addresses: ['127.0.7.2:9901'] },
      ]);
    }
    const { stdout } = await view('peers', 2);
    expect(stdout).toBe('ID          ADDRESSES\n0x00000001  127.0.7.1:9901\n');
  });

  test('poses as one nowhere where it need not', async () => {
    const { stdout, stderr } = await view('peers', 3, '--as-peer');
    expect(stderr).toBe('');
    expect(stdout).toBe('The registrar at 127.0.7.3 has no peers.\n');
    expect((await diff(1, 2, '--as-peer')).exitCode).toBe(0);
    for (const { lines } of registrars.values()) {
      const known = lines.filter(({ event }) => event === 'peerUp').map(({ id }) => id);
      expect([[], ['0x00000001'], ['0x00000002']]).toContainEqual(known);
    }
  });
});

describe('rserpool dump', () => {
  test('prints everything, the same way every time', async () => {
    const rows = rowsOf(await view('dump', 1, '--json'));
    expect(rows.slice(0, 2)).toEqual([
      { what: 'registrar', id: '0x00000001' },
      { what: 'peer', id: '0x00000002', addresses: ['127.0.7.2:9901'] },
    ]);
    expect(rows.slice(2)).toHaveLength(MANY + 1);
    expect(rows[3]).toEqual({ what: 'poolElement', ...ECHO_1 });
    const [text, again] = [await view('dump', 1), await view('dump', 1)];
    expect(again).toEqual(text);
    expect(text.stdout).toMatch(
      /^registrar id=0x00000001\npeer id=0x00000002 addresses=127\.0\.7\.2:9901\npoolElement pool=0x00ff id=0x0000cafe home=0x00000002 policy="weightedRandom weight=3" transport="tcp 127\.0\.7\.100:7" /,
    );
  });
});

describe('rserpool diff', () => {
  test('finds that peers know the same: 0', async () => {
    const { exitCode, stdout, stderr } = await diff(1, 2);
    expect(stderr).toBe('');
    expect(stdout).toBe(`No differences (${MANY + 1} pool elements).\n`);
    expect(exitCode).toBe(0);
    expect(await diff(1, 2, '--json')).toEqual({
      ...{ exitCode: 0, stdout: '{"count":0}\n', stderr: '' },
    });
  });

  test('shows what is different: 1', async () => {
    const { exitCode, stdout, stderr } = await diff(2, 3, '--json');
    expect(stderr).toBe('');
    const rows = rowsOf({ exitCode, stdout, stderr }, 1);
    const registrar = { what: 'registrar', pool: '' };
    expect(rows).toContainEqual({ ...registrar, id: '0x00000002', a: 'known', b: 'unknown' });
    expect(rows).toContainEqual({ ...registrar, id: '0x00000003', a: 'unknown', b: 'known' });
    const missing = rows.filter(({ what }) => what === 'poolElement');
    expect(missing).toHaveLength(MANY + 1);
    expect(missing[0]).toEqual({
      ...{ what: 'poolElement', pool: '0x00ff', id: '0x0000cafe', a: 'known', b: 'unknown' },
    });
    expect(exitCode).toBe(1);
    const text = await diff(2, 3);
    expect(text.stdout).toMatch(/^WHAT +POOL +ID +A +B\nregistrar +0x00000001 +known +unknown\n/);
    expect(text.exitCode).toBe(1);
  });

  test('takes the UDP port of each registrar from its address', async () => {
    const other = new Running(
      ...['registrar', '--transport', 'udp', '--address', loopback(6), '--udp-port', '0'],
      ...['--id', '6', '--peer', loopback(NOBODY), '--no-announce'],
      ...['--mentor-discovery-timeout', '100'],
    );
    const { udpPort } = await other.until('ready');
    await other.until('inService');
    const b = `${loopback(6)}/${udpPort}`;
    const { exitCode, stdout } = await run('diff', loopback(3), b, '--transport', 'udp');
    expect(stdout).toContain('0x00000006');
    expect(exitCode).toBe(1);
    expect((await run('peers', '--registrar', b, '--transport', 'udp')).exitCode).toBe(0);
    const resolved = await run('resolve', 'P', '--registrar', `${b}`, '--transport', 'udp');
    expect(resolved.stderr).toMatch(/^rserpool: No pool element is registered in pool "P"/);
  });

  test('takes a local UDP port, for one after the other', async () => {
    const free = createSocket('udp4').bind({ port: 0 });
    await once(free, 'listening');
    const { port } = free.address();
    free.close();
    expect(await diff(1, 2, '--udp-port', String(port))).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test('says how it reads them', async () => {
    const { stdout } = await run('diff', '--help');
    expect(stdout).toMatch(/HOST\[:PORT\]\[\/UDPPORT\]/);
    expect(stdout).toMatch(/read at the same time\. Differences are read again after 1 s/);
  });

  test.each([
    ['the first', NOBODY, 1],
    ['the second', 1, NOBODY],
  ])('says that one cannot be read, which is no difference: %s: 3', async (_, a, b) => {
    const { exitCode, stdout, stderr } = await diff(a, b);
    expect(stderr).toMatch(/^rserpool: No registrar answers on ENRP at 127\.0\.7\.9\. Check .*\n$/);
    expect(stdout).toBe('');
    expect(exitCode).toBe(3);
  });
});

describe('a registrar that cannot be read', () => {
  test.each(['pools', 'elements', 'peers', 'dump'])(
    'fails %s, with one sentence',
    async (command) => {
      const { exitCode, stdout, stderr } = await view(command, NOBODY, '--json');
      expect(stderr).toMatch(
        /^rserpool: No registrar answers on ENRP at 127\.0\.7\.9\. Check .*\n$/,
      );
      const message = stderr.replace(/^rserpool: |\n$/g, '');
      expect(JSON.parse(stdout)).toEqual({ error: { code: 'ERR_RSERPOOL_UNREACHABLE', message } });
      expect(exitCode).toBe(1);
    },
  );

  test('may be one at its ASAP port', async () => {
    const { exitCode, stdout, stderr } = await run(
      ...['peers', '--transport', 'udp', '--registrar', `${loopback(1)}:3863`],
    );
    expect(stderr).toMatch(
      /^rserpool: 127\.0\.7\.1:3863 closed the association without answering\. .* ENRP port is 9901 by default\.\n$/,
    );
    expect(stdout).toBe('');
    expect(exitCode).toBe(1);
  });

  test('may be one that takes ASAP alone', async () => {
    const alone = new Running(
      ...['registrar', '--transport', 'udp', '--address', loopback(5), '--no-announce'],
    );
    await alone.until('ready');
    const { exitCode, stderr } = await view('pools', 5);
    expect(stderr).toMatch(/Check that it runs with --enrp or --peer/);
    expect(exitCode).toBe(1);
  });
});

describe('a view called wrongly', () => {
  test.each([
    ['no registrar', ['pools'], /required option '--registrar <address>' not specified/],
    [
      'no address',
      ['dump', '--registrar', '10.1.2'],
      /"10\.1\.2" is not the address of a registrar/,
    ],
    [
      'no time',
      ['peers', '--registrar', 'a', '--timeout', '0'],
      /whole number from 1 to 2147483647/,
    ],
    ['two pools', ['elements', 'A', 'B', '--registrar', 'a'], /too many arguments/],
    ['one registrar', ['diff', '127.0.7.1'], /missing required argument 'b'/],
    ['three', ['diff', '127.0.7.1', '127.0.7.2', '127.0.7.3'], /too many arguments/],
    [
      'no second address',
      ['diff', '127.0.7.1', '127.0.7'],
      /"127\.0\.7" is not the address of a registrar/,
    ],
  ])('is told so, and exits 2: %s', async (_, args, sentence) => {
    const { exitCode, stdout, stderr } = await run(...args);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toContain('    at '); // no stack trace
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  });
});
