/** That the simulator finds faults: procedures that are broken on purpose, each found within 300 histories. */

import { afterEach, expect, test, vi } from 'vitest';
import type { EnrpContext } from '../../src/protocol/enrp/context.ts';
import type * as departure from '../../src/protocol/enrp/departure.ts';
import type * as handleTable from '../../src/protocol/enrp/handle-table.ts';
import type * as handleUpdate from '../../src/protocol/enrp/handle-update.ts';
import type * as peers from '../../src/protocol/enrp/peers.ts';
import type * as takeover from '../../src/protocol/enrp/takeover.ts';
import type * as adoption from '../../src/protocol/registrar/adoption.ts';
import type { RegistrarContext } from '../../src/protocol/registrar/context.ts';
import type * as handleResolution from '../../src/protocol/registrar/handle-resolution.ts';
import type * as steps from '../../src/runtime/steps.ts';
import type { AssociationId } from '../../src/types.ts';
import type { EnrpMessage } from '../../src/wire/enrp-messages.ts';
import { historyOf } from './history.ts';

type AfterContext =
  Parameters<typeof handleTable.onHandleTableRequest> extends [unknown, ...infer Rest]
    ? Rest
    : never;

const MOST_SEEDS = 300;
const enrp = '../../src/protocol/enrp';

interface Mutant {
  readonly file: string;
  /** The first seed that finds it, to save time; the search goes on from there. Default: 1. */
  readonly firstSeed?: number;
  /** What stands in the file instead of what is there. */
  // biome-ignore lint/suspicious/noExplicitAny: each knows the module of its file
  breaks(original: any): object;
}

const MUTANTS: { readonly [fault: string]: Mutant } = {
  'nobody compares checksums': {
    file: `${enrp}/audit.ts`,
    breaks: () => ({ audit: () => {} }),
  },
  'what a table does not name is kept': {
    file: `${enrp}/store.ts`,
    breaks: () => ({ removeRemote: () => {} }),
  },
  'a takeover does not end where there are only two': {
    file: `${enrp}/takeover.ts`,
    firstSeed: 8,
    breaks: ({ onPeerDead }: typeof takeover) => ({
      onPeerDead: (context: EnrpContext, now: number, peer: peers.Peer) => {
        if (context.peers.heard().length > 1) onPeerDead(context, now, peer);
        else peer.deadline = Number.POSITIVE_INFINITY;
      },
    }),
  },
  'the elements of a home that is no peer are left alone': {
    file: `${enrp}/orphans.ts`,
    firstSeed: 112,
    breaks: () => ({ noteHome: () => {} }),
  },
  'a DEL_PE is obeyed from anybody': {
    file: `${enrp}/handle-update.ts`,
    firstSeed: 9,
    breaks: ({ onHandleUpdate }: typeof handleUpdate) => ({
      onHandleUpdate: (...args: Parameters<typeof onHandleUpdate>) => {
        const [{ handlespace }, , , { action, poolHandle, poolElement }] = args;
        if (action === 1) handlespace.deregister(poolHandle, poolElement.id);
        onHandleUpdate(...args);
      },
    }),
  },
  'a lost peer is never called again': {
    file: `${enrp}/peers.ts`,
    breaks: ({ PeerList }: typeof peers) => ({
      PeerList: class extends PeerList {
        override lose(peer: peers.Peer, forgetAt: number): void {
          super.lose(peer, forgetAt);
          this.forget(peer);
        }
      },
    }),
  },
  'an element that a peer has lost again is not asked whether it is here': {
    file: '../../src/protocol/registrar/adoption.ts',
    firstSeed: 9,
    breaks: ({ Adoption }: typeof adoption) => ({
      Adoption: class extends Adoption {
        override onAbandoned(): void {}
      },
    }),
  },
  'what was ours before a restart is not taken back': {
    file: `${enrp}/store.ts`,
    firstSeed: 18,
    breaks: () => ({ storeAdopted: () => {} }),
  },
  'nothing is handed over in the end': {
    file: `${enrp}/departure.ts`,
    firstSeed: 10,
    breaks: ({ Departure }: typeof departure) => ({
      Departure: class extends Departure {
        override isOver(): boolean {
          return true;
        }
      },
    }),
  },
  'a registrar that lives is taken over on a word': {
    file: `${enrp}/takeover.ts`,
    firstSeed: 16,
    breaks: ({ onTakeoverServer }: typeof takeover) => ({
      onTakeoverServer: (...args: Parameters<typeof onTakeoverServer>) => {
        const [{ peers: known }, , , { targetId }] = args;
        const target = known.find(targetId);
        if (target !== undefined) target.isAsked = true;
        onTakeoverServer(...args);
      },
    }),
  },
  'pool users are asked whether they live': {
    file: '../../src/protocol/registrar/handle-resolution.ts',
    breaks: ({ HandleResolution }: typeof handleResolution) => ({
      HandleResolution: class extends HandleResolution {
        readonly #told: RegistrarContext;

        constructor(context: RegistrarContext) {
          super(context);
          this.#told = context;
        }

        override onMessage(...args: Parameters<handleResolution.HandleResolution['onMessage']>) {
          super.onMessage(...args);
          const [, association, { poolHandle }] = args;
          this.#told.outbox.send(association.id, {
            type: 'ASAP_ENDPOINT_KEEP_ALIVE',
            wantsToBeHome: false,
            registrarId: this.#told.id,
            poolHandle,
          });
        }
      },
    }),
  },
  'the application is called in the middle of a step': {
    file: '../../src/runtime/steps.ts',
    breaks: ({ Steps }: typeof steps) => ({
      Steps: class extends Steps {
        override callLater(call: () => void): void {
          call();
        }
      },
    }),
  },
  'an exception of a logger ends the step': {
    file: '../../src/runtime/guarded-logger.ts',
    breaks: () => ({ guardedLogger: (log: object) => log }),
  },
  'a handle table ends after its first page': {
    file: `${enrp}/handle-table.ts`,
    breaks: ({ onHandleTableRequest }: typeof handleTable) => ({
      onHandleTableRequest: (context: EnrpContext, ...args: AfterContext) => {
        const send = (id: AssociationId, message: EnrpMessage) =>
          context.outbox.send(id, { ...message, hasMore: false } as EnrpMessage);
        onHandleTableRequest({ ...context, outbox: { send } } as EnrpContext, ...args);
      },
    }),
  },
};

afterEach(() => {
  vi.resetModules();
});

test.each(Object.entries(MUTANTS))(
  'it is found when %s',
  async (_, { file, firstSeed = 1, breaks }) => {
    vi.doMock(file, async (original) => {
      const module = (await original()) as object;
      return { ...module, ...breaks(module) };
    });
    const { play } = await import('./play.ts');
    let seed = firstSeed;
    while (seed < firstSeed + MOST_SEEDS && play(historyOf(seed)).faults.length === 0) seed += 1;
    vi.doUnmock(file);
    expect(seed).toBeLessThan(firstSeed + MOST_SEEDS);
  },
);
