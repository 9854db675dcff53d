/** Registration of a pool element (RFC 5352 §3.1): T2, T4, MAX-REG-ATTEMPT, answers, loss of the home. */

import { describe, expect, test } from 'vitest';
import type { AsapMessage } from '../../../src/wire/asap-messages.ts';
import { encodePolicyParameter } from '../../../src/wire/parameter-codec.ts';
import type { Policy } from '../../../src/wire/parameters.ts';
import {
  accepted,
  aPoolElement,
  aRegisteredPoolElement,
  asapError,
  at,
  deregistered,
  keepAlive,
  PE,
  POOL,
  rejected,
  USER_TRANSPORT,
} from './support.ts';

const leastUsed = (load: number): Policy => ({ type: 'leastUsed', load });

describe('registration', () => {
  test('does nothing before it is started', () => {
    const scene = aPoolElement();
    scene.advance(100_000);
    expect(scene.everything()).toEqual([]);
  });

  test('says everything about the pool element, and no home at first (RFC 5352 §2.2.1)', () => {
    const scene = aPoolElement({ policy: leastUsed(5), options: { lifeMs: 60_000 } });
    scene.input({ type: 'start' });
    scene.takesCall(1);
    expect(scene.sent(1)).toEqual([
      {
        type: 'ASAP_REGISTRATION',
        poolHandle: POOL,
        poolElement: {
          ...{ id: PE, homeRegistrarId: 0, lifeMs: 60_000, policy: leastUsed(5) },
          userTransport: USER_TRANSPORT,
        },
      },
    ]);
    expect(scene.events()).toEqual([]);
  });

  test('is told with the registrar and the policy that it has when it is accepted', () => {
    const scene = aPoolElement();
    scene.input({ type: 'start' });
    scene.takesCall(1);
    scene.says(1, accepted());
    expect(scene.events()).toEqual([
      {
        ...{ type: 'registered', association: 1, registrar: at(1), warningCauseCodes: [] },
        policy: { type: 'roundRobin' },
      },
    ]);
  });

  test('tells causes that came with an acceptance as warnings (RFC 5352 §2.2.3)', () => {
    const scene = aPoolElement();
    scene.input({ type: 'start' });
    scene.takesCall(1);
    scene.says(1, accepted([3]));
    expect(scene.events()).toMatchObject([{ type: 'registered', warningCauseCodes: [3] }]);
    scene.advance(1_000);
    expect(scene.sent(1)).toHaveLength(1);
  });

  test('is renewed every T4-reregistration, with the home that keep-alives have named', () => {
    const scene = aRegisteredPoolElement({ options: { reregistrationIntervalMs: 30_000 } });
    scene.says(1, keepAlive(1));
    scene.sent(1);
    scene.advance(29_999);
    expect(scene.sent(1)).toEqual([]);
    scene.advance(1);
    expect(scene.sent(1)).toMatchObject([{ poolElement: { id: PE, homeRegistrarId: 1 } }]);
    scene.says(1, accepted());
    scene.advance(30_000);
    expect(scene.sentTypes(1)).toEqual(['ASAP_REGISTRATION']);
  });

  test('goes to another registrar when T2-registration runs out (RFC 5352 §3.1)', () => {
    const scene = aPoolElement({ registrars: [1, 2], options: { t2RegistrationMs: 3_000 } });
    scene.input({ type: 'start' });
    scene.takesCall(1);
    scene.advance(2_999);
    expect(scene.ended()).toEqual([]);
    scene.advance(1);
    expect(scene.ended()).toEqual(['abort 1']);
    expect(scene.calling).toEqual([2]);
    scene.takesCall(2);
    expect(scene.sentTypes(2)).toEqual(['ASAP_REGISTRATION']);
  });

  test('is told after MAX-REG-ATTEMPT failures, and goes on (RFC 5352 §3.1)', () => {
    const scene = aPoolElement({
      options: { maxRegistrationAttempts: 2, t2RegistrationMs: 3_000 },
    });
    scene.input({ type: 'start' });
    const told = [1, 2, 3, 4].map((association) => {
      scene.takesCall(1, association);
      scene.advance(3_000);
      const types = scene.events().map(({ type }) => type);
      while (scene.calling.length === 0) scene.advance(500); // the pause of the hunt
      return types;
    });
    expect(told).toEqual([[], ['registrarUnreachable'], [], ['registrarUnreachable']]);
  });

  test('is not disturbed by an answer that comes after T2, over the association it has left', () => {
    const scene = aPoolElement({ registrars: [1, 2] });
    scene.input({ type: 'start' });
    scene.takesCall(1);
    scene.advance(3_000);
    scene.says(1, accepted());
    expect(scene.events()).toEqual([]);
  });

  test('is not tried again unchanged when a registrar has refused it (RFC 5352 §3.1)', () => {
    const scene = aPoolElement({ registrars: [1, 2], policy: leastUsed(1) });
    scene.input({ type: 'start' });
    scene.takesCall(1);
    scene.says(1, rejected(5, 3));
    expect(scene.events()).toEqual([
      {
        ...{ type: 'registrationRejected', policy: leastUsed(1), causeCodes: [5, 3] },
        reason: 'the pool uses another policy (cause 5); a value is invalid (cause 3)',
      },
    ]);
    scene.sent(1);
    scene.advance(1_000_000);
    scene.restarts(1);
    scene.down(1);
    scene.advance(1_000_000);
    expect(scene.everything().filter(({ type }) => type === 'send' || type === 'connect')).toEqual([
      ...[expect.anything(), expect.anything()], // the calls of the first round
    ]);
  });

  test('is tried again after a refusal when the application says so', () => {
    const scene = aPoolElement();
    scene.input({ type: 'start' });
    scene.takesCall(1);
    scene.says(1, rejected(6));
    scene.sent(1);
    scene.input({ type: 'start' });
    expect(scene.sentTypes(1)).toEqual(['ASAP_REGISTRATION']);
  });

  test('takes an ASAP_ERROR for a refusal (RFC 5352 §2.2.14)', () => {
    const scene = aPoolElement();
    scene.input({ type: 'start' });
    scene.takesCall(1);
    scene.says(1, asapError(3));
    expect(scene.events()).toMatchObject([{ type: 'registrationRejected', causeCodes: [3] }]);
  });

  test.each(['rsplib', 'rfc'] as const)(
    'says in words which policy the pool uses when a rejection shows it, in profile %s',
    (profile) => {
      const errors = [{ code: 5, info: encodePolicyParameter(leastUsed(1)) }];
      const answers: AsapMessage[] = [
        {
          ...{ type: 'ASAP_REGISTRATION_RESPONSE', isRejected: true, errors },
          ...{ poolHandle: POOL, poolElementId: PE },
        },
        { type: 'ASAP_ERROR', errors },
      ];
      for (const answer of answers) {
        const scene = aPoolElement({ options: { profile } });
        scene.input({ type: 'start' });
        scene.takesCall(1);
        scene.says(1, answer);
        expect(scene.events()).toMatchObject([
          { causeCodes: [5], reason: 'the pool uses leastUsed, not roundRobin (cause 5)' },
        ]);
      }
    },
  );

  test.each([0xf007, 0xf008])(
    'tries another association once when cause 0x%x says that its addresses are of no use',
    (code) => {
      const scene = aPoolElement({ registrars: [1, 2] });
      scene.input({ type: 'start' });
      scene.takesCall(1);
      scene.says(1, rejected(code));
      expect(scene.events()).toEqual([]);
      expect(scene.ended()).toEqual(['abort 1']);
      scene.takesCall(2);
      scene.says(2, rejected(code));
      expect(scene.events()).toMatchObject([{ type: 'registrationRejected', causeCodes: [code] }]);
      scene.advance(100_000);
      expect(scene.calling).toEqual([]);
    },
  );

  test('ignores answers about another pool element, of another registrar, or to no question', () => {
    const scene = aPoolElement({ registrars: [1, 2] });
    scene.isCalledBy(9);
    scene.input({ type: 'start' });
    scene.takesCall(1);
    scene.says(9, accepted());
    scene.says(1, { ...accepted(), poolElementId: 7 } as never);
    scene.says(1, { ...accepted(), poolHandle: Uint8Array.of(1) } as never);
    scene.says(1, accepted(), 12); // ENRP's payload protocol
    scene.says(1, Uint8Array.of(3, 0, 0, 4)); // nothing in it
    expect(scene.events()).toEqual([]);
    scene.says(1, accepted());
    scene.says(1, accepted());
    scene.says(1, rejected(5));
    expect(scene.events()).toMatchObject([{ type: 'registered' }]);
  });
});

describe('the loss of the home registrar', () => {
  test.each(['lost', 'abort', 'shutdown'] as const)(
    'leads to a registration at another one at once (%s)',
    (why) => {
      const scene = aRegisteredPoolElement({ registrars: [1, 2] });
      scene.down(1, why);
      expect(scene.events()).toEqual([{ type: 'registrationLost' }]);
      scene.takesCall(2);
      scene.says(2, accepted());
      expect(scene.events()).toMatchObject([{ type: 'registered', association: 2 }]);
    },
  );

  test('is told also when it happens during a re-registration', () => {
    const scene = aRegisteredPoolElement({ registrars: [1, 2] });
    scene.advance(30_000);
    scene.down(1);
    expect(scene.events()).toEqual([{ type: 'registrationLost' }]);
    expect(scene.calling).toContain(2);
  });

  test('is what an unanswered re-registration amounts to', () => {
    const scene = aRegisteredPoolElement({ registrars: [1, 2] });
    scene.advance(33_000);
    expect(scene.ended()).toEqual(['abort 1']);
    expect(scene.events()).toEqual([{ type: 'registrationLost' }]);
    scene.takesCall(2);
    expect(scene.sentTypes(2)).toEqual(['ASAP_REGISTRATION']);
  });

  test('is not told when there was no registration yet', () => {
    const scene = aPoolElement();
    scene.input({ type: 'start' });
    scene.takesCall(1);
    scene.down(1);
    expect(scene.events()).toEqual([]);
    expect(scene.calling).toEqual([1]);
  });

  test('is told once, however often the next one is lost before it has accepted', () => {
    const scene = aRegisteredPoolElement({ registrars: [1, 2] });
    scene.down(1);
    scene.takesCall(2);
    scene.down(2);
    expect(scene.events()).toEqual([{ type: 'registrationLost' }]);
  });

  test('leaves nothing to fall back on when the next one refuses', () => {
    const scene = aRegisteredPoolElement({ registrars: [1, 2] });
    scene.down(1);
    scene.takesCall(2);
    scene.says(2, rejected(5));
    scene.sent(2);
    scene.says(2, keepAlive(2));
    scene.advance(100_000);
    expect(scene.sent(2)).toEqual([]);
  });

  test('by a restart leads to a registration over the same association, with no home', () => {
    const scene = aRegisteredPoolElement();
    scene.says(1, keepAlive(1));
    scene.sent(1);
    scene.restarts(1);
    expect(scene.events()).toEqual([{ type: 'registrationLost' }]);
    expect(scene.sent(1)).toMatchObject([{ poolElement: { homeRegistrarId: 0 } }]);
    scene.says(1, accepted());
    expect(scene.events()).toMatchObject([{ type: 'registered' }]);
  });

  test('is of no concern when it is another registrar that ends or restarts', () => {
    const scene = aRegisteredPoolElement();
    scene.isCalledBy(9);
    scene.restarts(9);
    scene.down(9);
    expect(scene.events()).toEqual([]);
    expect(scene.sent(1)).toEqual([]);
  });

  test('is followed by a registration when the home says that it has lapsed (RFC 5352 §2.2.4)', () => {
    const scene = aRegisteredPoolElement();
    scene.says(1, deregistered());
    expect(scene.events()).toEqual([{ type: 'registrationLost' }]);
    expect(scene.sentTypes(1)).toEqual(['ASAP_REGISTRATION']);
  });
});

describe('a change of policy', () => {
  test('is a re-registration at once', () => {
    const scene = aRegisteredPoolElement({ policy: leastUsed(1) });
    scene.input({ type: 'updatePolicy', policy: leastUsed(2) });
    expect(scene.sent(1)).toMatchObject([{ poolElement: { policy: leastUsed(2) } }]);
    scene.says(1, accepted());
    expect(scene.events()).toMatchObject([{ type: 'registered', policy: leastUsed(2) }]);
  });

  test('waits for the answer to the registration in flight, and only the last one goes out', () => {
    const scene = aRegisteredPoolElement({ policy: leastUsed(1) });
    for (const load of [2, 3, 4]) scene.input({ type: 'updatePolicy', policy: leastUsed(load) });
    expect(scene.sent(1)).toMatchObject([{ poolElement: { policy: leastUsed(2) } }]);
    scene.says(1, accepted());
    expect(scene.sent(1)).toMatchObject([{ poolElement: { policy: leastUsed(4) } }]);
    scene.says(1, accepted());
    expect(scene.sent(1)).toEqual([]);
    expect(scene.events()).toMatchObject([{ policy: leastUsed(2) }, { policy: leastUsed(4) }]);
  });

  test('goes out with the registration when a registrar is still looked for', () => {
    const scene = aPoolElement({ policy: leastUsed(1) });
    scene.input({ type: 'start' });
    scene.input({ type: 'updatePolicy', policy: leastUsed(2) });
    scene.takesCall(1);
    expect(scene.sent(1)).toMatchObject([{ poolElement: { policy: leastUsed(2) } }]);
  });

  test('that is refused leaves the registration as it was accepted', () => {
    const scene = aRegisteredPoolElement({ policy: leastUsed(1) });
    scene.input({ type: 'updatePolicy', policy: { type: 'random' } });
    scene.says(1, rejected(5));
    expect(scene.events()).toMatchObject([
      { type: 'registrationRejected', policy: { type: 'random' }, causeCodes: [5] },
    ]);
    scene.sent(1);
    scene.says(1, keepAlive(1));
    expect(scene.sentTypes(1)).toEqual(['ASAP_ENDPOINT_KEEP_ALIVE_ACK']);
    scene.advance(30_000);
    expect(scene.sent(1)).toMatchObject([{ poolElement: { policy: leastUsed(1) } }]);
  });

  test('that is refused does not put off the renewal of the registration that stands', () => {
    const options = { reregistrationIntervalMs: 30_000, lifeMs: 35_000 };
    const scene = aRegisteredPoolElement({ policy: leastUsed(1), options });
    scene.advance(29_000);
    scene.input({ type: 'updatePolicy', policy: { type: 'random' } });
    scene.says(1, rejected(5));
    scene.sent(1);
    scene.advance(1_000);
    expect(scene.sentTypes(1)).toEqual(['ASAP_REGISTRATION']);
    scene.says(1, rejected(6)); // full for the moment: again at the next T4
    scene.advance(29_999);
    expect(scene.sent(1)).toEqual([]);
    scene.advance(1);
    expect(scene.sentTypes(1)).toEqual(['ASAP_REGISTRATION']);
  });

  test('that comes while another one is refused is tried: it is not the same again', () => {
    const scene = aRegisteredPoolElement({ policy: leastUsed(1) });
    scene.input({ type: 'updatePolicy', policy: { type: 'random' } });
    scene.input({ type: 'updatePolicy', policy: leastUsed(3) });
    scene.sent(1);
    scene.says(1, rejected(5));
    expect(scene.sent(1)).toMatchObject([{ poolElement: { policy: leastUsed(3) } }]);
    scene.says(1, accepted());
    expect(scene.events()).toMatchObject([
      { type: 'registrationRejected', policy: { type: 'random' } },
      { type: 'registered', policy: leastUsed(3) },
    ]);
  });

  test('that cannot be written is refused to the caller, and changes nothing', () => {
    const scene = aRegisteredPoolElement({ policy: leastUsed(1) });
    const policy = leastUsed(2 ** 40);
    expect(() => scene.input({ type: 'updatePolicy', policy })).toThrow(RangeError);
    scene.advance(30_000);
    expect(scene.sent(1)).toMatchObject([{ poolElement: { policy: leastUsed(1) } }]);
    expect(() => aPoolElement({ policy })).toThrow(RangeError);
  });
});
