/**
 * `rserpool/handlespace`: the native handlespace alone, for other services to embed. Importing it opens
 * nothing and starts nothing.
 */

export {
  AddonError,
  ClosedError,
  ConfigError,
  HandlespaceError,
  type HandlespaceRefusal,
  RSerPoolError,
} from './errors.ts';
export type { PoolHandle } from './handlespace/desk.ts';
export { Handlespace } from './handlespace/embedded-handlespace.ts';
export type {
  DueTimer,
  HandlespaceStats,
  PoolPage,
  PoolsOptions,
  ResolveOptions,
  WalkOptions,
  WalkPage,
  WalkToken,
} from './handlespace/handlespace.ts';
export {
  type HandlespaceOptions,
  type KeepAliveOptions,
  MAX_ITEMS,
} from './handlespace/options.ts';
export type { PoolElement, PoolElementState } from './handlespace/pool-element.ts';
export type { PoolSummary, SelectionPolicyType } from './handlespace/pool-summary.ts';
export type { Registration } from './handlespace/registration.ts';
export { type Arena, createArena, releaseArena } from './native.ts';
export type { Policy } from './settings/policy.ts';
export {
  type AssociationId,
  formatId,
  formatPoolHandle,
  type IpAddress,
  type Milliseconds,
  type PoolElementId,
  poolElementId,
  type RegistrarId,
  registrarId,
} from './types.ts';
export { CAUSE, type Profile, type TransportParameter } from './wire/parameters.ts';
