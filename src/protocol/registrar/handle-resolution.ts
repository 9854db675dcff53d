/**
 * ASAP_HANDLE_RESOLUTION (RFC 5352 §3.3): which pool elements to use, selected by the pool's policy. Two ways
 * to the same answer: `answerInPlace` for plain requests, where nothing is made per message; `onMessage` for
 * all, refusals included. The answer's bytes are the handlespace's.
 */

import type { Handlespace } from '../../handlespace/handlespace.ts';
import { MAX_ITEMS } from '../../handlespace/options.ts';
import type { AssociationId, Milliseconds } from '../../types.ts';
import type { AsapHandleResolution } from '../../wire/asap-messages.ts';
import { HandleResolutionView } from '../../wire/asap-views.ts';
import { CAUSE } from '../../wire/parameters.ts';
import type { Association } from './associations.ts';
import { cause } from './causes.ts';
import type { RegistrarContext } from './context.ts';

/** No message of ASAP is longer. */
const MAX_MESSAGE_BYTES = 65_536;

export class HandleResolution {
  readonly #context: RegistrarContext;
  readonly #handlespace: Handlespace;
  #view: HandleResolutionView | undefined;
  readonly #answer = new Uint8Array(MAX_MESSAGE_BYTES);

  constructor(context: RegistrarContext) {
    this.#context = context;
    this.#handlespace = context.handlespace;
  }

  /** See `Registrar.answerInPlace`. */
  answerInPlace(now: Milliseconds, id: AssociationId, offset: number, length: number): number {
    const association = this.#context.associations.get(id);
    if (association === undefined || !association.resolutions.isOpen(now)) return 0;
    const { bytes } = this.#handlespace.arenas().request;
    if (this.#view?.bytes !== bytes) this.#view = new HandleResolutionView(bytes);
    const view = this.#view;
    if (!view.read(offset, length)) return 0;
    const items = this.#itemsOf(view.items);
    const { poolHandleOffset, poolHandleLength } = view;
    const answerBytes = this.#handlespace.resolveInPlace(poolHandleOffset, poolHandleLength, items);
    // 0 and less come again, over the other path or after a flush: counted then.
    if (answerBytes <= 0) return answerBytes;
    association.resolutions.take();
    this.#context.counters.handleResolutions += 1;
    return answerBytes;
  }

  onMessage(
    now: Milliseconds,
    association: Association,
    { poolHandle, items }: AsapHandleResolution,
  ): void {
    const { options, counters, outbox } = this.#context;
    if (!association.resolutions.isOpen(now)) {
      // rsplib's pool users know cause 9 alone (security.md 3).
      const isRfc = options.profile === 'rfc';
      const code = isRfc ? CAUSE.LACK_OF_RESOURCES : CAUSE.UNKNOWN_POOL_HANDLE;
      this.#refuse(association.id, poolHandle, code);
      return;
    }
    association.resolutions.take();
    const answer = this.#answer;
    const count = this.#itemsOf(items ?? 0);
    const answerBytes = this.#handlespace.resolveInto(poolHandle, count, answer, 0);
    if (answerBytes <= 0) {
      this.#refuse(association.id, poolHandle, CAUSE.UNKNOWN_POOL_HANDLE);
      return;
    }
    counters.handleResolutions += 1;
    outbox.sendBytes(association.id, answer.slice(0, answerBytes));
  }

  /** 0: not said. 0xffffffff ("all") is limited like any other number. */
  #itemsOf(items: number): number {
    return Math.min(
      items === 0 ? this.#context.options.maxHandleResolutionItems : items,
      MAX_ITEMS,
    );
  }

  #refuse(association: AssociationId, poolHandle: Uint8Array, causeCode: number): void {
    this.#context.counters.failedHandleResolutions += 1;
    this.#context.outbox.send(association, {
      type: 'ASAP_HANDLE_RESOLUTION_RESPONSE',
      acceptsUpdates: false,
      poolHandle,
      poolElements: [],
      errors: [cause(causeCode)],
    });
  }
}
