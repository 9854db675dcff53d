/** The command line: what it prints, how it ends, and that errors say what to do. */

import { afterEach, describe, expect, test } from 'vitest';
import { loopback } from '../support/loopback.ts';
import { Running, run, stopAll } from './support.ts';

afterEach(stopAll);

describe('rserpool', () => {
  test('shows its commands with --help and exits 0', async () => {
    const { exitCode, stdout } = await run('--help');
    expect(exitCode).toBe(0);
    const views = ['pools', 'elements', 'peers', 'dump', 'diff'];
    for (const command of ['dev', 'doctor', 'registrar', 'serve', 'resolve', 'load', ...views])
      expect(stdout).toContain(command);
  });

  test('shows its version', async () => {
    const { exitCode, stdout } = await run('--version');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test.each([
    ['an unknown flag', ['registrar', '--no-such-flag'], /unknown option '--no-such-flag'/],
    ['an unknown command', ['frobnicate'], /unknown command 'frobnicate'/],
    ['a bad registrar address', ['resolve', 'P', '--registrar', '10.1.2'], /"10\.1\.2" is not/],
    ['a bad peer timer', ['registrar', '--peer-heartbeat-cycle', '0'], /from 1 to 3600000/],
    ['a bad local address', ['registrar', '--address', 'here'], /IPv4 or IPv6 address/],
    ['a bad port', ['registrar', '--port', '70000'], /whole number from 1 to 65535/],
    ['a bad policy', ['serve', 'echo', '--policy', 'best'], /There is no policy "best"/],
    ['a missing pool handle', ['resolve'], /missing required argument 'handle'/],
    ['a handle too long', ['resolve', 'x'.repeat(70_000), '--registrar', '127.0.0.1'], /handle/],
  ])('refuses %s with one sentence and exit code 2', async (_what, args, sentence) => {
    const { exitCode, stdout, stderr } = await run(...args);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toContain('    at '); // no stack trace
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  });

  test('says what this machine offers, and exits 0 where there is no problem', async () => {
    const { exitCode, stdout } = await run('doctor', '--json');
    const lines = stdout.split('\n').filter((line) => line !== '');
    const checks = lines.map((line) => JSON.parse(line));
    const transport = checks.find(({ name }) => name === 'transport');
    expect(transport).toMatchObject({
      state: 'ok',
      finding: expect.stringMatching(
        /^"auto" selects (kernel|udp): the kernel (supports|does not support) /,
      ),
    });
    expect(exitCode).toBe(0);
    const { stdout: text } = await run('doctor');
    expect(text).toContain(transport.finding);
  });

  test('says which port is busy, and exits 1', async () => {
    const first = new Running(
      'registrar',
      '--address',
      '127.0.0.1',
      '--udp-port',
      '0',
      '--no-announce',
    );
    const { udpPort } = await first.until('ready');
    const second = await run(
      ...['registrar', '--address', '127.0.0.1', '--udp-port', String(udpPort), '--no-announce'],
    );
    expect(second.stderr).toMatch(new RegExp(`^rserpool: .*${udpPort}.*\\n$`));
    expect(second.exitCode).toBe(1);
  });

  test('says that no registrar can be reached, and exits 1', async () => {
    const { exitCode, stderr } = await run(
      ...['resolve', 'EchoPool', '--registrar', '127.0.0.1:3863', '--registrar-udp-port', '9'],
    );
    expect(stderr).toMatch(/^rserpool: .*127\.0\.0\.1:3863.*\n$/);
    expect(exitCode).toBe(1);
  });

  test('writes IPv6 addresses in brackets, as they are to be given', async () => {
    const registrar = new Running(
      ...[
        'registrar',
        '--address',
        '::1',
        '--udp-port',
        '0',
        '--no-announce',
        '--transport',
        'udp',
      ],
    );
    const { text } = await registrar.until('ready');
    expect(text).toMatch(/ serves \[::1\]:3863 /);
    const { stderr } = await run(
      ...['resolve', 'P', '--registrar', '[::1]:3864', '--registrar-udp-port', '9'],
      ...['--transport', 'udp'],
    );
    expect(stderr).toMatch(/^rserpool: No registrar answers at \[::1\]:3864\. /);
  });

  // Raw sockets take root.
  const mayUseRaw = process.getuid?.() === 0 || process.env.RSERPOOL_REQUIRE_INTEROP === '1';
  const transports = mayUseRaw ? ['udp', 'raw'] : ['udp'];

  test.each(transports)(
    'registers an echo server, resolves it, and forgets it when it leaves: %s',
    async (transport) => {
      const by = ['--transport', transport];
      const registrar = new Running(
        ...['registrar', '--address', loopback(1), '--udp-port', '0', '--no-announce', ...by],
      );
      const ready = await registrar.until('ready');
      expect(ready).toMatchObject({ transport });
      const port = transport === 'udp' ? ['--registrar-udp-port', String(ready.udpPort)] : [];
      const where = ['--registrar', `${loopback(1)}:3863`, ...by, ...port];
      const server = new Running(
        ...['serve', 'echo', '--address', loopback(2), '--policy', 'leastUsed:0.5', ...where],
      );
      const { id } = await server.until('registered');

      const found = await run('resolve', 'EchoPool', '--json', ...where);
      expect(found.stderr).toBe('');
      const lines = found.stdout.trim().split('\n');
      expect(lines.map((line) => JSON.parse(line))).toMatchObject([
        {
          id,
          transport: expect.stringContaining(`tcp ${loopback(2)}:`),
          policy: 'leastUsed load=0.5',
        },
        { count: 1 },
      ]);

      expect(await server.stop()).toBe(0);
      expect(await registrar.until('removed')).toMatchObject({ id, reason: 'deregistered' });
      const gone = await run('resolve', 'EchoPool', ...where);
      expect(gone.stderr).toMatch(/No pool element is registered in pool "EchoPool"/);
      expect(gone.exitCode).toBe(1);
      expect(await registrar.stop('SIGINT')).toBe(0);
    },
  );
});
