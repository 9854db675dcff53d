/**
 * What pool elements and pool users may be sent: answers to what they have asked, each once, and to pool
 * elements keep-alives. rsplib's programs abort their association on anything else (interop-rsplib A10).
 */

import type { AssociationId } from '../../src/types.ts';
import { decodeAsap } from '../../src/wire/asap.ts';
import type { AsapMessage } from '../../src/wire/asap-messages.ts';
import type { Tap } from './process.ts';

type Type = AsapMessage['type'];

const ANSWERS: { readonly [Request in Type]?: Type } = {
  ASAP_REGISTRATION: 'ASAP_REGISTRATION_RESPONSE',
  ASAP_DEREGISTRATION: 'ASAP_DEREGISTRATION_RESPONSE',
  ASAP_HANDLE_RESOLUTION: 'ASAP_HANDLE_RESOLUTION_RESPONSE',
};

/** `complain` is told of a message that nobody has asked for. */
export function onlySolicited(complain: (fault: string) => void): Tap {
  /**
   * Answers that are owed, over each association: also after a restart, of which a frozen process may not know
   * yet when it asks.
   */
  const owed = new Map<AssociationId, Type[]>();
  return {
    onSend: (association, payload) => {
      const answer = ANSWERS[decodeAsap(payload).type];
      if (answer !== undefined) owed.set(association, [...(owed.get(association) ?? []), answer]);
      return true;
    },
    onMessage: (association, payload) => {
      const { type } = decodeAsap(payload);
      if (type === 'ASAP_ENDPOINT_KEEP_ALIVE') return true;
      const expected = owed.get(association) ?? [];
      const index = expected.indexOf(type);
      if (index < 0) complain(`unsolicited ${type}`);
      expected.splice(index, index < 0 ? 0 : 1);
      return true;
    },
  };
}
