/** What a registrar can be told when it is opened. */

import type { PartialEnrpOptions } from '../protocol/enrp/options.ts';
import type { Logger } from '../protocol/logger.ts';
import type { PartialRegistrarOptions } from '../protocol/registrar/options.ts';
import type { AddressSource } from '../runtime/host-addresses.ts';
import type { AnnounceGroup } from '../transport/announce.ts';
import type { Transport } from '../transport/open.ts';
import type { Milliseconds, SctpAddress } from '../types.ts';

export interface RegistrarSettings {
  /** 1 to 0xffffffff. Default: random, as RFC 5353 §3.2.1 wants it. */
  readonly id?: number | undefined;
  readonly asap?:
    | {
        /**
         * Local addresses, or a function that lists them: it is called at the start and when an interface or
         * address of this host has changed, and new addresses are served, too. Default: every one that other
         * hosts can reach, or else 127.0.0.1, followed in the same way.
         */
        readonly addresses?: AddressSource | undefined;
        /** SCTP port. Default 3863 (RFC 5352 §8.2). */
        readonly port?: number | undefined;
        /**
         * Multicast group of the announces; `false`: none. Default 239.0.0.50:3863, over UDP 239.0.0.60:3863
         * (decision 44).
         */
        readonly announce?: AnnounceGroup | false | undefined;
        /** Routers that an announce may pass, 1 to 255. Default 30. */
        readonly announceTtl?: number | undefined;
      }
    | undefined;
  /** Its peers; `true`: with all defaults. Default `false`: it keeps its handlespace alone. */
  readonly enrp?: EnrpSettings | boolean | undefined;
  /** SCTP backend. Default `auto`: the best one here. */
  readonly transport?: Transport | undefined;
  /** Local UDP port of encapsulated SCTP (RFC 6951); 0: any free one. Default 9899. */
  readonly udpPort?: number | undefined;
  /** Time without messages after which an association is shut down; 0: never. Default 0. */
  readonly autocloseMs?: Milliseconds | undefined;
  /** SCTP associations at most: in all, default 10 000, and with each peer host, default 1 000. */
  readonly maxAssociations?: number | undefined;
  readonly maxAssociationsPerHost?: number | undefined;
  /** Time for which a peer may read nothing of its answers although there is no more room for them. Default 30 000. */
  readonly slowReaderTimeoutMs?: Milliseconds | undefined;
  /** What the registrar does and allows. Every one has a default. */
  readonly registrar?: PartialRegistrarOptions | undefined;
  /**
   * A pino logger, or anything like it. What its methods throw is thrown again on the next tick, as
   * an uncaught exception. Default: silence.
   */
  readonly log?: Logger | undefined;
}

export interface EnrpSettings {
  /** SCTP port. Default 9901 (RFC 5353 §5.3). */
  readonly port?: number | undefined;
  /** Configured peers: the addresses of each. Default: none. */
  readonly peers?: readonly (readonly SctpAddress[])[] | undefined;
  /**
   * Multicast group of the presences; `false`: none. Default 239.0.0.51:9901, over UDP 239.0.0.61:9901
   * (decision 44).
   */
  readonly announce?: AnnounceGroup | false | undefined;
  /** Routers that a presence may pass, 1 to 255. Default 30. */
  readonly announceTtl?: number | undefined;
  /** How a registrar deals with its peers. Every one has a default. */
  readonly options?: PartialEnrpOptions | undefined;
}
