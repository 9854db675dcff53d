/**
 * The recorded pool element of capture 01 once more, this time over embedded SCTP: its messages go from this
 * process to a registrar in a process of its own, and the answers are compared with the recorded ones. The
 * addresses of the laboratory do not exist here, so its user transport says the loopback address instead.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSctpStack } from '../../src/transport/open.ts';
import type { SctpEndpoint, SctpStack } from '../../src/transport/transport.ts';
import { type AssociationId, PAYLOAD_PROTOCOL } from '../../src/types.ts';
import { decodeAsap, encodeAsap } from '../../src/wire/asap.ts';
import { readSctpPackets } from '../support/sctp-messages.ts';
import { Recorder } from '../transport/recorder.ts';
import { ASAP } from './asap.ts';
import { conversationOf, type MessageEvent } from './conversation.ts';
import { differencesBetween } from './differences.ts';
import { RECORDED_ASAP_PORT } from './recorded-registrar.ts';

const program = fileURLToPath(new URL('../../dist/cli/rserpool.js', import.meta.url));
const capture = new URL('../vectors/captures/01-registration.pcapng', import.meta.url);
const REGISTRAR = '127.0.0.1';
const POOL_ELEMENT = '127.0.0.2';

const recorded = conversationOf(readSctpPackets(readFileSync(capture)), RECORDED_ASAP_PORT).filter(
  (event): event is MessageEvent => event.type === 'received' || event.type === 'sent',
);
const requests = recorded.filter((event) => event.type === 'received' && !isAcknowledgement(event));
const answers = recorded.filter((event) => event.type === 'sent' && !isKeepAlive(event));
const keepAlive = recorded.find(isKeepAlive) as MessageEvent;
const acknowledgement = recorded.find(isAcknowledgement) as MessageEvent;

describe('the pool element of capture 01 with a registrar in another process', () => {
  let registrar: ChildProcess;
  let stack: SctpStack;
  let endpoint: SctpEndpoint;
  let association: AssociationId;
  const heard = new Recorder();
  const heardAnswers = () => heard.of('message').filter((message) => !isKeepAlive(message));
  const heardKeepAlives = () => heard.of('message').filter(isKeepAlive);

  function send(payload: Uint8Array): void {
    endpoint.send(association, PAYLOAD_PROTOCOL.ASAP, payload);
    endpoint.flush();
  }

  beforeAll(async () => {
    registrar = spawn(
      process.execPath,
      [
        ...[program, 'registrar', '--address', REGISTRAR, '--id', '0x11111111', '--no-announce'],
        ...['--udp-port', '0', '--keep-alive-interval', '100', '--json'],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const { udpPort } = JSON.parse(await firstLineOf(registrar));
    stack = await openSctpStack({ transport: 'udp', localAddresses: [POOL_ELEMENT], udpPort: 0 });
    endpoint = stack.open({ port: 0, accepts: false }, heard);
    heard.react = (event) => {
      if (event.type === 'message' && isKeepAlive(event)) send(acknowledgement.payload);
    };
    const peer = [{ address: REGISTRAR, port: RECORDED_ASAP_PORT }];
    association = endpoint.connect(peer, { udpPort });
    await heard.until('the association', () => heard.of('up').length === 1);
  }, 60_000);

  afterAll(async () => {
    await stack?.close();
    if (registrar.exitCode === null && registrar.kill()) await once(registrar, 'exit');
  });

  test('every request gets the recorded answer', async () => {
    expect(requests).toHaveLength(answers.length);
    for (const [index, request] of requests.entries()) {
      if (index === 1) await heard.until('keep-alives', () => heardKeepAlives().length >= 2);
      send(withLoopbackAddress(request.payload));
      await heard.until('an answer', () => heardAnswers().length === index + 1);
      const answer = heardAnswers()[index];
      const expected = answers[index]?.payload;
      expect(differencesBetween(request.frame, expected, answer?.payload, decodeAsap)).toEqual([]);
      expect(answer?.payloadProtocol).toBe(PAYLOAD_PROTOCOL.ASAP);
    }
    expect(heard.of('down')).toEqual([]);
  });

  test('the keep-alives are the recorded ones', () => {
    expect(heardKeepAlives().length).toBeGreaterThanOrEqual(2);
    for (const { payload } of heardKeepAlives()) {
      expect(differencesBetween(0, keepAlive.payload, payload, decodeAsap)).toEqual([]);
    }
  });
});

async function firstLineOf(program: ChildProcess): Promise<string> {
  const lines = createInterface({ input: program.stdout as NodeJS.ReadableStream });
  const ended = once(program, 'exit').then(([status]) => {
    throw new Error(`the registrar ended with status ${status}`);
  });
  const [line] = await Promise.race([once(lines, 'line'), ended]);
  return line;
}

function isKeepAlive({ payload }: { readonly payload: Uint8Array }): boolean {
  return ASAP.subjectOfProbe(payload) !== undefined;
}

function isAcknowledgement({ payload }: { readonly payload: Uint8Array }): boolean {
  return ASAP.subjectOfAcknowledgement(payload) !== undefined;
}

function withLoopbackAddress(payload: Uint8Array): Uint8Array {
  const message = decodeAsap(payload);
  if (message.type !== 'ASAP_REGISTRATION') return payload;
  const { poolElement } = message;
  const userTransport = { ...poolElement.userTransport, addresses: [POOL_ELEMENT] };
  return encodeAsap({ ...message, poolElement: { ...poolElement, userTransport } });
}
