/** A registrar that is gone, and who takes its place (RFC 5353 §2.7-2.9). */

import type { ByteWriter } from './bytes.ts';
import { AFTER_IDS, IDS_LENGTH, idsOf, writeIds } from './enrp-ids.ts';
import type { EnrpInitTakeover, EnrpInitTakeoverAck, EnrpTakeoverServer } from './enrp-messages.ts';
import type { MessageBody } from './message-body.ts';
import type { MessageFormat } from './message-format.ts';

type AboutTakeover = EnrpInitTakeover | EnrpInitTakeoverAck | EnrpTakeoverServer;

const FIXED_LENGTH = IDS_LENGTH + 4;

/**
 * RFC 5353 §2.7
 *
 *     +---------------+---------------+-------------------------------+
 *     |  Type = 0x07  |0|0|0|0|0|0|0|0|     Message Length = 16       |
 *     +---------------+---------------+-------------------------------+
 *     |                     Sending Server's ID                       |
 *     +---------------------------------------------------------------+
 *     |                    Receiving Server's ID                      |
 *     +---------------------------------------------------------------+
 *     |                     Targeting Server's ID                     |
 *     +---------------------------------------------------------------+
 */
export const initTakeover: MessageFormat<EnrpInitTakeover> = {
  code: 0x07,
  type: 'ENRP_INIT_TAKEOVER',
  fixedLength: FIXED_LENGTH,
  takes: [],
  decode: (body) => ({ type: 'ENRP_INIT_TAKEOVER', ...allIdsOf(body) }),
  encode: writeAllIds,
};

/**
 * RFC 5353 §2.8
 *
 *     +---------------+---------------+-------------------------------+
 *     |  Type = 0x08  |0|0|0|0|0|0|0|0|     Message Length = 16       |
 *     +---------------+---------------+-------------------------------+
 *     |                     Sending Server's ID                       |
 *     +---------------------------------------------------------------+
 *     |                    Receiving Server's ID                      |
 *     +---------------------------------------------------------------+
 *     |                     Targeting Server's ID                     |
 *     +---------------------------------------------------------------+
 */
export const initTakeoverAck: MessageFormat<EnrpInitTakeoverAck> = {
  code: 0x08,
  type: 'ENRP_INIT_TAKEOVER_ACK',
  fixedLength: FIXED_LENGTH,
  takes: [],
  decode: (body) => ({ type: 'ENRP_INIT_TAKEOVER_ACK', ...allIdsOf(body) }),
  encode: writeAllIds,
};

/**
 * RFC 5353 §2.9
 *
 *     +---------------+---------------+-------------------------------+
 *     |  Type = 0x09  |0|0|0|0|0|0|0|0|     Message Length = 16       |
 *     +---------------+---------------+-------------------------------+
 *     |                     Sending Server's ID                       |
 *     +---------------------------------------------------------------+
 *     |                    Receiving Server's ID                      |
 *     +---------------------------------------------------------------+
 *     |                     Targeting Server's ID                     |
 *     +---------------------------------------------------------------+
 */
export const takeoverServer: MessageFormat<EnrpTakeoverServer> = {
  code: 0x09,
  type: 'ENRP_TAKEOVER_SERVER',
  fixedLength: FIXED_LENGTH,
  takes: [],
  decode: (body) => ({ type: 'ENRP_TAKEOVER_SERVER', ...allIdsOf(body) }),
  encode: writeAllIds,
};

function allIdsOf(body: MessageBody) {
  return { targetId: body.registrarId(AFTER_IDS), ...idsOf(body) };
}

function writeAllIds(writer: ByteWriter, message: AboutTakeover): void {
  if (message.targetId === 0) throw new RangeError('The identifier of a registrar cannot be 0.');
  writeIds(writer, message);
  writer.u32(message.targetId, 'identifier of the target');
}
