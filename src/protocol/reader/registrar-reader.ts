/**
 * Reads what a registrar knows, over ENRP (RFC 5353 §3.2.2, §3.2.3), without becoming a peer of it: no
 * ENRP_PRESENCE is sent unless it refuses and that is allowed. One request at a time, each with a time-out; the
 * handle table page by page, and not for ever.
 */

import { DecodeError } from '../../errors.ts';
import {
  type AssociationId,
  type Milliseconds,
  PAYLOAD_PROTOCOL,
  type RegistrarId,
} from '../../types.ts';
import { describeCauses } from '../../wire/cause-text.ts';
import { decodeEnrp, encodeEnrp } from '../../wire/enrp.ts';
import type {
  EnrpHandleTableResponse,
  EnrpListResponse,
  EnrpMessage,
  ServerInformation,
} from '../../wire/enrp-messages.ts';
import type { ErrorCause } from '../../wire/parameters.ts';
import type { Machine } from '../machine.ts';
import { keyOf } from '../pool-element-key.ts';
import type {
  ReaderInput,
  ReaderOutput,
  ReaderSettings,
  ReadFailure,
  RegistrarPart,
  TablePoolElement,
} from './reader-events.ts';

type InputOf<Type extends ReaderInput['type']> = Extract<ReaderInput, { type: Type }>;

/** "Receiving Server's ID": whoever gets it (RFC 5353 §2.1). */
const ANYBODY = 0 as RegistrarId;

/** There is one call. */
const ATTEMPT = 1;

/** A registrar that sends nothing but "more", or the same again, is not listened to for ever. */
const MAX_PAGES_WITHOUT_NEWS = 3;

/** PE Checksum of somebody who owns no pool element (RFC 5354 §3.15). */
const CHECKSUM_OF_NOTHING = 0xffff;

export class RegistrarReader implements Machine<ReaderInput, ReaderOutput> {
  readonly #settings: ReaderSettings;
  #outputs: ReaderOutput[] = [];
  #state: 'idle' | 'calling' | 'asking' | 'ended' = 'idle';
  #port = 0;
  #association: AssociationId | undefined;
  /** The registrar, once it has answered. */
  #registrarId: RegistrarId = ANYBODY;
  /** Whether it takes us for a peer of it. */
  #isIntroduced = false;
  /** Not read yet; the first one is being asked for. */
  readonly #parts: RegistrarPart[];
  #deadline: Milliseconds = Number.POSITIVE_INFINITY;
  /** No deadline is later. */
  #endsAt: Milliseconds = 0;
  #peers: readonly ServerInformation[] = [];
  readonly #poolElements = new Map<string, TablePoolElement>();
  #tableBytes = 0;
  #pagesWithoutNews = 0;

  constructor(settings: ReaderSettings) {
    this.#settings = settings;
    this.#parts = [...settings.parts];
  }

  drain(): readonly ReaderOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  nextDeadline(): Milliseconds {
    return this.#deadline;
  }

  handle(now: Milliseconds, input: ReaderInput): void {
    switch (input.type) {
      case 'start':
        this.#start(now, input.port);
        break;
      case 'associationUp':
        this.#onAssociationUp(now, input);
        break;
      case 'connectFailed':
        if (this.#state === 'calling') this.#fail('unreachable');
        break;
      case 'associationDown':
        if (this.#isOurs(input.association)) this.#onAssociationDown();
        break;
      case 'associationRestarted':
        // Another process is there now: it knows nothing of what was asked.
        if (this.#isOurs(input.association)) this.#onLost();
        break;
      case 'message':
        if (this.#isOurs(input.association)) this.#onPayload(now, input);
        break;
      case 'timeout':
        if (now >= this.#deadline) this.#onTimeout();
    }
  }

  #start(now: Milliseconds, port: number): void {
    if (this.#state !== 'idle') return;
    this.#state = 'calling';
    this.#port = port;
    this.#endsAt = now + this.#settings.maxDurationMs;
    this.#awaitAnswer(now);
    this.#outputs.push({ type: 'connect', attempt: ATTEMPT, peer: this.#settings.registrar });
  }

  #isOurs(association: AssociationId): boolean {
    return this.#state === 'asking' && association === this.#association;
  }

  #onAssociationUp(now: Milliseconds, { association, attempt }: InputOf<'associationUp'>): void {
    if (this.#state !== 'calling' || attempt !== ATTEMPT) {
      this.#outputs.push({ type: 'shutdown', association }); // too late, or somebody calls us
      return;
    }
    this.#state = 'asking';
    this.#association = association;
    this.#askNext(now);
  }

  #onAssociationDown(): void {
    this.#association = undefined;
    this.#onLost();
  }

  #onLost(): void {
    this.#fail(this.#registrarId === ANYBODY ? 'turnedAway' : 'lost');
  }

  #onTimeout(): void {
    this.#fail(this.#state === 'calling' ? 'unreachable' : 'silent');
  }

  #onPayload(now: Milliseconds, { payloadProtocol, payload }: InputOf<'message'>): void {
    if (payloadProtocol !== PAYLOAD_PROTOCOL.ENRP) return;
    try {
      // Kept beyond the call.
      const message = decodeEnrp(Uint8Array.from(payload), { profile: this.#settings.profile });
      this.#onMessage(now, message, payload.length);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#fail('malformed');
    }
  }

  #onMessage(now: Milliseconds, message: EnrpMessage, bytes: number): void {
    if (message.type === 'ENRP_ERROR') {
      // Its identifiers may be those of what it complains about.
      this.#fail('rejected', message.errors);
      return;
    }
    const isFromAnother = this.#registrarId !== ANYBODY && message.senderId !== this.#registrarId;
    if (isFromAnother || message.senderId === this.#settings.id) return;
    if (message.type === 'ENRP_PRESENCE') {
      // It asks whether we live (RFC 5353 §3.4.2): only of a peer is that to be known.
      if (message.wantsReply && this.#isIntroduced) this.#sendPresence();
    } else if (message.type === 'ENRP_LIST_RESPONSE') this.#onList(now, message);
    else if (message.type === 'ENRP_HANDLE_TABLE_RESPONSE') this.#onPage(now, message, bytes);
  }

  #onList(now: Milliseconds, { senderId, isRejected, servers }: EnrpListResponse): void {
    if (this.#parts[0] !== 'peers') return; // not asked for
    if (isRejected) {
      this.#onRejected(now, senderId);
      return;
    }
    this.#registrarId = senderId;
    this.#peers = servers;
    this.#onPartRead(now);
  }

  #onPage(now: Milliseconds, page: EnrpHandleTableResponse, bytes: number): void {
    if (this.#parts[0] !== 'poolElements') return;
    if (page.isRejected) {
      this.#onRejected(now, page.senderId);
      return;
    }
    this.#registrarId = page.senderId;
    this.#tableBytes += bytes;
    const before = this.#poolElements.size;
    for (const { poolHandle, poolElements } of page.entries) {
      for (const poolElement of poolElements) {
        // What changes while it is read may come twice: the last word counts.
        this.#poolElements.set(keyOf(poolHandle, poolElement.id), { poolHandle, poolElement });
      }
    }
    this.#pagesWithoutNews = this.#poolElements.size > before ? 0 : this.#pagesWithoutNews + 1;
    if (this.#isTooMuch(page.hasMore)) this.#fail('endless');
    else if (page.hasMore) this.#askNext(now);
    else this.#onPartRead(now);
  }

  /** It may be one that answers its peers alone: introduced, we ask once more. */
  #onRejected(now: Milliseconds, senderId: RegistrarId): void {
    if (this.#isIntroduced || !this.#settings.asPeer) {
      this.#fail('rejected');
      return;
    }
    this.#isIntroduced = true;
    this.#registrarId = senderId;
    this.#sendPresence();
    this.#outputs.push({ type: 'introduced' });
    this.#askNext(now);
  }

  #isTooMuch(hasMore: boolean): boolean {
    const { maxPoolElements, maxTableBytes } = this.#settings;
    if (this.#poolElements.size > maxPoolElements || this.#tableBytes > maxTableBytes) return true;
    return hasMore && this.#pagesWithoutNews > MAX_PAGES_WITHOUT_NEWS;
  }

  #onPartRead(now: Milliseconds): void {
    this.#parts.shift();
    this.#askNext(now);
  }

  /** Asks for the next part, or the next page of it. */
  #askNext(now: Milliseconds): void {
    const ids = { senderId: this.#settings.id, receiverId: this.#registrarId };
    const [part] = this.#parts;
    if (part === undefined) {
      this.#finish();
      return;
    }
    this.#awaitAnswer(now);
    if (part === 'peers') this.#send({ type: 'ENRP_LIST_REQUEST', ...ids });
    else this.#send({ type: 'ENRP_HANDLE_TABLE_REQUEST', ...ids, ownOnly: false });
  }

  #awaitAnswer(now: Milliseconds): void {
    this.#deadline = Math.min(now + this.#settings.timeoutMs, this.#endsAt);
  }

  /** From the port of this association, or rsplib does not believe it (decision 12). */
  #sendPresence(): void {
    const { id, localAddresses } = this.#settings;
    const transport = { protocol: 'sctp', port: this.#port, transportUse: 0 } as const;
    this.#send({
      type: 'ENRP_PRESENCE',
      senderId: id,
      receiverId: this.#registrarId,
      wantsReply: false,
      checksum: CHECKSUM_OF_NOTHING,
      serverInformation: { id, transport: { ...transport, addresses: localAddresses } },
    });
  }

  #send(message: EnrpMessage): void {
    const payload = encodeEnrp(message, { profile: this.#settings.profile });
    const association = this.#association as AssociationId;
    const payloadProtocol = PAYLOAD_PROTOCOL.ENRP;
    this.#outputs.push({ type: 'send', association, payloadProtocol, payload });
  }

  #finish(): void {
    this.#end();
    const association = this.#association as AssociationId;
    this.#outputs.push(
      { type: 'shutdown', association },
      {
        type: 'read',
        registrarId: this.#registrarId,
        peers: this.#peers,
        poolElements: [...this.#poolElements.values()],
      },
    );
  }

  #fail(why: ReadFailure, errors: readonly ErrorCause[] = []): void {
    const association = this.#association;
    if (association !== undefined) {
      this.#outputs.push({
        type: 'abort',
        association,
        reason: 'the registrar is read no further',
      });
    } else if (this.#state === 'calling') {
      this.#outputs.push({ type: 'cancelConnect', attempt: ATTEMPT });
    }
    this.#end();
    const causeCodes = errors.map(({ code }) => code);
    const reason = errors.length === 0 ? undefined : describeCauses(errors);
    this.#outputs.push({ type: 'readFailed', why, causeCodes, reason });
  }

  #end(): void {
    this.#state = 'ended';
    this.#deadline = Number.POSITIVE_INFINITY;
  }
}
