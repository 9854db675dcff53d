/** The identifiers with which every ENRP message begins, behind its header (RFC 5353 §2). */

import type { RegistrarId } from '../types.ts';
import type { ByteWriter } from './bytes.ts';
import type { MessageBody } from './message-body.ts';
import { HEADER_LENGTH } from './tlv.ts';

interface Ids {
  readonly senderId: RegistrarId;
  readonly receiverId: RegistrarId;
}

const SENDER_OFFSET = HEADER_LENGTH;
const RECEIVER_OFFSET = SENDER_OFFSET + 4;

/** Bytes of both. */
export const IDS_LENGTH = 8;

/** Where the fields begin that some messages have behind them. */
export const AFTER_IDS = HEADER_LENGTH + IDS_LENGTH;

export function idsOf(body: MessageBody): Ids {
  return {
    senderId: body.registrarId(SENDER_OFFSET),
    receiverId: body.registrarId(RECEIVER_OFFSET, true),
  };
}

/** Those of an error: of the message that it is about, which may have been wrong in them. */
export function echoedIdsOf(body: MessageBody): Ids {
  return {
    senderId: body.registrarId(SENDER_OFFSET, true),
    receiverId: body.registrarId(RECEIVER_OFFSET, true),
  };
}

export function writeIds(writer: ByteWriter, ids: Ids): void {
  if (ids.senderId === 0) throw new RangeError('The identifier of a registrar cannot be 0.');
  writeEchoedIds(writer, ids);
}

export function writeEchoedIds(writer: ByteWriter, { senderId, receiverId }: Ids): void {
  writer.u32(senderId, 'identifier of the sender');
  writer.u32(receiverId, 'identifier of the receiver');
}
