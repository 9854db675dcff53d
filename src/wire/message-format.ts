/** What the codec has to know of a message. The messages of ASAP are in `asap-registration.ts` and so on. */

import type { ByteWriter } from './bytes.ts';
import type { MessageBody } from './message-body.ts';
import type { Profile } from './parameters.ts';

export interface MessageFormat<Message extends { readonly type: string }> {
  /** Message Type */
  readonly code: number;
  readonly type: Message['type'];
  /** Bytes of fixed fields between the header and the parameters; 0 when absent. */
  readonly fixedLength?: number;
  /** The parameters that have a place in it; any order is read. */
  readonly takes: readonly number[];
  decode(body: MessageBody, flags: number): Message;
  /** Message Flags; absent: none. Unspecified bits are sent as 0 and ignored when received (RFC 5354 §4). */
  flags?(message: Message): number;
  /** Everything after the header, in the order of the RFC: rsplib reads no other. */
  encode(writer: ByteWriter, message: Message, profile: Profile): void;
}

/** The one flag that some messages have, each with a meaning of its own. */
export const FLAG = 0x01;
