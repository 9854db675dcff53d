/**
 * Opens and closes one kind of object again and again and prints its memory after FEW and after MANY cycles,
 * in a process of its own, for `after-close.test.ts`: node cycles.mjs KIND FEW MANY NETWORK [LIBRARY]. NETWORK
 * is three numbers of a loopback network. Runs the compiled library, as a program would.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import process from 'node:process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const [kind, few, many, network, library] = process.argv.slice(2);
const home = library ?? path.join(import.meta.dirname, '..', '..');
const load = (file) => import(pathToFileURL(path.join(home, 'dist', file)).href);
const { createPoolElement, createPoolUser, createRegistrar } = await load('index.js');
const { Handlespace } = await load('handlespace.js');
const { encodeAsap } = await load('wire.js');
const { openSctpStack } = await load('transport/open.js');

const here = `${network}.1`;
const there = `${network}.2`;
const transport = 'udp';
const client = { registrars: [`${here}:3863`], addresses: [there], transport };
const asRegistrar = { asap: { addresses: [here], announce: false }, transport };
const userTransport = { protocol: 'tcp', port: 7, transportUse: 0, addresses: [there] };
const element = { ...client, poolHandle: 'EchoPool', userTransport };

const KINDS = {
  async poolUsers() {
    await startRegistrar();
    return async () => {
      const user = await createPoolUser(client);
      await user.resolve('EchoPool');
      await user.close();
    };
  },

  async poolElements() {
    await startRegistrar();
    return async () => (await createPoolElement(element)).close();
  },

  async registrars() {
    const enrp = { announce: false };
    return async () => (await createRegistrar({ ...asRegistrar, enrp })).close();
  },

  async handlespaces() {
    return async () => {
      const handlespace = new Handlespace({ seed: 1n });
      const { request, response } = handlespace.arenas();
      request.bytes.fill(1, 0, 65_536);
      response.bytes.fill(1, 0, 65_536);
      for (let id = 1; id <= 50; id++) {
        const registration = { id, homeRegistrarId: 1, lifeMs: 1_000, policy: { type: 'random' } };
        handlespace.register(0, { ...registration, poolHandle: 'EchoPool', userTransport });
      }
      handlespace.close();
      await nextTurn(); // Node.js runs finalizers, such as those of functions, between turns only
    };
  },

  /** Each fails at another stage: no socket yet, some sockets, the stack is open, both halves are there. */
  async failures() {
    await createRegistrar(asRegistrar);
    const other = { addresses: [there], announce: false };
    const attempts = [
      () => createPoolUser({ ...client, addresses: ['192.0.2.1'] }),
      () => createPoolUser({ ...client, addresses: [there, here], udpPort: 9899 }),
      () => createPoolUser({ ...client, options: { staleCacheMs: -1 } }),
      () => createPoolElement({ ...element, userTransport: { ...userTransport, port: -1 } }),
      () =>
        createRegistrar({
          ...asRegistrar,
          asap: { ...asRegistrar.asap, addresses: [there, here] },
        }),
      () => createRegistrar({ transport, asap: other, enrp: { announce: false, port: 3863 } }),
    ];
    return async () => {
      for (const attempt of attempts) {
        const outcome = await attempt().then(
          () => 'it succeeded',
          () => 'it failed',
        );
        if (outcome !== 'it failed') throw new Error(`${attempt}: ${outcome}`);
      }
    };
  },

  /** Both sides, on one stack each. */
  async associations() {
    const server = openSctpStack({ transport, localAddresses: [here], udpPort: 9899 });
    const serverEvents = new Events();
    server.open({ port: 3863, accepts: true }, serverEvents.handler);
    const caller = openCaller();
    let ended = 0;
    return async () => {
      const association = caller.endpoint.connect([{ address: here, port: 3863 }]);
      ended += 1;
      await caller.events.until('up', ended);
      caller.endpoint.send(association, ASAP, new Uint8Array(1_000));
      caller.endpoint.shutdown(association);
      await caller.events.until('down', ended);
      await serverEvents.until('down', ended);
    };
  },

  /** Pool elements register over an association, deregister and end it, a hundred at a time. */
  async churn() {
    const registrar = await createRegistrar(asRegistrar);
    const { endpoint, events } = openCaller();
    let id = 0;
    let rounds = 0;
    return async () => {
      const association = endpoint.connect([{ address: here, port: 3863 }]);
      rounds += 1;
      await events.until('up', rounds);
      const ids = Array.from({ length: ELEMENTS_PER_ROUND }, () => ++id);
      for (const each of ids) endpoint.send(association, ASAP, registration(each));
      await events.until('message', (2 * rounds - 1) * ELEMENTS_PER_ROUND);
      for (const each of ids) endpoint.send(association, ASAP, deregistration(each));
      await events.until('message', 2 * rounds * ELEMENTS_PER_ROUND);
      endpoint.shutdown(association);
      await events.until('down', rounds);
      const { pools, poolElements } = registrar.stats();
      if (pools + poolElements > 0) throw new Error(`${poolElements} pool elements are left`);
    };
  },
};

/** In a process of its own, which ends with this one. */
async function startRegistrar() {
  const program = path.join(home, 'dist', 'cli', 'rserpool.js');
  const where = ['--address', here, '--no-announce', '--transport', transport];
  const registrar = spawn(process.execPath, [program, 'registrar', ...where, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.on('exit', () => registrar.kill('SIGKILL'));
  await once(registrar.stdout, 'data');
  registrar.stdout.resume();
}

const ASAP = 11;
const ELEMENTS_PER_ROUND = 100;

function registration(id) {
  const poolElement = { id, homeRegistrarId: 0, lifeMs: 300_000, policy: { type: 'roundRobin' } };
  const asapTransport = { protocol: 'sctp', port: 7, transportUse: 0, addresses: [there] };
  return encodeAsap({
    ...{ type: 'ASAP_REGISTRATION', poolHandle: poolOf(id) },
    poolElement: { ...poolElement, userTransport, asapTransport },
  });
}

function deregistration(id) {
  const poolHandle = poolOf(id);
  return encodeAsap({ type: 'ASAP_DEREGISTRATION', poolHandle, poolElementId: id });
}

/** Never the same pools for long, with handles of many lengths. */
function poolOf(id) {
  return Buffer.from(`pool ${Math.floor(id / 10)}`.padEnd(10 + (id % 7), '.'));
}

function openCaller() {
  const stack = openSctpStack({ transport, localAddresses: [there], udpPort: 0 });
  const events = new Events();
  return { events, endpoint: stack.open({ port: 0, accepts: false }, events.handler) };
}

/** Counts what an endpoint's handler is told. */
class Events {
  #counts = { up: 0, down: 0, message: 0 };
  #wake = () => {};
  handler = {
    onUp: () => this.#count('up'),
    onDown: () => this.#count('down'),
    onMessage: () => this.#count('message'),
    ...{ onRestart() {}, onPath() {}, onWritable() {} },
  };

  #count(name) {
    this.#counts[name] += 1;
    this.#wake();
  }

  async until(name, wanted) {
    while (this.#counts[name] < wanted) {
      await new Promise((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

const cycle = await KINDS[kind]();
const samples = [];
for (let done = 1; done <= Number(many); done++) {
  await cycle();
  if (done % 10 === 0) globalThis.gc?.(); // with --expose-gc: memory is then what is kept
  if (done !== Number(few) && done !== Number(many)) continue;
  await nextTurn();
  globalThis.gc?.();
  samples.push(process.memoryUsage());
}
process.stdout.write(JSON.stringify(samples), () => process.exit(0));
