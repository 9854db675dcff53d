/**
 * What applications import: `rserpool`. Importing it opens nothing. The handlespace alone is
 * `rserpool/handlespace`, the codec alone `rserpool/wire`.
 */

export type { EndpointSettings } from './client/endpoint.ts';
export {
  createPoolElement,
  type PoolElement,
  type PoolElementEvents,
  type PoolElementSettings,
} from './client/pool-element.ts';
export {
  createPoolUser,
  type PoolUser,
  type PoolUserSettings,
  type ResolveOptions,
} from './client/pool-user.ts';
export {
  type ListedPeer,
  type ListedPoolElement,
  type ReadRegistrarSettings,
  type RegistrarView,
  readRegistrar,
} from './client/registrar-view.ts';
export {
  createRegistrar,
  type PeerSummary,
  type RegistrarServer,
  type RegistrarServerEvents,
  type RegistrarStats,
} from './daemon/registrar-server.ts';
export type { EnrpSettings, RegistrarSettings } from './daemon/settings.ts';
export * from './errors.ts';
export type { PoolElementOptions, PoolUserOptions } from './protocol/endpoint/options.ts';
export type { EnrpEvent } from './protocol/enrp/events.ts';
export type { EnrpOptions, PartialEnrpOptions } from './protocol/enrp/options.ts';
export type { Logger } from './protocol/logger.ts';
export type { RegistrarPart } from './protocol/reader/reader-events.ts';
export type { RegistrarEvent, RemovalReason } from './protocol/registrar/events.ts';
export type { PartialRegistrarOptions, RegistrarOptions } from './protocol/registrar/options.ts';
export type { Policy, PolicyValues } from './settings/policy.ts';
export type { PartialOptions } from './settings/table.ts';
export {
  formatId,
  formatPoolHandle,
  type PoolElementId,
  poolElementId,
  type RegistrarId,
  registrarId,
  type SctpAddress,
} from './types.ts';
export {
  CAUSE,
  type PoolElementParameter,
  TRANSPORT_USE,
  type TransportParameter,
} from './wire/parameters.ts';
