/**
 * Between pool elements and pool users: cookies and business cards (RFC 5352 §2.2.11-2.2.13); and the error
 * that anybody may send (§2.2.14).
 */

import type { AsapBusinessCard, AsapCookie, AsapCookieEcho, AsapError } from './asap-messages.ts';
import { writeErrorCauses } from './causes.ts';
import type { MessageFormat } from './message-format.ts';
import { PARAMETER } from './parameters.ts';
import { writePoolElement } from './pool-element.ts';
import { writeCookie, writePoolHandle } from './simple-parameters.ts';

const { COOKIE, OPERATION_ERROR, POOL_ELEMENT, POOL_HANDLE } = PARAMETER;

/**
 * RFC 5352 §2.2.11. rsplib reads only cookies of a multiple of 4 octets (decision 19).
 *
 *     +---------------+---------------+-------------------------------+
 *     |  Type = 0x0b  |0|0|0|0|0|0|0|0|        Message Length         |
 *     +---------------+---------------+-------------------------------+
 *     :                       Cookie parameter                        :
 *     +---------------------------------------------------------------+
 */
export const cookie: MessageFormat<AsapCookie> = {
  code: 0x0b,
  type: 'ASAP_COOKIE',
  takes: [COOKIE],
  decode: (body) => ({ type: 'ASAP_COOKIE', cookie: body.cookie() }),
  encode: (writer, message) => writeCookie(writer, message.cookie),
};

/**
 * RFC 5352 §2.2.12
 *
 *     +---------------+---------------+-------------------------------+
 *     |  Type = 0x0c  |0|0|0|0|0|0|0|0|        Message Length         |
 *     +---------------+---------------+-------------------------------+
 *     :                       Cookie parameter                        :
 *     +---------------------------------------------------------------+
 */
export const cookieEcho: MessageFormat<AsapCookieEcho> = {
  code: 0x0c,
  type: 'ASAP_COOKIE_ECHO',
  takes: [COOKIE],
  decode: (body) => ({ type: 'ASAP_COOKIE_ECHO', cookie: body.cookie() }),
  encode: (writer, message) => writeCookie(writer, message.cookie),
};

/**
 * RFC 5352 §2.2.13, in the RFC's layout (decision 32)
 *
 *     +---------------+---------------+-------------------------------+
 *     |  Type = 0x0d  |0|0|0|0|0|0|0|0|        Message Length         |
 *     +---------------+---------------+-------------------------------+
 *     :                     Pool Handle parameter                     :
 *     :         Pool Element parameters, in order of failover         :
 *     +---------------------------------------------------------------+
 */
export const businessCard: MessageFormat<AsapBusinessCard> = {
  code: 0x0d,
  type: 'ASAP_BUSINESS_CARD',
  takes: [POOL_HANDLE, POOL_ELEMENT],
  decode(body) {
    const poolHandle = body.poolHandle();
    const poolElements = body.poolElements();
    if (poolElements.length === 0) throw body.missing('a pool element');
    return { type: 'ASAP_BUSINESS_CARD', poolHandle, poolElements };
  },
  encode(writer, message, profile) {
    if (message.poolElements.length === 0) {
      throw new RangeError('A business card names at least one pool element.');
    }
    writePoolHandle(writer, message.poolHandle);
    for (const element of message.poolElements) writePoolElement(writer, element, profile);
  },
};

/**
 * RFC 5352 §2.2.14
 *
 *     +---------------+---------------+-------------------------------+
 *     |  Type = 0x0e  |0|0|0|0|0|0|0|0|        Message Length         |
 *     +---------------+---------------+-------------------------------+
 *     :                   Operation Error parameter                   :
 *     +---------------------------------------------------------------+
 */
export const error: MessageFormat<AsapError> = {
  code: 0x0e,
  type: 'ASAP_ERROR',
  takes: [OPERATION_ERROR],
  decode(body) {
    const errors = body.errors();
    if (errors.length === 0) throw body.missing('an operation error');
    return { type: 'ASAP_ERROR', errors };
  },
  encode(writer, message) {
    if (message.errors.length === 0) throw new RangeError('An error has at least one cause.');
    writeErrorCauses(writer, message.errors);
  },
};
