/**
 * Handle resolutions per second through a registrar process over SCTP, driven by a native generator
 * (`bench/generator/`). Beside it a Node.js `dgram` echo of the same sizes, driven by the same generator
 * over bare UDP: what one event per datagram costs.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { encodeAsap, poolElementId, type RegistrarId } from 'rserpool/wire';
import type { Result, Row } from './main.js';
import { median } from './measure.js';

const SHAPES = [
  { associations: 100, outstanding: 8 },
  { associations: 100, outstanding: 1 },
  { associations: 1, outstanding: 64 },
];
const ROUNDS = 3;
const SECONDS = 2;
const POOL = Buffer.from('EchoPool');
const POOL_ELEMENTS = 3;
const NO_REGISTRAR = 0 as RegistrarId;

const root = fileURLToPath(new URL('../..', import.meta.url));
const generator = `${root}target/release/rserpool-generator`;

export function endToEndRows(): Row[] {
  return SHAPES.map((shape) => {
    const id = `e2e/udp/${shape.associations}x${shape.outstanding}`;
    return { id, measure: () => measure(id, shape) };
  });
}

async function measure(id: string, shape: (typeof SHAPES)[number]): Promise<Result> {
  buildGenerator();
  const answerBytes = resolutionAnswerBytes();
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const value = await against(registrarArguments(), (port) => sctpLoad(port, shape));
    const reference = await against(
      [`${root}.setup/bench/dgram-echo.js`, String(answerBytes)],
      (port) => udpLoad(port, shape),
    );
    rounds.push({ value, reference });
  }
  const ratios = rounds.map(({ value, reference }) => value / reference);
  return {
    id,
    unit: 'resolutions/s',
    value: median(rounds.map(({ value }) => value)),
    reference: median(rounds.map(({ reference }) => reference)),
    ratio: median(ratios),
    spread: [Math.min(...ratios), Math.max(...ratios)],
  };
}

function buildGenerator(): void {
  const args = ['build', '--quiet', '--release', '--package', 'rserpool-generator'];
  execFileSync('cargo', args, { cwd: root, stdio: 'inherit' });
}

function registrarArguments(): string[] {
  return [
    ...[
      `${root}dist/cli/rserpool.js`,
      'registrar',
      '--json',
      '--no-announce',
      '--transport',
      'udp',
    ],
    ...['--address', '127.0.0.1', '--udp-port', '0'],
    // The generator registers the pool elements and then only resolves: it is not to be monitored.
    ...['--keep-alive-interval', '3600000'],
  ];
}

/** Starts a server, lets the load run against the UDP port that it names, ends the server. */
async function against(
  args: readonly string[],
  load: (udpPort: number) => number,
): Promise<number> {
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    return load(await udpPortOf(server));
  } finally {
    server.kill('SIGTERM');
    await once(server, 'exit');
  }
}

async function udpPortOf(server: ChildProcess): Promise<number> {
  const lines = createInterface({ input: server.stdout as NodeJS.ReadableStream });
  for await (const line of lines) {
    const { udpPort } = JSON.parse(line);
    if (udpPort !== undefined) {
      lines.resume(); // what else it prints is read and dropped
      return udpPort;
    }
  }
  throw new Error('the server ended before it was ready');
}

function sctpLoad(udpPort: number, shape: (typeof SHAPES)[number]): number {
  const prepare = Array.from({ length: POOL_ELEMENTS }, (_, i) => hex(registration(i + 1)));
  return generate([
    ...['sctp', '--target', `127.0.0.1:${udpPort}`, '--sctp-port', '3863'],
    ...prepare.flatMap((message) => ['--prepare', message]),
    ...['--request', hex(resolution()), ...loadArguments(shape)],
  ]);
}

function udpLoad(udpPort: number, shape: (typeof SHAPES)[number]): number {
  const request = hex(resolution());
  return generate([
    ...['udp', '--target', `127.0.0.1:${udpPort}`, '--request', request],
    ...loadArguments(shape),
  ]);
}

function loadArguments({ associations, outstanding }: (typeof SHAPES)[number]): string[] {
  return [
    ...['--associations', String(associations), '--outstanding', String(outstanding)],
    ...['--seconds', String(SECONDS)],
  ];
}

/** Answers per second. */
function generate(args: readonly string[]): number {
  const { answers, seconds } = JSON.parse(execFileSync(generator, args, { encoding: 'utf8' }));
  return answers / seconds;
}

function registration(id: number): Uint8Array {
  return encodeAsap({
    type: 'ASAP_REGISTRATION',
    poolHandle: POOL,
    poolElement: poolElement(id),
  });
}

function resolution(): Uint8Array {
  return encodeAsap({
    type: 'ASAP_HANDLE_RESOLUTION',
    wantsUpdates: false,
    poolHandle: POOL,
    items: POOL_ELEMENTS,
  });
}

function resolutionAnswerBytes(): number {
  return encodeAsap({
    type: 'ASAP_HANDLE_RESOLUTION_RESPONSE',
    acceptsUpdates: false,
    poolHandle: POOL,
    policy: { type: 'roundRobin' },
    poolElements: Array.from({ length: POOL_ELEMENTS }, (_, i) => poolElement(i + 1)),
    errors: [],
  }).length;
}

function poolElement(id: number) {
  return {
    id: poolElementId(id),
    homeRegistrarId: NO_REGISTRAR,
    lifeMs: 3_600_000,
    policy: { type: 'roundRobin' },
    userTransport: {
      protocol: 'tcp',
      port: 7,
      transportUse: 0,
      addresses: ['127.0.0.1'],
    },
  } as const;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
