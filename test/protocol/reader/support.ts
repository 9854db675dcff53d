/**
 * A reader with nothing around it, and a registrar that a test scripts: `reading.says(message)` comes from
 * registrar 7, `reading.sent()` is what it was asked since last looked at.
 */

import type {
  ReaderInput,
  ReaderOutcome,
  ReaderOutput,
  ReaderSettings,
} from '../../../src/protocol/reader/reader-events.ts';
import { RegistrarReader } from '../../../src/protocol/reader/registrar-reader.ts';
import { type AssociationId, PAYLOAD_PROTOCOL, registrarId } from '../../../src/types.ts';
import { decodeEnrp, encodeEnrp } from '../../../src/wire/enrp.ts';
import type { EnrpMessage, ServerInformation } from '../../../src/wire/enrp-messages.ts';
import type { PoolElementParameter } from '../../../src/wire/parameters.ts';

export const READER = registrarId(0xcafe);
export const REGISTRAR = registrarId(7);
export const OUR_PORT = 50_000;
export const ASSOCIATION = 1 as AssociationId;
export const TIMEOUT_MS = 5_000;

export const SETTINGS: ReaderSettings = {
  id: READER,
  registrar: [{ address: '10.0.0.7', port: 9901 }],
  parts: ['peers', 'poolElements'],
  asPeer: false,
  localAddresses: ['10.0.0.66'],
  profile: 'rsplib',
  timeoutMs: TIMEOUT_MS,
  maxDurationMs: 600_000,
  maxPoolElements: 1_000,
  maxTableBytes: 1_000_000,
};

export class Reading {
  readonly machine: RegistrarReader;
  now = 10_000;
  #outputs: ReaderOutput[] = [];

  constructor(settings: Partial<ReaderSettings> = {}) {
    this.machine = new RegistrarReader({ ...SETTINGS, ...settings });
  }

  /** One whose call has been taken. */
  static begun(settings: Partial<ReaderSettings> = {}): Reading {
    const reading = new Reading(settings);
    reading.input({ type: 'start', port: OUR_PORT });
    reading.isUp();
    return reading;
  }

  input(input: ReaderInput): void {
    this.machine.handle(this.now, input);
    this.#outputs.push(...this.machine.drain());
  }

  isUp(attempt: number | undefined = 1, association = ASSOCIATION): void {
    this.input({ type: 'associationUp', association, attempt, peerAddresses: SETTINGS.registrar });
  }

  says(message: EnrpMessage | Uint8Array, payloadProtocol: number = PAYLOAD_PROTOCOL.ENRP): void {
    const payload = message instanceof Uint8Array ? message : encodeEnrp(message);
    this.input({ type: 'message', association: ASSOCIATION, payloadProtocol, payload });
    payload.fill(0); // it was valid during the call
  }

  advance(durationMs: number): void {
    this.now += durationMs;
    this.input({ type: 'timeout' });
  }

  /** What the registrar was told and asked. */
  sent(): EnrpMessage[] {
    return this.#take('send').map(({ payload }) => decodeEnrp(payload));
  }

  sentTypes(): string[] {
    return this.sent().map(({ type }) => type);
  }

  /** How calls and associations were ended. */
  ended(): string[] {
    return (['shutdown', 'abort', 'cancelConnect'] as const).filter(
      (type) => this.#take(type).length > 0,
    );
  }

  /** How often it has said that it is introduced as a peer. */
  get introductions(): number {
    return this.#outputs.filter(({ type }) => type === 'introduced').length;
  }

  /** What came of it, so far. */
  outcomes(): ReaderOutcome[] {
    return this.#outputs.filter((output) => output.type === 'read' || output.type === 'readFailed');
  }

  #take<Type extends ReaderOutput['type']>(type: Type) {
    const isMeant = (output: ReaderOutput): output is Extract<ReaderOutput, { type: Type }> =>
      output.type === type;
    const taken = this.#outputs.filter(isMeant);
    this.#outputs = this.#outputs.filter((output) => !isMeant(output));
    return taken;
  }
}

const ids = { senderId: REGISTRAR, receiverId: READER };

export const server = (id: number): ServerInformation => ({
  id: registrarId(id),
  transport: { protocol: 'sctp', port: 9901, transportUse: 0, addresses: [`10.0.0.${id}`] },
});

export const list = (
  servers: readonly number[],
  change: { isRejected?: boolean; senderId?: typeof REGISTRAR } = {},
): EnrpMessage => ({
  ...{ type: 'ENRP_LIST_RESPONSE', ...ids, isRejected: false, ...change },
  servers: servers.map(server),
});

export const element = (id: number, change: Partial<PoolElementParameter> = {}) =>
  ({
    ...{ id, homeRegistrarId: REGISTRAR, lifeMs: 300_000, policy: { type: 'roundRobin' } },
    userTransport: { protocol: 'tcp', port: 7, transportUse: 0, addresses: ['10.9.0.1'] },
    asapTransport: { protocol: 'sctp', port: 9, transportUse: 0, addresses: ['10.9.0.1'] },
    ...change,
  }) as PoolElementParameter;

/** A page with these elements of one pool; none: with no entries. */
export const page = (
  elements: readonly PoolElementParameter[],
  hasMore: boolean,
  change: { isRejected?: boolean; senderId?: typeof REGISTRAR } = {},
): EnrpMessage => ({
  ...{ type: 'ENRP_HANDLE_TABLE_RESPONSE', ...ids, isRejected: false, hasMore, ...change },
  entries:
    elements.length === 0
      ? []
      : [{ poolHandle: Buffer.from('EchoPool'), poolElements: [...elements] }],
});

export const presence = (wantsReply: boolean): EnrpMessage => ({
  ...{ type: 'ENRP_PRESENCE', ...ids, wantsReply, checksum: 0 },
  serverInformation: server(REGISTRAR),
});
