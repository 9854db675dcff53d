/** Who is there: keep-alives, reports of unreachable elements, announces (RFC 5352 §2.2.7-2.2.10). */

import type { RegistrarId } from '../types.ts';
import type {
  AsapEndpointKeepAlive,
  AsapEndpointKeepAliveAck,
  AsapEndpointUnreachable,
  AsapServerAnnounce,
} from './asap-messages.ts';
import type { ByteWriter } from './bytes.ts';
import { FLAG, type MessageFormat } from './message-format.ts';
import { PARAMETER } from './parameters.ts';
import { writePoolElementId, writePoolHandle } from './simple-parameters.ts';
import { writeTransport } from './transports.ts';

const { PE_IDENTIFIER, POOL_HANDLE, SCTP_TRANSPORT, TCP_TRANSPORT } = PARAMETER;

/**
 * RFC 5352 §2.2.7; H: the sender wants to be the home registrar. The PE Identifier is rsplib's addition
 * (decision 16).
 *
 *     +---------------+---------------+-------------------------------+
 *     |  Type = 0x07  |0|0|0|0|0|0|0|H|        Message Length         |
 *     +---------------+---------------+-------------------------------+
 *     |                     Registrar Identifier                      |
 *     +---------------------------------------------------------------+
 *     :                     Pool Handle parameter                     :
 *     :               PE Identifier parameter (optional)              :
 *     +---------------------------------------------------------------+
 */
export const endpointKeepAlive: MessageFormat<AsapEndpointKeepAlive> = {
  code: 0x07,
  type: 'ASAP_ENDPOINT_KEEP_ALIVE',
  fixedLength: 4,
  takes: [POOL_HANDLE, PE_IDENTIFIER],
  decode: (body, flags) => ({
    type: 'ASAP_ENDPOINT_KEEP_ALIVE',
    wantsToBeHome: (flags & FLAG) !== 0,
    registrarId: body.registrarId(),
    poolHandle: body.poolHandle(),
    poolElementId: body.optionalPoolElementId(),
  }),
  flags: ({ wantsToBeHome }) => (wantsToBeHome ? FLAG : 0),
  encode(writer, message) {
    writeRegistrarId(writer, message.registrarId);
    writePoolHandle(writer, message.poolHandle);
    if (message.poolElementId !== undefined) {
      writePoolElementId(writer, message.poolElementId, false);
    }
  },
};

/**
 * RFC 5352 §2.2.8
 *
 *     +---------------+---------------+-------------------------------+
 *     |  Type = 0x08  |0|0|0|0|0|0|0|0|        Message Length         |
 *     +---------------+---------------+-------------------------------+
 *     :                     Pool Handle parameter                     :
 *     :                    PE Identifier parameter                    :
 *     +---------------------------------------------------------------+
 */
export const endpointKeepAliveAck: MessageFormat<AsapEndpointKeepAliveAck> = {
  code: 0x08,
  type: 'ASAP_ENDPOINT_KEEP_ALIVE_ACK',
  takes: [POOL_HANDLE, PE_IDENTIFIER],
  decode: (body) => ({
    type: 'ASAP_ENDPOINT_KEEP_ALIVE_ACK',
    poolHandle: body.poolHandle(),
    poolElementId: body.poolElementId(),
  }),
  encode(writer, message) {
    writePoolHandle(writer, message.poolHandle);
    writePoolElementId(writer, message.poolElementId, false);
  },
};

/**
 * RFC 5352 §2.2.9
 *
 *     +---------------+---------------+-------------------------------+
 *     |  Type = 0x09  |0|0|0|0|0|0|0|0|        Message Length         |
 *     +---------------+---------------+-------------------------------+
 *     :                     Pool Handle parameter                     :
 *     :                    PE Identifier parameter                    :
 *     +---------------------------------------------------------------+
 */
export const endpointUnreachable: MessageFormat<AsapEndpointUnreachable> = {
  code: 0x09,
  type: 'ASAP_ENDPOINT_UNREACHABLE',
  takes: [POOL_HANDLE, PE_IDENTIFIER],
  decode: (body) => ({
    type: 'ASAP_ENDPOINT_UNREACHABLE',
    poolHandle: body.poolHandle(),
    poolElementId: body.poolElementId(),
  }),
  encode(writer, message) {
    writePoolHandle(writer, message.poolHandle);
    writePoolElementId(writer, message.poolElementId, false);
  },
};

/**
 * RFC 5352 §2.2.10
 *
 *     +---------------+---------------+-------------------------------+
 *     |  Type = 0x0a  |0|0|0|0|0|0|0|0|        Message Length         |
 *     +---------------+---------------+-------------------------------+
 *     |                     Registrar Identifier                      |
 *     +---------------------------------------------------------------+
 *     :         SCTP and TCP Transport parameters (optional)          :
 *     +---------------------------------------------------------------+
 */
export const serverAnnounce: MessageFormat<AsapServerAnnounce> = {
  code: 0x0a,
  type: 'ASAP_SERVER_ANNOUNCE',
  fixedLength: 4,
  takes: [SCTP_TRANSPORT, TCP_TRANSPORT],
  decode: (body) => ({
    type: 'ASAP_SERVER_ANNOUNCE',
    registrarId: body.registrarId(),
    transports: body.transports([SCTP_TRANSPORT, TCP_TRANSPORT]),
  }),
  encode(writer, message) {
    writeRegistrarId(writer, message.registrarId);
    for (const transport of message.transports) {
      if (transport.protocol !== 'sctp' && transport.protocol !== 'tcp') {
        throw new RangeError(`A registrar speaks ASAP by SCTP or TCP, not ${transport.protocol}.`);
      }
      writeTransport(writer, transport);
    }
  },
};

function writeRegistrarId(writer: ByteWriter, id: RegistrarId): void {
  if (id === 0) throw new RangeError('The identifier of a registrar cannot be 0.');
  writer.u32(id, 'identifier of a registrar');
}
