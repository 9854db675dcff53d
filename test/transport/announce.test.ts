/** Announces by UDP multicast on the loopback, with a group port of their own. */

import { afterEach, describe, expect, test } from 'vitest';
import {
  type AnnounceGroup,
  asapAnnounceGroup,
  enrpAnnounceGroup,
  openAnnounceListener,
  openAnnounceSender,
} from '../../src/transport/announce.ts';
import { freeUdpPort } from '../support/loopback.ts';

const LOOPBACK = '127.0.0.1';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

function kept<One extends { close(): void }>(one: One): One {
  open.push(one);
  return one;
}

async function ephemeralGroup(): Promise<AnnounceGroup> {
  return { address: '239.0.0.60', port: await freeUdpPort() };
}

interface Announce {
  payload: string;
  address: string;
  port: number;
}

/** Sends until something is heard: a group is joined, and a datagram lost, at times nobody tells. */
function exchange(
  group: AnnounceGroup,
  options: { interfaces: string[]; sourcePort: number },
  onProblem: (message: string) => void,
): Promise<Announce | undefined> {
  const { interfaces, sourcePort } = options;
  const sender = kept(openAnnounceSender({ group, interfaces, sourcePort, onProblem }));
  return new Promise((resolve) => {
    const timer = setInterval(() => sender.send(Buffer.from('I am here')), 20);
    const giveUp = setTimeout(() => finish(undefined), 3_000);
    const finish = (announce: Announce | undefined) => {
      clearInterval(timer);
      clearTimeout(giveUp);
      resolve(announce);
    };
    const onAnnounce = (payload: Uint8Array, address: string, port: number) =>
      finish({ payload: Buffer.from(payload).toString(), address, port });
    kept(openAnnounceListener({ group, interfaces, onAnnounce, onProblem }));
  });
}

const canMulticast =
  (await exchange(
    await ephemeralGroup(),
    { interfaces: [LOOPBACK], sourcePort: await freeUdpPort() },
    () => {},
  )) !== undefined;
for (const one of open.splice(0)) one.close();

describe.skipIf(!canMulticast)(
  'announces (skipped where the loopback carries no multicast)',
  () => {
    test.each([LOOPBACK, '127.0.0.2'])(
      'from %s come with the address and port they were sent from (RFC 5352 §3.6, decision 2)',
      async (address) => {
        const problems: string[] = [];
        const sourcePort = await freeUdpPort();
        const heard = await exchange(
          await ephemeralGroup(),
          { interfaces: [address], sourcePort },
          (message) => problems.push(message),
        );
        expect(problems).toEqual([]);
        expect(heard).toEqual({ payload: 'I am here', address, port: sourcePort });
      },
    );

    test('two registrars of one host share the port of the group, each with its own address', async () => {
      const group = await ephemeralGroup();
      const heard = new Set<string>();
      const onProblem = (message: string) => {
        throw new Error(message);
      };
      const senders = [LOOPBACK, '127.0.0.2'].map((address) =>
        kept(
          openAnnounceSender({ group, interfaces: [address], sourcePort: group.port, onProblem }),
        ),
      );
      await new Promise<void>((resolve) => {
        const timer = setInterval(() => {
          for (const sender of senders) sender.send(Buffer.from('here'));
        }, 20);
        const onAnnounce = (_payload: Uint8Array, address: string, port: number) => {
          heard.add(`${address}:${port}`);
          if (heard.size < 4) return;
          clearInterval(timer);
          resolve();
        };
        for (const name of ['first', 'second']) {
          const named = (payload: Uint8Array, address: string, port: number) =>
            onAnnounce(payload, `${name} hears ${address}`, port);
          kept(
            openAnnounceListener({ group, interfaces: [LOOPBACK], onAnnounce: named, onProblem }),
          );
        }
      });
      const { port } = group;
      expect([...heard].sort()).toEqual([
        `first hears 127.0.0.1:${port}`,
        `first hears 127.0.0.2:${port}`,
        `second hears 127.0.0.1:${port}`,
        `second hears 127.0.0.2:${port}`,
      ]);
    });
  },
);

test.each([
  ['kernel', '239.0.0.50:3863', '239.0.0.51:9901'],
  ['raw', '239.0.0.50:3863', '239.0.0.51:9901'],
  ['udp', '239.0.0.60:3863', '239.0.0.61:9901'],
  ['memory', '239.0.0.60:3863', '239.0.0.61:9901'],
] as const)(
  "over %s groups are %s and %s: rsplib's where it can answer (decision 44)",
  (backend, ...groups) => {
    const texts = [asapAnnounceGroup(backend), enrpAnnounceGroup(backend)];
    expect(texts.map(({ address, port }) => `${address}:${port}`)).toEqual(groups);
  },
);

describe('announces where they are impossible', () => {
  /** Waits for the first report, then for what might wrongly follow. */
  function firstProblem(start: (onProblem: (message: string) => void) => void): Promise<string[]> {
    const problems: string[] = [];
    return new Promise((resolve) => {
      start((message) => {
        problems.push(message);
        if (problems.length === 1) setTimeout(() => resolve(problems), 100);
      });
    });
  }

  test('sending says so once and throws nothing, however often it is tried', async () => {
    const group = await ephemeralGroup();
    const sourcePort = await freeUdpPort();
    const problems = await firstProblem((onProblem) => {
      // 192.0.2.77 and .78 are nobody's addresses: documentation only (RFC 5737).
      const interfaces = ['192.0.2.77', '192.0.2.78'];
      const sender = kept(openAnnounceSender({ group, interfaces, sourcePort, onProblem }));
      for (let count = 0; count < 3; count++) sender.send(Buffer.from('nobody hears this'));
    });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('cannot be sent on 192.0.2.77');
    expect(problems[0]).toContain('name the registrars');
  });

  test('listening says so once and throws nothing', async () => {
    const group = { address: '192.0.2.1', port: await freeUdpPort() };
    const problems = await firstProblem((onProblem) => {
      kept(openAnnounceListener({ group, onAnnounce: () => {}, onProblem }));
    });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('cannot be received');
  });

  test('closing twice, and sending after it, are harmless', async () => {
    const group = await ephemeralGroup();
    const sender = openAnnounceSender({ group, sourcePort: 0, onProblem: () => {} });
    const listener = openAnnounceListener({ group, onAnnounce: () => {}, onProblem: () => {} });
    for (let count = 0; count < 2; count++) {
      sender.close();
      listener.close();
    }
    expect(() => sender.send(Buffer.from('late'))).not.toThrow();
  });
});
