/** What the procedures of one pool user share. `pool-user.ts` makes it; the procedures act on it. */

import type { AssociationId } from '../../types.ts';
import type { Logger } from '../logger.ts';
import type { Cache } from './cache.ts';
import type { FailureReports } from './failure-reports.ts';
import type { PoolUserOptions } from './options.ts';
import type { Outbox } from './outbox.ts';
import type { PendingResolutions } from './pending-resolutions.ts';
import type { PoolUserEvent } from './pool-user-events.ts';
import type { RegistrarAddresses } from './registrar-list.ts';
import type { ServerHunt } from './server-hunt.ts';

export interface PoolUserContext {
  readonly options: PoolUserOptions;
  readonly outbox: Outbox<PoolUserEvent>;
  readonly hunt: ServerHunt;
  readonly log: Logger;
  readonly random: () => number;
  readonly cache: Cache;
  readonly pending: PendingResolutions;
  readonly reports: FailureReports;
  /** The registrar that is asked; `undefined`: none is known to be there. */
  registrar: UsedRegistrar | undefined;
}

export interface UsedRegistrar {
  readonly association: AssociationId;
  readonly addresses: RegistrarAddresses;
}
