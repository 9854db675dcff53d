/** Pool elements and their registrar: registration and deregistration (RFC 5352 §2.2.1-2.2.4). */

import type {
  AsapDeregistration,
  AsapDeregistrationResponse,
  AsapRegistration,
  AsapRegistrationResponse,
} from './asap-messages.ts';
import { writeErrorCauses } from './causes.ts';
import { FLAG, type MessageFormat } from './message-format.ts';
import { PARAMETER } from './parameters.ts';
import { writePoolElement } from './pool-element.ts';
import { writePoolElementId, writePoolHandle } from './simple-parameters.ts';

const { OPERATION_ERROR, PE_IDENTIFIER, POOL_ELEMENT, POOL_HANDLE } = PARAMETER;

/**
 * RFC 5352 §2.2.1
 *
 *     +---------------+---------------+-------------------------------+
 *     |  Type = 0x01  |0|0|0|0|0|0|0|0|        Message Length         |
 *     +---------------+---------------+-------------------------------+
 *     :                     Pool Handle parameter                     :
 *     :                     Pool Element parameter                    :
 *     +---------------------------------------------------------------+
 */
export const registration: MessageFormat<AsapRegistration> = {
  code: 0x01,
  type: 'ASAP_REGISTRATION',
  takes: [POOL_HANDLE, POOL_ELEMENT],
  decode: (body) => ({
    type: 'ASAP_REGISTRATION',
    poolHandle: body.poolHandle(),
    poolElement: body.poolElement(),
  }),
  encode(writer, message, profile) {
    writePoolHandle(writer, message.poolHandle);
    writePoolElement(writer, message.poolElement, profile);
  },
};

/**
 * RFC 5352 §2.2.2
 *
 *     +---------------+---------------+-------------------------------+
 *     |  Type = 0x02  |0|0|0|0|0|0|0|0|        Message Length         |
 *     +---------------+---------------+-------------------------------+
 *     :                     Pool Handle parameter                     :
 *     :                    PE Identifier parameter                    :
 *     +---------------------------------------------------------------+
 */
export const deregistration: MessageFormat<AsapDeregistration> = {
  code: 0x02,
  type: 'ASAP_DEREGISTRATION',
  takes: [POOL_HANDLE, PE_IDENTIFIER],
  decode: (body) => ({
    type: 'ASAP_DEREGISTRATION',
    poolHandle: body.poolHandle(),
    poolElementId: body.poolElementId(),
  }),
  encode(writer, message) {
    writePoolHandle(writer, message.poolHandle);
    writePoolElementId(writer, message.poolElementId, false);
  },
};

/**
 * RFC 5352 §2.2.3; R: rejected
 *
 *     +---------------+---------------+-------------------------------+
 *     |  Type = 0x03  |0|0|0|0|0|0|0|R|        Message Length         |
 *     +---------------+---------------+-------------------------------+
 *     :                     Pool Handle parameter                     :
 *     :                    PE Identifier parameter                    :
 *     :              Operation Error parameter (optional)             :
 *     +---------------------------------------------------------------+
 */
export const registrationResponse: MessageFormat<AsapRegistrationResponse> = {
  code: 0x03,
  type: 'ASAP_REGISTRATION_RESPONSE',
  takes: [POOL_HANDLE, PE_IDENTIFIER, OPERATION_ERROR],
  decode: (body, flags) => ({
    type: 'ASAP_REGISTRATION_RESPONSE',
    poolHandle: body.poolHandle(),
    poolElementId: body.repeatedPoolElementId(),
    isRejected: (flags & FLAG) !== 0,
    errors: body.errors(),
  }),
  flags: ({ isRejected }) => (isRejected ? FLAG : 0),
  encode(writer, message) {
    writePoolHandle(writer, message.poolHandle);
    writePoolElementId(writer, message.poolElementId, true);
    writeErrorCauses(writer, message.errors);
  },
};

/**
 * RFC 5352 §2.2.4
 *
 *     +---------------+---------------+-------------------------------+
 *     |  Type = 0x04  |0|0|0|0|0|0|0|0|        Message Length         |
 *     +---------------+---------------+-------------------------------+
 *     :                     Pool Handle parameter                     :
 *     :                    PE Identifier parameter                    :
 *     :              Operation Error parameter (optional)             :
 *     +---------------------------------------------------------------+
 */
export const deregistrationResponse: MessageFormat<AsapDeregistrationResponse> = {
  code: 0x04,
  type: 'ASAP_DEREGISTRATION_RESPONSE',
  takes: [POOL_HANDLE, PE_IDENTIFIER, OPERATION_ERROR],
  decode: (body) => ({
    type: 'ASAP_DEREGISTRATION_RESPONSE',
    poolHandle: body.poolHandle(),
    poolElementId: body.repeatedPoolElementId(),
    errors: body.errors(),
  }),
  encode(writer, message) {
    writePoolHandle(writer, message.poolHandle);
    writePoolElementId(writer, message.poolElementId, true);
    writeErrorCauses(writer, message.errors);
  },
};
