/** Registrars that know of one another: presences and lists (RFC 5353 §2.1, §2.5, §2.6); errors (§2.10). */

import { writeErrorCauses } from './causes.ts';
import { echoedIdsOf, IDS_LENGTH, idsOf, writeEchoedIds, writeIds } from './enrp-ids.ts';
import type {
  EnrpError,
  EnrpListRequest,
  EnrpListResponse,
  EnrpPresence,
} from './enrp-messages.ts';
import { FLAG, type MessageFormat } from './message-format.ts';
import { PARAMETER } from './parameters.ts';
import { writeChecksum, writeServerInformation } from './server-information.ts';

const { OPERATION_ERROR, PE_CHECKSUM, SERVER_INFORMATION } = PARAMETER;

/**
 * RFC 5353 §2.1; R: a presence is wanted in return (decision 6)
 *
 *     +---------------+---------------+-------------------------------+
 *     |  Type = 0x01  |0|0|0|0|0|0|0|R|        Message Length         |
 *     +---------------+---------------+-------------------------------+
 *     |                     Sending Server's ID                       |
 *     +---------------------------------------------------------------+
 *     |                    Receiving Server's ID                      |
 *     +---------------------------------------------------------------+
 *     :               PE Checksum parameter (optional)                :
 *     :            Server Information parameter (optional)            :
 *     +---------------------------------------------------------------+
 */
export const presence: MessageFormat<EnrpPresence> = {
  code: 0x01,
  type: 'ENRP_PRESENCE',
  fixedLength: IDS_LENGTH,
  takes: [PE_CHECKSUM, SERVER_INFORMATION],
  decode: (body, flags) => ({
    type: 'ENRP_PRESENCE',
    ...idsOf(body),
    wantsReply: (flags & FLAG) !== 0,
    checksum: body.checksum(),
    serverInformation: body.serverInformation(),
  }),
  flags: ({ wantsReply }) => (wantsReply ? FLAG : 0),
  encode(writer, message) {
    writeIds(writer, message);
    if (message.checksum !== undefined) writeChecksum(writer, message.checksum);
    if (message.serverInformation !== undefined) {
      writeServerInformation(writer, message.serverInformation, false);
    }
  },
};

/**
 * RFC 5353 §2.5
 *
 *     +---------------+---------------+-------------------------------+
 *     |  Type = 0x05  |0|0|0|0|0|0|0|0|     Message Length = 12       |
 *     +---------------+---------------+-------------------------------+
 *     |                     Sending Server's ID                       |
 *     +---------------------------------------------------------------+
 *     |                    Receiving Server's ID                      |
 *     +---------------------------------------------------------------+
 */
export const listRequest: MessageFormat<EnrpListRequest> = {
  code: 0x05,
  type: 'ENRP_LIST_REQUEST',
  fixedLength: IDS_LENGTH,
  takes: [],
  decode: (body) => ({ type: 'ENRP_LIST_REQUEST', ...idsOf(body) }),
  encode: writeIds,
};

/**
 * RFC 5353 §2.6; R: rejected
 *
 *     +---------------+---------------+-------------------------------+
 *     |  Type = 0x06  |0|0|0|0|0|0|0|R|        Message Length         |
 *     +---------------+---------------+-------------------------------+
 *     |                     Sending Server's ID                       |
 *     +---------------------------------------------------------------+
 *     |                    Receiving Server's ID                      |
 *     +---------------------------------------------------------------+
 *     :         Server Information parameters, none when R            :
 *     +---------------------------------------------------------------+
 */
export const listResponse: MessageFormat<EnrpListResponse> = {
  code: 0x06,
  type: 'ENRP_LIST_RESPONSE',
  fixedLength: IDS_LENGTH,
  takes: [SERVER_INFORMATION],
  decode: (body, flags) => ({
    type: 'ENRP_LIST_RESPONSE',
    ...idsOf(body),
    isRejected: (flags & FLAG) !== 0,
    servers: body.serverInformations(),
  }),
  flags: ({ isRejected }) => (isRejected ? FLAG : 0),
  encode(writer, message) {
    writeIds(writer, message);
    for (const server of message.servers) writeServerInformation(writer, server, true);
  },
};

/**
 * RFC 5353 §2.10. The identifiers may be those of the message in question, whatever they were.
 *
 *     +---------------+---------------+-------------------------------+
 *     |  Type = 0x0a  |0|0|0|0|0|0|0|0|        Message Length         |
 *     +---------------+---------------+-------------------------------+
 *     |                     Sending Server's ID                       |
 *     +---------------------------------------------------------------+
 *     |                    Receiving Server's ID                      |
 *     +---------------------------------------------------------------+
 *     :                   Operation Error parameter                   :
 *     +---------------------------------------------------------------+
 */
export const error: MessageFormat<EnrpError> = {
  code: 0x0a,
  type: 'ENRP_ERROR',
  fixedLength: IDS_LENGTH,
  takes: [OPERATION_ERROR],
  decode(body) {
    const errors = body.errors();
    if (errors.length === 0) throw body.missing('an operation error');
    return { type: 'ENRP_ERROR', ...echoedIdsOf(body), errors };
  },
  encode(writer, message) {
    if (message.errors.length === 0) throw new RangeError('An error has at least one cause.');
    writeEchoedIds(writer, message);
    writeErrorCauses(writer, message.errors);
  },
};
