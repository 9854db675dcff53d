/** What goes into the ENRP machine of a registrar and what comes out of it. */

import type { PoolElementState } from '../../handlespace/pool-element.ts';
import type { RegistrarId, SctpAddress } from '../../types.ts';
import type { AssociationInput, AssociationOutput, LocalAddressesChanged } from '../machine.ts';

export type EnrpInput =
  | AssociationInput
  /** A datagram to the ENRP multicast group. */
  | {
      readonly type: 'presenceHeard';
      /** Where it came from: an address, and a port that says nothing. */
      readonly source: SctpAddress;
      readonly payload: Uint8Array;
    }
  | PoolElementChanged
  | LocalAddressesChanged
  /** End cleanly: hand our elements over, then end; `stopped` is the last output. */
  | { readonly type: 'stop' };

/** The handlespace has changed on its own account: a registration, a deregistration, a timer. */
export interface PoolElementChanged {
  readonly type: 'poolElementChanged';
  readonly change: PoolElementChange;
  readonly poolElement: PoolElementState;
}

/** `lost`: its association has ended, and it has said nothing of where it is now. */
export type PoolElementChange = 'added' | 'updated' | 'removed' | 'lost';

export type EnrpOutput =
  | AssociationOutput
  /** To be sent to the ENRP multicast group. */
  | { readonly type: 'announcePresence'; readonly payload: Uint8Array }
  /** This element is ours now: it is to be asked for a sign of life with the H bit (RFC 5353 §3.5). */
  | { readonly type: 'adopted'; readonly poolElement: PoolElementState }
  /** A peer would have us be the home of this element of its (decision 41): it is to be asked with the H bit. */
  | { readonly type: 'takeoverSuggested'; readonly poolElement: PoolElementState }
  /** This element, which is registered here, has moved to a peer, as that one says. */
  | { readonly type: 'movedAway'; readonly poolElement: PoolElementState }
  /** Start-up is over: the handlespace is a mentor's, or there is no mentor (RFC 5353 §3.2). */
  | { readonly type: 'inService'; readonly mentor: RegistrarId | undefined }
  | { readonly type: 'stopped' }
  | EnrpEvent;

/** What an application may want to know. */
export type EnrpEvent =
  | {
      readonly type: 'peerUp';
      readonly id: RegistrarId;
      readonly addresses: readonly SctpAddress[];
    }
  | { readonly type: 'peerDown'; readonly id: RegistrarId; readonly reason: PeerDownReason }
  | {
      readonly type: 'takeover';
      /** Who is gone, and who has its pool elements now. */
      readonly target: RegistrarId;
      readonly successor: RegistrarId;
      readonly poolElements: number;
    }
  /** A registrar at these addresses uses the identifier of another registrar: ours, or a peer's. */
  | {
      readonly type: 'duplicateId';
      readonly id: RegistrarId;
      readonly addresses: readonly SctpAddress[];
    }
  /** One whose home is another registrar is known here from now on, by an update or in a table. */
  | {
      readonly type: 'poolElementAdded';
      readonly poolElement: PoolElementState;
      readonly reason: 'toldByPeer';
    }
  | {
      readonly type: 'poolElementRemoved';
      readonly poolElement: PoolElementState;
      readonly reason: RemoteRemovalReason;
    };

export type RemoteRemovalReason =
  /** Its home says that it is gone. */
  | 'toldByPeer'
  /** The audit has found that its home does not know it (RFC 5353 §3.6). */
  | 'unknownToItsHome';

export type PeerDownReason =
  /** It ended its association by SHUTDOWN, was silent from then on, and owned nothing: it was stopped. */
  | 'left'
  /** It timed out, and owned nothing. */
  | 'silent'
  /** It timed out, and this registrar took its pool elements over. */
  | 'takenOver'
  /** It timed out, and another registrar took its pool elements over. */
  | 'takenOverByPeer';
