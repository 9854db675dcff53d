/** A mentor that does not tell its table, and its backup (RFC 5353 §3.2.3). */

import { describe, expect, test } from 'vitest';
import { encodeEnrp } from '../../../src/wire/enrp.ts';
import type { EnrpMessage } from '../../../src/wire/enrp-messages.ts';
import { addition, element, presence, Scope, Stranger, tablePage } from './support.ts';

const wantsTable = (one: EnrpMessage) => one.type === 'ENRP_HANDLE_TABLE_REQUEST' && !one.ownOnly;

/** Registrar 1 starts, is greeted by 66, asks it for its table, and hears of 67. */
function greeted() {
  const scope = new Scope();
  const one = scope.start({ id: 1, announces: true });
  const mute = new Stranger(scope, '10.0.0.66', one);
  expect(mute.says(encodeEnrp(presence(66))).filter(wantsTable)).toHaveLength(1);
  const backup = new Stranger(scope, '10.0.0.67', one);
  expect(backup.says(encodeEnrp(presence(67))).filter(wantsTable)).toEqual([]);
  return { scope, one, mute, backup };
}

describe('a mentor that says nothing', () => {
  test('has a backup, although the search for a mentor is over by then', () => {
    const { scope, one, backup } = greeted();
    scope.run(5.1);
    expect(backup.heard.filter(wantsTable)).toHaveLength(1);
    expect(one.enrp.isInService).toBe(false);
    backup.says(tablePage(67, [element(67)], false));
    expect(one.told('inService')).toMatchObject([{ mentor: 67 }]);
    expect(one.view()).toEqual(['EchoPool/1@67']);
  });

  test('does not keep us out of service when its backup says nothing either', () => {
    const { scope, one } = greeted();
    scope.run(12);
    expect(one.told('inService')).toEqual([{ type: 'inService', mentor: undefined }]);
  });
});

test('a mentor that is starting itself has a backup at once', () => {
  const { one, mute, backup } = greeted();
  mute.says(
    encodeEnrp({
      ...{ type: 'ENRP_HANDLE_TABLE_RESPONSE', isRejected: true, hasMore: false, entries: [] },
      ...{ senderId: element(66).homeRegistrarId, receiverId: element(1).homeRegistrarId },
    }),
  );
  backup.says(tablePage(67, [element(67)], false));
  expect(one.told('inService')).toMatchObject([{ mentor: 67 }]);
});

test('whatever a peer says shows that it lives (RFC 5353 §3.4)', () => {
  const [scope, one] = Scope.whole(1);
  if (one === undefined) throw new Error('no registrar');
  const chatty = new Stranger(scope, '10.0.0.66', one);
  chatty.says(encodeEnrp(presence(66)));
  for (let second = 0; second < 60; second += 4) {
    chatty.says(addition(element(66)));
    scope.run(4);
  }
  expect(one.peerIds()).toEqual([66]);
});
