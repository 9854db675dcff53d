/**
 * The registrar among its peers (RFC 5353) as a machine: takes inputs, lets the procedure of that message or
 * event act, gives outputs. Only routes. It shares a handlespace with the ASAP half
 * (`registrar/registrar.ts`), which tells it of changes and asks the pool elements that it adopts for a sign
 * of life. What the procedures share is `context.ts`.
 */

import { DecodeError } from '../../errors.ts';
import type { Handlespace } from '../../handlespace/handlespace.ts';
import {
  type AssociationId,
  type IpAddress,
  type Milliseconds,
  PAYLOAD_PROTOCOL,
  type RegistrarId,
  type SctpAddress,
} from '../../types.ts';
import { describeCauses } from '../../wire/cause-text.ts';
import { decodeEnrp } from '../../wire/enrp.ts';
import type { EnrpMessage } from '../../wire/enrp-messages.ts';
import type { Decoded } from '../../wire/message-codec.ts';
import type { Profile, TransportParameter } from '../../wire/parameters.ts';
import { type AddressScope, isInScope } from '../address-scope.ts';
import { Backlog } from '../backlog.ts';
import { type Logger, SILENT, UNKNOWN_PAYLOAD_PROTOCOL } from '../logger.ts';
import type { Machine } from '../machine.ts';
import { seededRandom } from '../random.ts';
import { tokenBucket } from '../token-bucket.ts';
import { type EnrpContext, type EnrpCounters, noCounts } from './context.ts';
import { Departure } from './departure.ts';
import { onUndecodable, reportUnrecognized } from './error-report.ts';
import type { EnrpInput, EnrpOutput } from './events.ts';
import { onPause, onPeerTimers } from './failure-detection.ts';
import { endStaleSessions, onHandleTableRequest } from './handle-table.ts';
import { onHandleUpdate, onPoolElementChanged } from './handle-update.ts';
import { sendHeartbeat } from './heartbeat.ts';
import { mayBeFrom, onErrorReport } from './identity.ts';
import {
  type Link,
  onAssociationAddresses,
  onAssociationDown,
  onAssociationRestarted,
  onAssociationUp,
  onConnectFailed,
} from './links.ts';
import { onStartTimer, StartUp, startUp } from './mentor.ts';
import type { EnrpOptions } from './options.ts';
import { lapsedOrphan, nextOrphanDeadline } from './orphans.ts';
import { EnrpOutbox } from './outbox.ts';
import { type Peer, PeerList } from './peers.ts';
import { hear, onAnnouncedPresence, onPresence } from './presence.ts';
import { onListRequest, onListResponse } from './server-list.ts';
import { onHandleTableResponse, onSynchronisationTimers } from './synchronisation.ts';
import {
  onInitTakeover,
  onInitTakeoverAck,
  onTakeoverServer,
  onTakeoverTimers,
  takeOver,
} from './takeover.ts';

export interface EnrpSetUp {
  readonly id: RegistrarId;
  /** The one of the ASAP half. It is not closed here. */
  readonly handlespace: Handlespace;
  /** Made by `completeEnrpOptions`. */
  readonly options: EnrpOptions;
  /** Which of the two worlds to follow where they differ: the one of the ASAP half. */
  readonly profile: Profile;
  readonly localAddresses: readonly IpAddress[];
  /** How far an address must reach to be told to peers, or to be called. */
  readonly minAddressScope: AddressScope;
  /** Of a transport of a pool element: the ASAP half's limit. */
  readonly maxTransportAddresses: number;
  /** The SCTP port on which we are called, and from which we call. */
  readonly port: number;
  /** Configured peers: the addresses of each. */
  readonly peers: readonly (readonly SctpAddress[])[];
  /** Presences go to a multicast group as well. */
  readonly announces: boolean;
  /** Of the jitter of heartbeats. */
  readonly seed: bigint;
  readonly log?: Logger | undefined;
}

export class Enrp implements Machine<EnrpInput, EnrpOutput> {
  readonly #context: EnrpContext;
  readonly #departure: Departure;
  readonly #port: number;
  /** The first one is due at once. */
  #nextHeartbeatAt: Milliseconds = 0;
  #heartbeat = 0;
  #isStopped = false;

  constructor(setUp: EnrpSetUp) {
    const { id, handlespace, options, profile, localAddresses, port, announces, seed } = setUp;
    const { minAddressScope, maxTransportAddresses } = setUp;
    this.#port = port;
    this.#context = {
      id,
      transport: transportOf(localAddresses, port, minAddressScope),
      ownAddresses: localAddresses.map((address) => ({ address, port })),
      options,
      minAddressScope,
      maxTransportAddresses,
      profile,
      handlespace,
      peers: new PeerList(),
      links: new Map(),
      takeovers: new Map(),
      yielded: new Map(),
      orphans: new Map(),
      impostors: new Set(),
      dissent: new Set(),
      outbox: new EnrpOutbox(profile),
      backlog: new Backlog(),
      counters: noCounts(),
      random: seededRandom(seed),
      log: setUp.log ?? SILENT,
      announces,
      start: new StartUp(),
      reassurances: tokenBucket(REASSURANCES_PER_SECOND, 1),
      reassertions: tokenBucket(REASSERTIONS_PER_SECOND, REASSERTION_BURST),
      nextAttempt: 1,
    };
    const isOurs = ({ address, port: at }: SctpAddress) =>
      at === port && localAddresses.includes(address);
    for (const peer of setUp.peers) {
      if (!peer.some(isOurs)) this.#context.peers.addUnheard(peer);
    }
    this.#departure = new Departure(this.#context);
  }

  /** Live; counted since the start. */
  get counters(): Readonly<EnrpCounters> {
    return this.#context.counters;
  }

  /** The identifiers of those that have been heard and not given up. */
  get peers(): readonly Peer[] {
    return this.#context.peers.heard();
  }

  get isInService(): boolean {
    return this.#context.start.isOver;
  }

  handle(now: Milliseconds, input: EnrpInput): void {
    if (this.#isStopped) return;
    this.#act(now, input);
    if (this.#departure.isUnderWay && this.#departure.isOver(now)) this.#stop();
  }

  drain(): readonly EnrpOutput[] {
    return this.#context.outbox.drain();
  }

  /** 0 at first: the first `timeout` is wanted at once, it begins the start-up. */
  nextDeadline(): Milliseconds {
    const { backlog, peers, takeovers, start } = this.#context;
    if (this.#isStopped) return Number.POSITIVE_INFINITY;
    if (!backlog.isEmpty) return 0;
    let next = Math.min(this.#nextHeartbeatAt, start.nextDeadline, this.#departure.nextDeadline);
    for (const { deadline, synchronisation } of peers.all()) {
      next = Math.min(next, deadline, synchronisation?.deadline ?? next);
    }
    for (const { deadline } of takeovers.values()) next = Math.min(next, deadline);
    return Math.min(next, nextOrphanDeadline(this.#context));
  }

  #act(now: Milliseconds, input: EnrpInput): void {
    const context = this.#context;
    switch (input.type) {
      case 'message':
        this.#onMessage(now, input.association, input.payloadProtocol, input.payload);
        break;
      case 'timeout':
        this.#onTimeout(now);
        break;
      case 'poolElementChanged':
        if (this.#departure.isUnderWay) this.#departure.onPoolElementChanged(now, input);
        else onPoolElementChanged(context, input);
        break;
      case 'associationUp':
        onAssociationUp(context, input.association, input.peerAddresses, input.attempt);
        break;
      case 'associationRestarted':
        onAssociationRestarted(context, input.association);
        break;
      case 'associationAddresses':
        onAssociationAddresses(context, input.association, input.peerAddresses);
        break;
      case 'associationDown':
        onAssociationDown(context, input.association, input.why);
        break;
      case 'connectFailed':
        onConnectFailed(context, input.attempt);
        break;
      case 'presenceHeard':
        this.#onDatagram(now, input.source, input.payload);
        break;
      case 'localAddressesChanged':
        this.#onLocalAddressesChanged(now, input.addresses);
        break;
      case 'stop':
        if (!this.#departure.isUnderWay) this.#departure.start(now);
    }
  }

  #onTimeout(now: Milliseconds): void {
    const context = this.#context;
    const { peerHeartbeatCycleMs, peerHeartbeatJitter, peerMaxTimeNoResponseMs } = context.options;
    if (this.#heartbeat === 0) startUp(context, now);
    else if (now - this.#nextHeartbeatAt > peerMaxTimeNoResponseMs) onPause(context, now);
    context.backlog.run(now);
    onSynchronisationTimers(context, now);
    onStartTimer(context, now);
    onPeerTimers(context, now);
    onTakeoverTimers(context, now);
    const orphan = lapsedOrphan(context, now);
    if (orphan !== undefined) takeOver(context, now, orphan);
    if (now < this.#nextHeartbeatAt) return;
    const early = 1 + peerHeartbeatJitter * (2 * context.random() - 1);
    this.#nextHeartbeatAt = now + Math.max(1, Math.round(peerHeartbeatCycleMs * early));
    endStaleSessions(context, now);
    sendHeartbeat(context, this.#heartbeat);
    this.#heartbeat += 1;
  }

  /** Peers learn of it by the next heartbeat, which is early: they may have missed the last ones. */
  #onLocalAddressesChanged(now: Milliseconds, addresses: readonly IpAddress[]): void {
    const context = this.#context;
    const { ownAddresses, minAddressScope } = context;
    const port = this.#port;
    context.transport = transportOf(addresses, port, minAddressScope);
    const isKnown = (address: IpAddress) => ownAddresses.some((one) => one.address === address);
    const others = addresses.filter((address) => !isKnown(address));
    context.ownAddresses = [...ownAddresses, ...others.map((address) => ({ address, port }))];
    this.#nextHeartbeatAt = Math.min(this.#nextHeartbeatAt, now + ADDRESS_SETTLING_MS);
  }

  #onDatagram(now: Milliseconds, source: SctpAddress, payload: Uint8Array): void {
    const context = this.#context;
    try {
      const message = decodeEnrp(payload, { profile: context.profile });
      if (message.type === 'ENRP_PRESENCE') onAnnouncedPresence(context, now, source, message);
      else context.counters.ignoredMessages += 1;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      context.counters.malformedMessages += 1;
    }
  }

  #onMessage(
    now: Milliseconds,
    id: AssociationId,
    payloadProtocol: number,
    payload: Uint8Array,
  ): void {
    const context = this.#context;
    const link = context.links.get(id);
    if (link === undefined) return; // sent before the end that we have put to the association
    if (payloadProtocol !== PAYLOAD_PROTOCOL.ENRP) {
      context.counters.ignoredMessages += 1;
      context.log.debug({ association: id, payloadProtocol }, UNKNOWN_PAYLOAD_PROTOCOL);
      return;
    }
    try {
      const message = decodeEnrp(payload, { profile: context.profile });
      this.#onReadable(now, link, message);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      onUndecodable(context, link, payload, error);
    }
  }

  #onReadable(now: Milliseconds, link: Link, message: Decoded<EnrpMessage>): void {
    const context = this.#context;
    if (message.type === 'ENRP_ERROR') {
      // rsplib repeats the identifiers of what it complains about, ours that is (interop-rsplib B7).
      context.log.warn(
        {
          association: link.id,
          causeCode: message.errors[0]?.code,
          reason: describeCauses(message.errors),
        },
        'peer reported an error',
      );
      onErrorReport(context, link, message);
      return;
    }
    if (!mayBeFrom(context, link, message.senderId)) {
      context.counters.ignoredMessages += 1;
      return;
    }
    this.#route(now, link, message);
    if (message.unrecognized) reportUnrecognized(context, link, message.unrecognized);
  }

  #route(now: Milliseconds, link: Link, message: Exclude<EnrpMessage, { type: 'ENRP_ERROR' }>) {
    const context = this.#context;
    // RFC 5353 §3.4: whoever tells anything lives, and is a peer. A presence says more of that.
    const isPeers = context.peers.find(message.senderId) !== undefined;
    if (message.type !== 'ENRP_PRESENCE' && (isPeers || !mayComeFromStranger(message.type))) {
      hear(context, now, link, message.senderId);
    }
    switch (message.type) {
      case 'ENRP_PRESENCE':
        onPresence(context, now, link, message);
        break;
      case 'ENRP_HANDLE_TABLE_REQUEST':
        onHandleTableRequest(context, now, link, message);
        break;
      case 'ENRP_HANDLE_TABLE_RESPONSE':
        onHandleTableResponse(context, now, link, message);
        break;
      case 'ENRP_HANDLE_UPDATE':
        onHandleUpdate(context, now, link, message);
        break;
      case 'ENRP_LIST_REQUEST':
        onListRequest(context, link, message);
        break;
      case 'ENRP_LIST_RESPONSE':
        onListResponse(context, now, link, message);
        break;
      case 'ENRP_INIT_TAKEOVER':
        onInitTakeover(context, now, link, message);
        break;
      case 'ENRP_INIT_TAKEOVER_ACK':
        onInitTakeoverAck(context, now, link, message);
        break;
      case 'ENRP_TAKEOVER_SERVER':
        onTakeoverServer(context, now, link, message);
    }
  }

  #stop(): void {
    const { links, outbox } = this.#context;
    for (const association of links.keys()) outbox.push({ type: 'shutdown', association });
    outbox.push({ type: 'stopped' });
    this.#isStopped = true;
  }
}

/** Where peers reach us. */
function transportOf(
  localAddresses: readonly IpAddress[],
  port: number,
  minAddressScope: AddressScope,
): TransportParameter {
  const inScope = localAddresses.filter((one) => isInScope(one, minAddressScope));
  const addresses = inScope.length > 0 ? inScope : localAddresses;
  return { protocol: 'sctp', port, transportUse: 0, addresses };
}

/** So long may it take until multicast goes out on a new interface. */
const ADDRESS_SETTLING_MS = 500;

/**
 * Whoever only reads is answered and is no peer by it: a phantom would hold up takeovers, which it never agrees to.
 * Registrars send a presence before they ask (decision 28).
 */
function mayComeFromStranger(type: EnrpMessage['type']): boolean {
  return type === 'ENRP_LIST_REQUEST' || type === 'ENRP_HANDLE_TABLE_REQUEST';
}

/** A rate at which nobody is troubled, whatever we are told of ourselves. */
const REASSURANCES_PER_SECOND = 1;
/** The same, of our elements. */
const REASSERTIONS_PER_SECOND = 100;
const REASSERTION_BURST = 1_000;
