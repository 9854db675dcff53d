/**
 * What pool elements and pool users may be sent: answers to what they have asked, each once, and to pool
 * elements keep-alives that are for them. rsplib's programs abort their association on anything else
 * (interop-rsplib A10).
 */

import { type AssociationId, formatPoolHandle } from '../../src/types.ts';
import { decodeAsap } from '../../src/wire/asap.ts';
import type { AsapMessage } from '../../src/wire/asap-messages.ts';
import type { Tap } from './process.ts';

type Type = AsapMessage['type'];

const ANSWERS: { readonly [Request in Type]?: Type } = {
  ASAP_REGISTRATION: 'ASAP_REGISTRATION_RESPONSE',
  ASAP_DEREGISTRATION: 'ASAP_DEREGISTRATION_RESPONSE',
  ASAP_HANDLE_RESOLUTION: 'ASAP_HANDLE_RESOLUTION_RESPONSE',
};

/** A pool element, or a pool user: whose messages these are. */
export type Recipient = { readonly poolHandle: Uint8Array; readonly id: number } | 'poolUser';

/** `complain` is told of a message that nobody has asked for. */
export function onlySolicited(recipient: Recipient, complain: (fault: string) => void): Tap {
  /**
   * Answers that are owed, over each association: also after a restart, of which a frozen process may not know
   * yet when it asks.
   */
  const owed = new Map<AssociationId, string[]>();
  return {
    onQueued: (association, payload) => {
      const message = decodeAsap(payload);
      const type = ANSWERS[message.type];
      if (type === undefined) return;
      owed.set(association, [...(owed.get(association) ?? []), `${type} ${subjectOf(message)}`]);
    },
    onMessage: (association, payload) => {
      const message = decodeAsap(payload);
      const what = `${message.type} ${subjectOf(message)}`;
      if (message.type === 'ASAP_ENDPOINT_KEEP_ALIVE') {
        if (what !== `${message.type} ${nameOf(recipient)}`) complain(`unsolicited ${what}`);
        return true;
      }
      const expected = owed.get(association) ?? [];
      const index = expected.indexOf(what);
      if (index < 0) complain(`unsolicited ${what}`);
      expected.splice(index, index < 0 ? 0 : 1);
      return true;
    },
  };
}

/** Whom a message is about: a pool, and which element of it where that is said. */
function subjectOf(message: AsapMessage): string {
  if (!('poolHandle' in message)) return '';
  const handle = formatPoolHandle(message.poolHandle);
  if ('poolElement' in message) return `${handle} ${message.poolElement.id}`;
  return 'poolElementId' in message ? `${handle} ${message.poolElementId}` : handle;
}

function nameOf(recipient: Recipient): string {
  if (recipient === 'poolUser') return recipient;
  return `${formatPoolHandle(recipient.poolHandle)} ${recipient.id}`;
}
