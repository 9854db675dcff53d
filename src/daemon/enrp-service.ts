/** The ENRP half of a registrar with what it runs on: its endpoint, its announces, its driver. */

import type { Handlespace } from '../handlespace/handlespace.ts';
import { Enrp } from '../protocol/enrp/enrp.ts';
import type { EnrpInput, EnrpOutput } from '../protocol/enrp/events.ts';
import { completeEnrpOptions, type PartialEnrpOptions } from '../protocol/enrp/options.ts';
import type { Logger } from '../protocol/logger.ts';
import { systemClock } from '../runtime/clock.ts';
import { Driver } from '../runtime/driver.ts';
import { randomSeed } from '../runtime/random.ts';
import {
  type AnnounceGroup,
  type AnnounceListener,
  type AnnounceSender,
  enrpAnnounceGroup,
  openAnnounceListener,
  openAnnounceSender,
} from '../transport/announce.ts';
import type { SctpStack } from '../transport/transport.ts';
import { ENRP_PORT, type RegistrarId, type SctpAddress } from '../types.ts';

export interface EnrpSettings {
  /** SCTP port. Default 9901 (RFC 5353 §5.3). */
  readonly port?: number | undefined;
  /** Configured peers: the addresses of each. Default: none. */
  readonly peers?: readonly (readonly SctpAddress[])[] | undefined;
  /**
   * Multicast group of the presences; `false`: none. Default 239.0.0.51:9901, over UDP 239.0.0.61:9901
   * (decision 44).
   */
  readonly announce?: AnnounceGroup | false | undefined;
  /** Routers that a presence may pass, 1 to 255. Default 30. */
  readonly announceTtl?: number | undefined;
  /** How a registrar deals with its peers. Every one has a default. */
  readonly options?: PartialEnrpOptions | undefined;
}

export interface EnrpServiceSetUp {
  readonly settings: EnrpSettings;
  readonly id: RegistrarId;
  readonly handlespace: Handlespace;
  readonly stack: SctpStack;
  readonly log: Logger;
  /** Does what the machine wants besides what concerns associations and announces. */
  perform(output: EnrpOutput): void;
}

export class EnrpService {
  readonly machine: Enrp;
  /** Where peers reach it. */
  readonly addresses: readonly SctpAddress[];
  /** Where it announces itself; `undefined`: nowhere. */
  readonly group: AnnounceGroup | undefined;
  readonly #driver: Driver<EnrpInput, EnrpOutput>;
  readonly #setUp: EnrpServiceSetUp;
  readonly #sender: AnnounceSender | undefined;
  readonly #listener: AnnounceListener | undefined;

  constructor(setUp: EnrpServiceSetUp) {
    const { settings, id, handlespace, stack, log } = setUp;
    const { port = ENRP_PORT, peers = [], options = {} } = settings;
    this.#setUp = setUp;
    this.addresses = stack.localAddresses.map((address) => ({ address, port }));
    this.group = (settings.announce ?? enrpAnnounceGroup(stack.backend)) || undefined;
    this.machine = new Enrp({
      id,
      handlespace,
      options: completeEnrpOptions(options),
      localAddresses: stack.localAddresses,
      port,
      peers,
      announces: this.group !== undefined,
      seed: randomSeed(),
      log,
    });
    this.#driver = new Driver({
      machine: this.machine,
      stack,
      port,
      accepts: true,
      clock: systemClock,
      perform: (output) => this.#perform(output),
    });
    const { group } = this;
    if (group === undefined) return;
    const place = {
      group,
      interfaces: stack.localAddresses,
      onProblem: (message: string) => log.warn({}, message),
    };
    this.#sender = openAnnounceSender({ ...place, sourcePort: port, ttl: settings.announceTtl });
    this.#listener = openAnnounceListener({
      ...place,
      onAnnounce: (payload, address, from) =>
        this.input({ type: 'presenceHeard', source: { address, port: from }, payload }),
    });
  }

  /** Begins: looks for a mentor, if there may be one. */
  start(): void {
    this.input({ type: 'timeout' });
  }

  input(input: EnrpInput): void {
    this.#driver.input(input);
  }

  /** Ends the associations, gracefully where peers answer in time. */
  async close(limitMs: number): Promise<void> {
    this.#listener?.close();
    this.#driver.input({ type: 'stop' });
    await this.#driver.gracefulEnds(limitMs);
    this.#sender?.close();
    this.#driver.close();
  }

  #perform(output: EnrpOutput): void {
    if (output.type === 'announcePresence') this.#sender?.send(output.payload);
    else this.#setUp.perform(output);
  }
}
