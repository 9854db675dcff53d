/**
 * What a registrar of rsplib does otherwise, put on one of ours from outside: no ENRP_TAKEOVER_SERVER leaves it
 * (interop-rsplib A12), and it obeys a DEL_PE from anybody (A13). That the lower identifier wins is our default.
 */

import type { Handlespace } from '../../src/handlespace/handlespace.ts';
import { PAYLOAD_PROTOCOL } from '../../src/types.ts';
import { decodeEnrp } from '../../src/wire/enrp.ts';
import { UPDATE_ACTION } from '../../src/wire/enrp-messages.ts';
import type { Tap } from './process.ts';

export function asRsplib(handlespace: () => Handlespace): Tap {
  return {
    onSend: (_association, payload, payloadProtocol) =>
      payloadProtocol !== PAYLOAD_PROTOCOL.ENRP ||
      decodeEnrp(payload).type !== 'ENRP_TAKEOVER_SERVER',
    onMessage: (_association, payload, payloadProtocol) => {
      if (payloadProtocol !== PAYLOAD_PROTOCOL.ENRP) return true;
      const message = decodeEnrp(payload);
      if (message.type === 'ENRP_HANDLE_UPDATE' && message.action === UPDATE_ACTION.DEL_PE) {
        handlespace().deregister(message.poolHandle, message.poolElement.id);
      }
      return true;
    },
  };
}
