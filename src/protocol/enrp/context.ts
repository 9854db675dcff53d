/** What the procedures of ENRP share. `enrp.ts` makes it; the procedures act on it. */

import type { Handlespace } from '../../handlespace/handlespace.ts';
import type { AssociationId, Milliseconds, RegistrarId, SctpAddress } from '../../types.ts';
import type { Profile, TransportParameter } from '../../wire/parameters.ts';
import type { AddressScope } from '../address-scope.ts';
import type { Backlog } from '../backlog.ts';
import type { Logger } from '../logger.ts';
import type { TokenBucket } from '../token-bucket.ts';
import type { Link } from './links.ts';
import type { StartUp } from './mentor.ts';
import type { EnrpOptions } from './options.ts';
import type { EnrpOutbox } from './outbox.ts';
import type { PeerList } from './peers.ts';
import type { Takeover } from './takeover.ts';

export interface EnrpContext {
  readonly id: RegistrarId;
  /** Where we take ENRP, as peers are told. */
  transport: TransportParameter;
  /** Those that we have or have had: presences with an earlier one may still be on their way. */
  ownAddresses: readonly SctpAddress[];
  readonly options: EnrpOptions;
  readonly minAddressScope: AddressScope;
  readonly maxTransportAddresses: number;
  readonly profile: Profile;
  readonly handlespace: Handlespace;
  readonly peers: PeerList;
  /** Associations that are up. */
  readonly links: Map<AssociationId, Link>;
  readonly takeovers: Map<RegistrarId, Takeover>;
  /** To whom we have left the takeover of whom already: the target first. */
  readonly yielded: Map<RegistrarId, Set<RegistrarId>>;
  /** Homes of elements that are no peers, and when they are given up: the first one first. */
  readonly orphans: Map<RegistrarId, Milliseconds>;
  /** Others who use an identifier that is not theirs, as far as that has been told. */
  readonly impostors: Set<string>;
  /** Pools with elements that disagree with it, as far as that has been logged (decision 39). */
  readonly dissent: Set<string>;
  readonly outbox: EnrpOutbox;
  readonly backlog: Backlog;
  readonly counters: EnrpCounters;
  readonly random: () => number;
  readonly log: Logger;
  /** Presences also go to a multicast group. */
  readonly announces: boolean;
  readonly start: StartUp;
  /** How often we tell all peers that we live, without having been asked to say it ourselves. */
  readonly reassurances: TokenBucket;
  /** How often we tell all peers that an element is ours after all. */
  readonly reassertions: TokenBucket;
  nextAttempt: number;
}

/** Counted since the start. */
export interface EnrpCounters {
  presences: number;
  handleUpdates: number;
  /** Differences to a peer's own view of its elements that were found and repaired. */
  synchronisations: number;
  takeovers: number;
  /** Pool elements that were registered here and have registered with a peer. */
  movedAway: number;
  malformedMessages: number;
  /** Not for us, from nobody we know, not asked for, or about what is not theirs to tell. */
  ignoredMessages: number;
}

export function noCounts(): EnrpCounters {
  return {
    presences: 0,
    handleUpdates: 0,
    synchronisations: 0,
    takeovers: 0,
    movedAway: 0,
    malformedMessages: 0,
    ignoredMessages: 0,
  };
}
