/** Handle resolution: from a pool handle to pool elements (RFC 5352 §2.2.5, §2.2.6). */

import type { AsapHandleResolution, AsapHandleResolutionResponse } from './asap-messages.ts';
import { writeErrorCauses } from './causes.ts';
import { FLAG, type MessageFormat } from './message-format.ts';
import { PARAMETER } from './parameters.ts';
import { writePolicy } from './policies.ts';
import { writePoolElement } from './pool-element.ts';
import { writeItems, writePoolHandle } from './simple-parameters.ts';

const { HANDLE_RESOLUTION_OPTION, OPERATION_ERROR, POLICY, POOL_ELEMENT, POOL_HANDLE } = PARAMETER;

/** rsplib also reads the option without its action bits. */
const OPTION_TYPES = [HANDLE_RESOLUTION_OPTION, HANDLE_RESOLUTION_OPTION & 0x3fff];

/**
 * RFC 5352 §2.2.5; S: keep me informed of changes
 *
 *     +---------------+---------------+-------------------------------+
 *     |  Type = 0x05  |0|0|0|0|0|0|0|S|        Message Length         |
 *     +---------------+---------------+-------------------------------+
 *     :                     Pool Handle parameter                     :
 *     :         Handle Resolution Option parameter (optional)         :
 *     +---------------------------------------------------------------+
 */
export const handleResolution: MessageFormat<AsapHandleResolution> = {
  code: 0x05,
  type: 'ASAP_HANDLE_RESOLUTION',
  takes: [POOL_HANDLE, ...OPTION_TYPES],
  decode: (body, flags) => ({
    type: 'ASAP_HANDLE_RESOLUTION',
    wantsUpdates: (flags & FLAG) !== 0,
    poolHandle: body.poolHandle(),
    items: body.items(OPTION_TYPES),
  }),
  flags: ({ wantsUpdates }) => (wantsUpdates ? FLAG : 0),
  encode(writer, message) {
    writePoolHandle(writer, message.poolHandle);
    if (message.items !== undefined) writeItems(writer, message.items);
  },
};

/**
 * RFC 5352 §2.2.6; A: updates will follow
 *
 *     +---------------+---------------+-------------------------------+
 *     |  Type = 0x06  |0|0|0|0|0|0|0|A|        Message Length         |
 *     +---------------+---------------+-------------------------------+
 *     :                     Pool Handle parameter                     :
 *     :       Member Selection Policy parameter (optional)            :
 *     :           Pool Element parameters, in selection order         :
 *     :       or Operation Error parameter                            :
 *     +---------------------------------------------------------------+
 */
export const handleResolutionResponse: MessageFormat<AsapHandleResolutionResponse> = {
  code: 0x06,
  type: 'ASAP_HANDLE_RESOLUTION_RESPONSE',
  takes: [POOL_HANDLE, POLICY, POOL_ELEMENT, OPERATION_ERROR],
  decode(body, flags) {
    const message: AsapHandleResolutionResponse = {
      type: 'ASAP_HANDLE_RESOLUTION_RESPONSE',
      acceptsUpdates: (flags & FLAG) !== 0,
      poolHandle: body.poolHandle(),
      policy: body.policy(),
      poolElements: body.poolElements(),
      errors: body.errors(),
    };
    if (message.poolElements.length === 0 && message.errors.length === 0) {
      throw body.missing('pool elements or an error');
    }
    return message;
  },
  flags: ({ acceptsUpdates }) => (acceptsUpdates ? FLAG : 0),
  encode(writer, message, profile) {
    if (message.poolElements.length === 0 && message.errors.length === 0) {
      throw new RangeError('A handle resolution response has pool elements or errors.');
    }
    writePoolHandle(writer, message.poolHandle);
    if (message.policy !== undefined) writePolicy(writer, message.policy);
    for (const element of message.poolElements) writePoolElement(writer, element, profile);
    writeErrorCauses(writer, message.errors);
  },
};
