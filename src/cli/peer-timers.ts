/** `--peer-heartbeat-cycle` and its like: how soon a registrar notices that a peer is dead, and takes over. */

import type { Command } from 'commander';
import type { PartialEnrpOptions } from '../protocol/enrp/options.ts';
import type { Milliseconds } from '../types.ts';
import { integerBetween } from './options.ts';

export interface PeerTimers {
  readonly peerHeartbeatCycle?: Milliseconds;
  readonly peerMaxTimeLastHeard?: Milliseconds;
  readonly peerMaxTimeNoResponse?: Milliseconds;
  readonly mentorDiscoveryTimeout?: Milliseconds;
  readonly takeoverExpiryInterval?: Milliseconds;
}

export function addPeerTimers(command: Command): Command {
  return command
    .option('--peer-heartbeat-cycle <ms>', 'time between two presences to every peer', time)
    .option('--peer-max-time-last-heard <ms>', 'silence after which a peer is asked', time)
    .option(
      '--peer-max-time-no-response <ms>',
      'time allowed for a peer to answer before it is considered failed',
      time,
    )
    .option('--mentor-discovery-timeout <ms>', 'how long to look for a mentor at startup', time)
    .option('--takeover-expiry-interval <ms>', 'time peers have to agree to a takeover', time);
}

export function peerTimersOf(timers: PeerTimers): PartialEnrpOptions {
  return {
    peerHeartbeatCycleMs: timers.peerHeartbeatCycle,
    peerMaxTimeLastHeardMs: timers.peerMaxTimeLastHeard,
    peerMaxTimeNoResponseMs: timers.peerMaxTimeNoResponse,
    mentorDiscoveryTimeoutMs: timers.mentorDiscoveryTimeout,
    takeoverExpiryIntervalMs: timers.takeoverExpiryInterval,
  };
}

/** Up to an hour, as `protocol/enrp/options.ts` allows. */
const time = integerBetween(1, 3_600_000);
