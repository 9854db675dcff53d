/** The driver: what happens on an endpoint becomes inputs, what a machine puts out becomes calls. */

import { describe, expect, test } from 'vitest';
import { SILENT } from '../../src/protocol/logger.ts';
import type { AssociationInput, AssociationOutput, Machine } from '../../src/protocol/machine.ts';
import { Driver } from '../../src/runtime/driver.ts';
import { Steps } from '../../src/runtime/steps.ts';
import { MemoryNetwork } from '../../src/transport/memory.ts';
import type { SctpHandler } from '../../src/transport/transport.ts';
import { type AssociationId, PAYLOAD_PROTOCOL } from '../../src/types.ts';

type Command = { type: 'say'; text: string };
type Result = { type: 'heard'; text: string };

/** A machine whose reactions a test scripts; remembers every input with its time. */
class ScriptedMachine implements Machine<AssociationInput | Command, AssociationOutput | Result> {
  readonly inputs: { now: number; type: string; detail: unknown }[] = [];
  deadline = Number.POSITIVE_INFINITY;
  react: (input: AssociationInput | Command) => (AssociationOutput | Result)[] = () => [];
  #outputs: (AssociationOutput | Result)[] = [];
  #isHandling = false;

  handle(now: number, input: AssociationInput | Command): void {
    expect(this.#isHandling).toBe(false);
    expect(this.#outputs).toEqual([]); // everything was drained before the next input
    this.#isHandling = true;
    const detail = input.type === 'message' ? Buffer.from(input.payload).toString() : input;
    this.inputs.push({ now, type: input.type, detail });
    if (input.type === 'timeout') this.deadline = Number.POSITIVE_INFINITY;
    this.#outputs = this.react(input);
    this.#isHandling = false;
  }

  drain() {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  nextDeadline() {
    return this.deadline;
  }

  types() {
    return this.inputs.map(({ type }) => type);
  }
}

function host(network: MemoryNetwork, address: string, port: number, limits = {}) {
  const machine = new ScriptedMachine();
  const results: Result[] = [];
  const stack = network.stack({ localAddresses: [address], ...limits });
  const driver = new Driver<Command, Result>({
    ...{ machine, stack },
    port,
    accepts: port !== 0,
    answersRequests: port !== 0,
    clock: network,
    perform: (output) => results.push(output),
  });
  return { machine, driver, results, stack };
}

const say = (text: string): Command => ({ type: 'say', text });
const registrar = [{ address: '10.0.0.1', port: 3863 }];

describe('the driver', () => {
  test('tells a machine the outcome of its connect by the number of its attempt', () => {
    const network = new MemoryNetwork({ seed: 1 });
    host(network, '10.0.0.1', 3863);
    const caller = host(network, '10.0.0.2', 0);
    caller.machine.react = (input) =>
      input.type === 'say' ? [{ type: 'connect', attempt: 7, peer: registrar }] : [];

    caller.driver.input(say('go'));
    network.settle();

    expect(caller.machine.types()).toEqual(['say', 'associationUp']);
    expect(caller.machine.inputs[1]?.detail).toMatchObject({
      attempt: 7,
      peerAddresses: registrar,
    });
  });

  test('tells a machine that nobody listens where it wanted to connect', () => {
    const network = new MemoryNetwork({ seed: 1 });
    network.stack({ localAddresses: ['10.0.0.1'] });
    const caller = host(network, '10.0.0.2', 0);
    caller.machine.react = (input) =>
      input.type === 'say' ? [{ type: 'connect', attempt: 8, peer: registrar }] : [];

    caller.driver.input(say('go'));
    network.settle();

    expect(caller.machine.types()).toEqual(['say', 'connectFailed']);
  });

  test('turns a connect that cannot even begin into a failed attempt', () => {
    const network = new MemoryNetwork({ seed: 1 });
    const caller = host(network, '10.0.0.2', 0, { maxAssociations: 1 });
    caller.machine.react = (input) =>
      input.type === 'say'
        ? [
            { type: 'connect', attempt: 1, peer: registrar },
            { type: 'connect', attempt: 2, peer: registrar },
          ]
        : [];

    caller.driver.input(say('go'));

    expect(caller.machine.types()).toEqual(['say', 'connectFailed']);
    expect(caller.machine.inputs[1]?.detail).toEqual({ type: 'connectFailed', attempt: 2 });
  });

  test('gives up a call whose outcome is of no more interest, and says that it has failed', () => {
    const network = new MemoryNetwork({ seed: 1 });
    const server = host(network, '10.0.0.1', 3863);
    const caller = host(network, '10.0.0.2', 0, { maxAssociations: 1 });
    caller.machine.react = (input) => {
      if (input.type !== 'say') return [];
      if (input.text === 'cancel') return [{ type: 'cancelConnect', attempt: 1 }];
      return [{ type: 'connect', attempt: Number(input.text), peer: registrar }];
    };

    caller.driver.input(say('1'));
    caller.driver.input(say('cancel'));
    network.settle();
    caller.driver.input(say('cancel')); // it is known no more
    caller.driver.input(say('2')); // its place is free again
    network.settle();

    expect(caller.machine.types()).toEqual([
      ...['say', 'say', 'connectFailed', 'say', 'say', 'associationUp'],
    ]);
    expect(server.machine.types().filter((type) => type === 'associationUp')).toHaveLength(1);
  });

  test('carries messages, ends associations, and says so to both machines', () => {
    const network = new MemoryNetwork({ seed: 1 });
    const server = host(network, '10.0.0.1', 3863);
    const caller = host(network, '10.0.0.2', 0);
    server.machine.react = (input) =>
      input.type === 'message'
        ? [
            {
              type: 'send',
              association: input.association,
              payloadProtocol: PAYLOAD_PROTOCOL.ASAP,
              payload: Buffer.from('pong'),
            },
          ]
        : [];
    caller.machine.react = (input) => {
      if (input.type === 'say') return [{ type: 'connect', attempt: 1, peer: registrar }];
      if (input.type === 'associationUp') {
        const { association } = input;
        const payload = Buffer.from('ping');
        return [{ type: 'send', association, payloadProtocol: PAYLOAD_PROTOCOL.ASAP, payload }];
      }
      if (input.type === 'message') return [{ type: 'shutdown', association: input.association }];
      return [];
    };

    caller.driver.input(say('go'));
    network.settle();

    expect(server.machine.types()).toEqual(['associationUp', 'message', 'associationDown']);
    expect(server.machine.inputs[1]?.detail).toBe('ping');
    expect(caller.machine.types()).toEqual([
      ...['say', 'associationUp', 'message', 'associationDown'],
    ]);
    expect(caller.machine.inputs[2]?.detail).toBe('pong');
  });

  test('waits for graceful ends, as long as it is told where the peer is silent', async () => {
    const network = new MemoryNetwork({ seed: 1 });
    host(network, '10.0.0.1', 3863);
    const caller = host(network, '10.0.0.2', 0);
    let association = 0 as AssociationId;
    caller.machine.react = (input) => {
      if (input.type === 'associationUp') association = input.association;
      else if (input.type === 'say' && input.text === 'go')
        return [{ type: 'connect', attempt: 1, peer: registrar }];
      else if (input.type === 'say') return [{ type: 'shutdown', association }];
      return [];
    };
    const endedAfter = async () => {
      caller.driver.input(say('go'));
      network.settle();
      const start = network.now();
      caller.driver.input(say('end'));
      const ended = caller.driver.gracefulEnds(1_000).then(() => network.now() - start);
      network.advance(1_000);
      return ended;
    };

    await endedAfter();
    expect(caller.machine.types()).toContain('associationDown');
    caller.machine.inputs.length = 0;
    await caller.driver.gracefulEnds(1_000); // nothing to wait for

    caller.machine.react = ((react) => (input: AssociationInput | Command) => {
      if (input.type === 'say' && input.text === 'end')
        network.partition(['10.0.0.1'], ['10.0.0.2']);
      return react(input);
    })(caller.machine.react);
    expect(await endedAfter()).toBe(1_000);
    expect(caller.machine.types()).not.toContain('associationDown');
  });

  test('lets a peer wait that asks for more than its buffer takes, and loses nothing of it', () => {
    const network = new MemoryNetwork({ seed: 1 });
    const server = host(network, '10.0.0.1', 3863, { sendBufferBytes: 65_536 });
    server.machine.react = (input) => {
      if (input.type !== 'message') return [];
      const { association, payloadProtocol, payload } = input;
      const answer = Buffer.concat([payload, Buffer.alloc(30_000, '.')]);
      return [{ type: 'send', association, payloadProtocol, payload: answer }];
    };
    const caller = host(network, '10.0.0.2', 0);
    const texts = Array.from({ length: 20 }, (_, index) => `question ${index} `);
    caller.machine.react = (input) => {
      if (input.type === 'say') return [{ type: 'connect', attempt: 1, peer: registrar }];
      if (input.type !== 'associationUp') return [];
      return texts.map((text) => ({
        ...{ type: 'send', association: input.association, payload: Buffer.from(text) },
        payloadProtocol: PAYLOAD_PROTOCOL.ASAP,
      }));
    };
    caller.driver.input(say('go'));
    network.settle();

    const answers = caller.machine.inputs.filter(({ type }) => type === 'message');
    expect(answers.map(({ detail }) => String(detail).slice(0, -30_000))).toEqual(texts);
    expect(server.driver.slowReaders).toBe(0);
  });

  test('aborts a peer that asks and does not read, once more than 1 MiB would wait for it', () => {
    const network = new MemoryNetwork({ seed: 1 });
    const sendBufferBytes = 262_144;
    const receiveBufferBytes = 131_072;
    const server = host(network, '10.0.0.1', 3863, { sendBufferBytes });
    const answerBytes = 30_000;
    server.machine.react = (input) => {
      if (input.type !== 'message') return [];
      const { association, payloadProtocol } = input;
      return [{ type: 'send', association, payloadProtocol, payload: Buffer.alloc(answerBytes) }];
    };
    const caller = (address: string) => {
      const one = host(network, address, 0, { receiveBufferBytes });
      let association = 0 as AssociationId;
      one.machine.react = (input) => {
        if (input.type === 'associationUp') association = input.association;
        if (input.type === 'say' && input.text === 'call')
          return [{ type: 'connect', attempt: 1, peer: registrar }];
        if (input.type !== 'say') return [];
        const payload = Buffer.alloc(1_000);
        return [{ type: 'send', association, payloadProtocol: PAYLOAD_PROTOCOL.ASAP, payload }];
      };
      one.driver.input(say('call'));
      network.settle();
      return one;
    };
    const [slow, other] = [caller('10.0.0.2'), caller('10.0.0.3')];
    const ask = (one: typeof slow, times: number) => {
      for (let count = 0; count < times; count++) {
        one.driver.input(say('ask'));
        network.advance(100);
      }
    };

    slow.stack.pauseReading();
    // Answers that its window and the send buffer take, then one that waits with the questions after it.
    const inWindow = Math.floor(receiveBufferBytes / answerBytes);
    const inBuffer = Math.floor(sendBufferBytes / answerBytes);
    const waiting = Math.floor((2 ** 20 - answerBytes - 64) / 1_064);
    ask(slow, inWindow + inBuffer + 1 + waiting);
    network.advance(600_000);
    expect(server.driver.slowReaders).toBe(0);
    expect(server.machine.types().filter((type) => type === 'message')).toHaveLength(
      inWindow + inBuffer + 1,
    );
    ask(other, 20); // is served meanwhile
    expect(other.machine.types().filter((type) => type === 'message')).toHaveLength(20);
    expect(slow.machine.types()).toEqual(expect.not.arrayContaining(['message']));

    ask(slow, 1);
    expect(server.driver.slowReaders).toBe(1);
    expect(server.machine.types().at(-1)).toBe('associationDown');
    slow.stack.resumeReading();
    network.settle();
    expect(slow.machine.types().slice(-inWindow - 1)).toEqual([
      ...Array.from({ length: inWindow }, () => 'message'),
      'associationDown',
    ]);
  });

  test('gives a peer that reads again everything that waited for it', () => {
    const network = new MemoryNetwork({ seed: 1 });
    const server = host(network, '10.0.0.1', 3863, { sendBufferBytes: 65_536 });
    server.machine.react = (input) => {
      if (input.type !== 'message') return [];
      const { association, payloadProtocol, payload } = input;
      const answer = Buffer.concat([payload, Buffer.alloc(20_000, '.')]);
      return [{ type: 'send', association, payloadProtocol, payload: answer }];
    };
    const caller = host(network, '10.0.0.2', 0);
    const texts = Array.from({ length: 100 }, (_, index) => `question ${index} `);
    caller.machine.react = (input) => {
      if (input.type === 'say') return [{ type: 'connect', attempt: 1, peer: registrar }];
      if (input.type !== 'associationUp') return [];
      caller.stack.pauseReading();
      return texts.map((text) => ({
        ...{ type: 'send', association: input.association, payload: Buffer.from(text) },
        payloadProtocol: PAYLOAD_PROTOCOL.ASAP,
      }));
    };
    caller.driver.input(say('go'));
    network.advance(300_000);
    expect(caller.machine.types()).toEqual(['say', 'associationUp']);
    expect(server.machine.types()).toHaveLength(1 + 6 + 3 + 1); // of window and buffer, and one waits

    caller.stack.resumeReading();
    network.settle();
    const answers = caller.machine.inputs.filter(({ type }) => type === 'message');
    expect(answers.map(({ detail }) => String(detail).slice(0, -20_000))).toEqual(texts);
    expect(server.driver.slowReaders).toBe(0);
  });

  test('logs why the stack has aborted an association, and tells the machine of new addresses', () => {
    const network = new MemoryNetwork({ seed: 1 });
    const machine = new ScriptedMachine();
    const stack = network.stack({ localAddresses: ['10.0.0.1'] });
    const handlers: SctpHandler[] = [];
    const open = stack.open.bind(stack);
    stack.open = (options, handler) => {
      handlers.push(handler);
      return open(options, handler);
    };
    const lines: unknown[] = [];
    const log = { ...SILENT, warn: (...line: unknown[]) => lines.push(line) };
    new Driver<Command, Result>({
      ...{ machine, stack, log, port: 3863, accepts: true, clock: network },
      perform: () => {},
    });
    const association = 7 as AssociationId;
    const info = { peerAddresses: registrar, localPort: 3863, outboundStreams: 1 };
    handlers[0]?.onAddresses?.(association, info);
    handlers[0]?.onEvicted?.(association, 'it fills the buffer');
    expect(lines).toEqual([
      [{ association, reason: 'it fills the buffer' }, 'association aborted'],
    ]);
    expect(machine.inputs[0]?.detail).toEqual({
      type: 'associationAddresses',
      association,
      peerAddresses: registrar,
    });
  });

  test('wakes a machine at its deadline, also when the deadline moves', () => {
    const network = new MemoryNetwork({ seed: 1 });
    const one = host(network, '10.0.0.1', 3863);
    one.machine.react = (input) => {
      if (input.type === 'say') one.machine.deadline = Number(input.text);
      return [];
    };

    one.driver.input(say('5000'));
    one.driver.input(say('2000'));
    network.advance(10_000);

    expect(one.machine.inputs.filter(({ type }) => type === 'timeout')).toMatchObject([
      { now: 2000 },
    ]);
  });

  test('gives an input that a result leads to after everything else of that result', () => {
    const network = new MemoryNetwork({ seed: 1 });
    const one = host(network, '10.0.0.1', 3863);
    const driver = new Driver<Command, Result>({
      machine: one.machine,
      stack: network.stack({ localAddresses: ['10.0.0.9'] }),
      port: 1,
      accepts: true,
      clock: network,
      perform: ({ text }) => {
        if (text === 'first') driver.input(say('again'));
      },
    });
    one.machine.react = (input) =>
      input.type === 'say' && input.text === 'go'
        ? [
            { type: 'heard', text: 'first' },
            { type: 'heard', text: 'second' },
          ]
        : [];

    driver.input(say('go'));

    expect(one.machine.inputs.map(({ detail }) => (detail as Command).text)).toEqual([
      'go',
      'again',
    ]);
  });

  test('calls the application when a whole batch is handled, and its alarm is set', () => {
    const network = new MemoryNetwork({ seed: 1 });
    const happened: unknown[] = [];
    const machine = new ScriptedMachine();
    const steps = new Steps((error) => happened.push(error));
    const driver = new Driver<Command, Result>({
      ...{ machine, steps, stack: network.stack({ localAddresses: ['10.0.0.1'] }) },
      ...{ port: 3863, accepts: true, clock: network },
      perform: ({ text }) => {
        happened.push(`performed ${text}`);
        steps.callLater(() => {
          happened.push(`told ${text}, alarm at ${network.nextEventAt()}`);
          throw `after ${text}`;
        });
      },
    });
    const heard = (text: string): Result => ({ type: 'heard', text });
    machine.react = (input) => {
      machine.deadline = 50_000;
      if (input.type === 'message') return [heard(Buffer.from(input.payload).toString())];
      return input.type === 'say' ? [heard('one'), heard('two')] : [];
    };

    driver.input(say('go'));
    expect(happened.splice(0)).toEqual([
      ...['performed one', 'performed two'],
      ...['told one, alarm at 50000', 'after one', 'told two, alarm at 50000', 'after two'],
    ]);

    const caller = host(network, '10.0.0.2', 0);
    caller.machine.react = (input) => {
      if (input.type === 'say') return [{ type: 'connect', attempt: 1, peer: registrar }];
      if (input.type !== 'associationUp') return [];
      return ['three', 'four'].map((text) => ({
        ...{ type: 'send', association: input.association, payload: Buffer.from(text) },
        payloadProtocol: PAYLOAD_PROTOCOL.ASAP,
      }));
    };
    caller.driver.input(say('go'));
    network.settle();
    expect(happened).toEqual([
      ...['performed three', 'performed four'],
      ...[expect.stringContaining('told three'), 'after three'],
      ...[expect.stringContaining('told four'), 'after four'],
    ]);
  });

  test('tells a machine nothing after close', () => {
    const network = new MemoryNetwork({ seed: 1 });
    const one = host(network, '10.0.0.1', 3863);
    one.machine.deadline = 1_000;
    one.driver.input({ type: 'timeout' });
    one.machine.deadline = 1_000;
    one.driver.input(say('before'));

    one.driver.close();
    one.driver.input(say('after'));
    network.advance(10_000);

    expect(one.machine.types()).toEqual(['timeout', 'say']);
  });
});
