/** Registrars whose applications throw or call back: answers, updates of peers and the end come all the same. */

import { describe, expect, test } from 'vitest';
import { completeEnrpOptions } from '../../src/protocol/enrp/options.ts';
import { type Logger, SILENT } from '../../src/protocol/logger.ts';
import { completeRegistrarOptions } from '../../src/protocol/registrar/options.ts';
import { guardedLogger } from '../../src/runtime/guarded-logger.ts';
import { type AnyRegistrarEvent, RegistrarHalves } from '../../src/runtime/registrar-halves.ts';
import { MemoryNetwork } from '../../src/transport/memory.ts';
import type { SctpEndpoint } from '../../src/transport/transport.ts';
import {
  type AssociationId,
  PAYLOAD_PROTOCOL,
  poolElementId,
  registrarId,
} from '../../src/types.ts';
import { decodeAsap, encodeAsap } from '../../src/wire/asap.ts';
import type { AsapMessage } from '../../src/wire/asap-messages.ts';
import { decodeEnrp } from '../../src/wire/enrp.ts';
import { registration } from '../protocol/registrar/support.ts';

const addressOf = (id: number) => `10.0.0.${id}`;
const ELEMENT = '10.1.2.3';

/** Two registrars that know each other, and a pool element's endpoint, connected to the first one. */
class Scope {
  readonly network = new MemoryNetwork({ seed: 1 });
  /** Messages about pool elements that the first registrar has sent, and what the application did meanwhile. */
  readonly happened: string[] = [];
  readonly exceptions: unknown[] = [];
  readonly answers: AsapMessage[] = [];
  readonly first: RegistrarHalves;
  readonly second: RegistrarHalves;
  readonly #endpoint: SctpEndpoint;
  readonly #association: AssociationId;

  constructor(tell: (event: AnyRegistrarEvent, scope: Scope) => void, log: Logger = SILENT) {
    this.network.observe(({ from, packet: { chunk } }) => {
      if (from === addressOf(1) && chunk.type === 'DATA') this.#note(chunk);
    });
    this.first = this.#registrar(1, 2, (event) => tell(event, this), log);
    this.second = this.#registrar(2, 1, () => {}, SILENT);
    this.network.advance(10_000);
    const stack = this.network.stack({ localAddresses: [ELEMENT] });
    this.#endpoint = stack.open(
      { port: 0, accepts: true },
      {
        ...{ onUp: () => {}, onRestart: () => {}, onPath: () => {} },
        ...{ onWritable: () => {}, onDown: () => this.happened.push('association ended') },
        onMessage: (_association, _protocol, _stream, bytes, offset, length) =>
          this.answers.push(decodeAsap(bytes.slice(offset, offset + length))),
      },
    );
    this.#association = this.#endpoint.connect([{ address: addressOf(1), port: 3863 }]);
    this.network.advance(100);
    this.happened.length = 0;
  }

  says(...messages: AsapMessage[]): void {
    for (const message of messages) {
      this.#endpoint.send(this.#association, PAYLOAD_PROTOCOL.ASAP, encodeAsap(message));
    }
    this.network.advance(200);
  }

  /** The pool element's process ends all at once. */
  vanishes(): void {
    this.#endpoint.abort(this.#association, 'it is over');
    this.network.advance(200);
  }

  known(halves: RegistrarHalves): number[] {
    return halves.handlespace.walk({ limit: 100 }).elements.map(({ id }) => id);
  }

  #registrar(
    id: number,
    peer: number,
    tell: (event: AnyRegistrarEvent) => void,
    log: Logger,
  ): RegistrarHalves {
    let seed = BigInt(id);
    const onException = (error: unknown) => this.exceptions.push(error);
    const halves = new RegistrarHalves({
      ...{ id: registrarId(id), port: 3863, clock: this.network, seed: () => seed++ },
      options: completeRegistrarOptions({ serverAnnounceCycleMs: 0 }, [addressOf(id)]),
      enrp: {
        ...{ options: completeEnrpOptions({}), port: 9901, announces: false },
        peers: [[{ address: addressOf(peer), port: 9901 }]],
      },
      stack: this.network.stack({ localAddresses: [addressOf(id)] }),
      ...{ announce: () => {}, announcePresence: () => {}, tell, onException },
      log: guardedLogger(log, onException),
    });
    halves.start();
    return halves;
  }

  #note({ payloadProtocol, payload }: { payloadProtocol: number; payload: Uint8Array }): void {
    const isEnrp = payloadProtocol === PAYLOAD_PROTOCOL.ENRP;
    const { type } = isEnrp ? decodeEnrp(payload) : decodeAsap(payload);
    if (type !== 'ENRP_PRESENCE') this.happened.push(type);
  }
}

const isAbout = (event: AnyRegistrarEvent) =>
  'poolElement' in event ? `${event.type} ${event.poolElement.id}` : event.type;

const leaving = (id: number): AsapMessage => ({
  ...{ type: 'ASAP_DEREGISTRATION', poolHandle: registration().poolHandle },
  poolElementId: poolElementId(id),
});

/** What a registration comes to: in this order. */
const REGISTERED = ['ENRP_HANDLE_UPDATE', 'ASAP_REGISTRATION_RESPONSE'];

describe('a registrar', () => {
  test('tells its peers, then the pool element, then its application, which throws', () => {
    const scope = new Scope((event, { happened }) => {
      happened.push(isAbout(event));
      throw isAbout(event);
    });
    scope.exceptions.length = 0;
    scope.says(registration({ id: 5 }));
    scope.says(leaving(5));
    expect(scope.happened).toEqual([
      ...[...REGISTERED, 'poolElementAdded 5'],
      ...['ENRP_HANDLE_UPDATE', 'ASAP_DEREGISTRATION_RESPONSE', 'poolElementRemoved 5'],
    ]);
    expect(scope.exceptions).toEqual(['poolElementAdded 5', 'poolElementRemoved 5']);
    expect([scope.known(scope.first), scope.known(scope.second)]).toEqual([[], []]);
  });

  test('goes on although its logger throws at every level', () => {
    const fails = (_fields: object, text: string) => {
      throw text;
    };
    const log = { trace: fails, debug: fails, info: fails, warn: fails, error: fails };
    const scope = new Scope(() => {}, log);
    scope.says(registration({ id: 5 }));
    expect(scope.happened).toEqual(REGISTERED);
    expect(scope.exceptions).toContain('pool element registered');
    scope.says(leaving(5));
    expect([scope.known(scope.first), scope.known(scope.second)]).toEqual([[], []]);
  });

  test('tells the rest of a step although its application stops it at the first event', async () => {
    let stopped: Promise<void> | undefined;
    const scope = new Scope((event, { happened, first }) => {
      happened.push(isAbout(event));
      if (event.type === 'poolElementRemoved') stopped ??= first.stop();
    });
    scope.says(registration({ id: 5 }), registration({ id: 6 }));
    scope.vanishes(); // both elements are lost in one step
    const removals = scope.happened.slice(scope.happened.indexOf('association ended') + 1);
    expect(removals.slice(0, 4)).toEqual([
      ...['ENRP_HANDLE_UPDATE', 'ENRP_HANDLE_UPDATE'],
      ...['poolElementRemoved 5', 'poolElementRemoved 6'],
    ]);
    scope.network.advance(20_000);
    await stopped;
  });

  test('answers a registration before it stops, when its application stops it on account of that', async () => {
    let stopped: Promise<void> | undefined;
    const scope = new Scope((event, { happened, first }) => {
      if (event.type !== 'poolElementAdded') return;
      happened.push(isAbout(event));
      stopped ??= first.stop();
    });
    scope.says(registration({ id: 5 }));
    expect(scope.happened.slice(0, 3)).toEqual([...REGISTERED, 'poolElementAdded 5']);
    expect(scope.answers[0]).toMatchObject({ isRejected: false });
    scope.network.advance(20_000);
    await stopped;
    expect(scope.happened.at(-1)).toBe('association ended');
  });

  test('finishes the step in which its logger stops it, and stops then', async () => {
    let stopped: Promise<void> | undefined;
    const log: Logger = {
      ...SILENT,
      debug: (_fields, text) => {
        if (text === 'pool element registered') stopped ??= scope.first.stop();
      },
      info: (_fields, text) => void scope?.happened.push(text),
    };
    const scope: Scope = new Scope(() => {}, log);
    scope.says(registration({ id: 5 }));
    expect(scope.happened.slice(0, 3)).toEqual([...REGISTERED, 'handing pool elements over']);
    scope.network.advance(20_000);
    await stopped;
    expect(scope.happened.at(-1)).toBe('association ended');
  });
});
