/** The handlespace between registrars: tables on request, updates as they happen (RFC 5353 §2.2-2.4). */

import { AFTER_IDS, IDS_LENGTH, idsOf, writeIds } from './enrp-ids.ts';
import type {
  EnrpHandleTableRequest,
  EnrpHandleTableResponse,
  EnrpHandleUpdate,
} from './enrp-messages.ts';
import { FLAG, type MessageFormat } from './message-format.ts';
import { PARAMETER } from './parameters.ts';
import { writeHomed } from './pool-element.ts';
import { writePoolHandle } from './simple-parameters.ts';

const { POOL_ELEMENT, POOL_HANDLE } = PARAMETER;

const HAS_MORE = 0x02;

/**
 * RFC 5353 §2.2; W: only what the receiver is home of
 *
 *     +---------------+---------------+-------------------------------+
 *     |  Type = 0x02  |0|0|0|0|0|0|0|W|     Message Length = 12       |
 *     +---------------+---------------+-------------------------------+
 *     |                     Sending Server's ID                       |
 *     +---------------------------------------------------------------+
 *     |                    Receiving Server's ID                      |
 *     +---------------------------------------------------------------+
 */
export const handleTableRequest: MessageFormat<EnrpHandleTableRequest> = {
  code: 0x02,
  type: 'ENRP_HANDLE_TABLE_REQUEST',
  fixedLength: IDS_LENGTH,
  takes: [],
  decode: (body, flags) => ({
    type: 'ENRP_HANDLE_TABLE_REQUEST',
    ...idsOf(body),
    ownOnly: (flags & FLAG) !== 0,
  }),
  flags: ({ ownOnly }) => (ownOnly ? FLAG : 0),
  encode: writeIds,
};

/**
 * RFC 5353 §2.3; M: there is more, R: rejected. A page may have no entry at all.
 *
 *     +---------------+---------------+-------------------------------+
 *     |  Type = 0x03  |0|0|0|0|0|0|M|R|        Message Length         |
 *     +---------------+---------------+-------------------------------+
 *     |                     Sending Server's ID                       |
 *     +---------------------------------------------------------------+
 *     |                    Receiving Server's ID                      |
 *     +---------------------------------------------------------------+
 *     :                     Pool Handle parameter                     :   any number of times,
 *     :             Pool Element parameters, one or more              :   none when R
 *     +---------------------------------------------------------------+
 */
export const handleTableResponse: MessageFormat<EnrpHandleTableResponse> = {
  code: 0x03,
  type: 'ENRP_HANDLE_TABLE_RESPONSE',
  fixedLength: IDS_LENGTH,
  takes: [POOL_HANDLE, POOL_ELEMENT],
  decode: (body, flags) => ({
    type: 'ENRP_HANDLE_TABLE_RESPONSE',
    ...idsOf(body),
    isRejected: (flags & FLAG) !== 0,
    hasMore: (flags & HAS_MORE) !== 0,
    entries: body.handleTable(),
  }),
  flags: ({ isRejected, hasMore }) => (isRejected ? FLAG : 0) | (hasMore ? HAS_MORE : 0),
  encode(writer, message, profile) {
    writeIds(writer, message);
    for (const { poolHandle, poolElements } of message.entries) {
      if (poolElements.length === 0) throw new RangeError('A pool has at least one pool element.');
      writePoolHandle(writer, poolHandle);
      for (const element of poolElements) writeHomed(writer, element, profile);
    }
  },
};

/**
 * RFC 5353 §2.4; T: the receiver is asked to take the element over
 *
 *     +---------------+---------------+-------------------------------+
 *     |  Type = 0x04  |0|0|0|0|0|0|0|T|        Message Length         |
 *     +---------------+---------------+-------------------------------+
 *     |                     Sending Server's ID                       |
 *     +---------------------------------------------------------------+
 *     |                    Receiving Server's ID                      |
 *     +-------------------------------+-------------------------------+
 *     |         Update Action         |           Reserved            |   0 ADD_PE, 1 DEL_PE
 *     +-------------------------------+-------------------------------+
 *     :                     Pool Handle parameter                     :
 *     :                    Pool Element parameter                     :
 *     +---------------------------------------------------------------+
 */
export const handleUpdate: MessageFormat<EnrpHandleUpdate> = {
  code: 0x04,
  type: 'ENRP_HANDLE_UPDATE',
  fixedLength: IDS_LENGTH + 4,
  takes: [POOL_HANDLE, POOL_ELEMENT],
  decode: (body, flags) => ({
    type: 'ENRP_HANDLE_UPDATE',
    ...idsOf(body),
    suggestsTakeover: (flags & FLAG) !== 0,
    action: body.u16(AFTER_IDS),
    poolHandle: body.poolHandle(),
    poolElement: body.homedPoolElement(),
  }),
  flags: ({ suggestsTakeover }) => (suggestsTakeover ? FLAG : 0),
  encode(writer, message, profile) {
    writeIds(writer, message);
    writer.u16(message.action, 'update action');
    writer.u16(0, 'reserved bits');
    writePoolHandle(writer, message.poolHandle);
    writeHomed(writer, message.poolElement, profile);
  },
};
