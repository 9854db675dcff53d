/** What the procedures of one registrar share. `registrar.ts` makes it; the procedures act on it. */

import type { Handlespace } from '../../handlespace/handlespace.ts';
import type { PoolElementState } from '../../handlespace/pool-element.ts';
import type { AssociationId, IpAddress, RegistrarId } from '../../types.ts';
import type { Backlog } from '../backlog.ts';
import type { Logger } from '../logger.ts';
import type { Association } from './associations.ts';
import type { Changes } from './changes.ts';
import type { RegistrarOptions } from './options.ts';
import type { Outbox } from './outbox.ts';
import type { PerAssociation } from './per-association.ts';

export interface RegistrarContext {
  readonly id: RegistrarId;
  localAddresses: readonly IpAddress[];
  /** The SCTP port on which the registrar is called. */
  readonly port: number;
  readonly options: RegistrarOptions;
  readonly handlespace: Handlespace;
  /** Those that are up and that we have not ended. */
  readonly associations: Map<AssociationId, Association>;
  /** Pool elements that have gone to a peer, it is said, and over which association they were ours (`departed.ts`). */
  readonly departed: PerAssociation<PoolElementState>;
  readonly outbox: Outbox;
  readonly changes: Changes;
  readonly backlog: Backlog;
  readonly counters: RegistrarCounters;
  readonly log: Logger;
}

/** Counted since the start. rspregistrar's statistics have the same names (-statsfile). */
export interface RegistrarCounters {
  registrations: number;
  reregistrations: number;
  deregistrations: number;
  /** Registrations and deregistrations answered no. */
  refusedRequests: number;
  /** Answered with at least one pool element. */
  handleResolutions: number;
  /** Answered no: unknown pool handle, or too many requests. */
  failedHandleResolutions: number;
  failureReports: number;
  endpointKeepAlives: number;
  endpointKeepAliveAcks: number;
  /** Messages that could not be decoded. */
  malformedMessages: number;
  /** Messages that a registrar has no use for, of other protocols, or over a rate. */
  ignoredMessages: number;
}

export function noCounts(): RegistrarCounters {
  return {
    registrations: 0,
    reregistrations: 0,
    deregistrations: 0,
    refusedRequests: 0,
    handleResolutions: 0,
    failedHandleResolutions: 0,
    failureReports: 0,
    endpointKeepAlives: 0,
    endpointKeepAliveAcks: 0,
    malformedMessages: 0,
    ignoredMessages: 0,
  };
}
