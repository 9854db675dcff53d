/**
 * Handle resolutions per second through a registrar process over SCTP, driven by the load program
 * (`bench/load/`). Beside it, in `e2e/udp`, a Node.js `dgram` echo of the same sizes, driven by the same
 * program over bare UDP: what one event per datagram costs; in `e2e/udp-share` a native echo of the same
 * SCTP layer: what the registrar and JavaScript add to it; in `e2e/udp-scale` the registrar itself with fewer
 * associations: what more of them cost.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { encodeAsap, poolElementId, type RegistrarId } from 'rserpool/wire';
import { loadProgram, perSecond, root, runLoad } from './load.js';
import { type Round, summary } from './measure.js';
import { RESOLUTIONS_PER_SECOND, type Result, type Row } from './result.js';

interface Shape {
  readonly associations: number;
  /** Requests that wait for their answer, for each association. */
  readonly outstanding: number;
}

const SOME: Shape = { associations: 100, outstanding: 8 };
const MANY: Shape = { associations: 1_000, outstanding: 8 };
const SHAPES: readonly Shape[] = [
  SOME,
  { associations: 100, outstanding: 1 },
  { associations: 1, outstanding: 64 },
  MANY,
];
const ROUNDS = 5;
const SECONDS = 1;
const POOL = Buffer.from('load');
const POOL_ELEMENTS = 3;
const NO_REGISTRAR = 0 as RegistrarId;

export function endToEndRows(): Row[] {
  return [
    ...SHAPES.flatMap((shape) => [
      row('udp', shape, () => throughDatagrams(shape)),
      row('udp-share', shape, () => throughEcho(shape)),
    ]),
    row('udp-scale', MANY, () => throughRegistrar(SOME)),
  ];
}

function row(name: string, shape: Shape, reference: () => Promise<number>): Row {
  const id = `e2e/${name}/${shape.associations}x${shape.outstanding}`;
  return { id, measure: () => compareRates(id, () => throughRegistrar(shape), reference) };
}

function throughRegistrar(shape: Shape): Promise<number> {
  const registrar = [process.execPath, ...registrarArguments()];
  return against(registrar, (udpPort) => perSecond(runLoad(loadArguments(udpPort, shape))));
}

function throughEcho(shape: Shape): Promise<number> {
  const echo = [loadProgram(), 'echo', '--register', String(POOL_ELEMENTS)];
  return against(echo, (udpPort) => perSecond(runLoad(loadArguments(udpPort, shape))));
}

function throughDatagrams(shape: Shape): Promise<number> {
  const echo = `${root}.setup/bench/dgram-echo.js`;
  return against([process.execPath, echo, String(resolutionAnswerBytes())], (udpPort) =>
    perSecond(runLoad(['datagrams', ...loadArguments(udpPort, shape)])),
  );
}

/** Both in turn, so that what else the machine does meets both. */
async function compareRates(
  id: string,
  ours: () => Promise<number>,
  reference: () => Promise<number>,
): Promise<Result> {
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({ value: await ours(), reference: await reference() });
  }
  return { id, unit: RESOLUTIONS_PER_SECOND, ...summary(rounds) };
}

export function registrarArguments(): string[] {
  return [
    ...[`${root}dist/cli/rserpool.js`, 'registrar', '--json', '--no-announce'],
    ...['--transport', 'udp', '--address', '127.0.0.1', '--udp-port', '0'],
    // The load program registers the pool elements and then only resolves: it is not to be monitored.
    ...['--keep-alive-interval', '3600000'],
  ];
}

/** Starts a server, lets the load run against the UDP port that it names, ends the server. */
export async function against<Measured>(
  [program = '', ...args]: readonly string[],
  load: (udpPort: number) => Measured,
): Promise<Measured> {
  const server = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(server, 'exit');
  try {
    return load(await udpPortOf(server));
  } finally {
    server.kill('SIGTERM');
    await ended;
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

function loadArguments(udpPort: number, { associations, outstanding }: Shape): string[] {
  return [
    ...['--udp-port', String(udpPort), '--register', String(POOL_ELEMENTS), '--json'],
    ...['--associations', String(associations), '--outstanding', String(outstanding)],
    ...['--seconds', String(SECONDS)],
  ];
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
