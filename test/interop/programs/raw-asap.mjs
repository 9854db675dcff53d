// ASAP without a pool element or pool user machine: messages as they are, good or bad, over an SCTP port.
import { openSctpStack } from '../../../dist/transport/open.js';
import { decodeAsap, encodeAsap, PAYLOAD_PROTOCOL } from '../../../dist/wire.js';

export function openStack(address, transport) {
  return openSctpStack({
    transport,
    localAddresses: [address],
    ...(transport === 'udp' ? { udpPort: 0, remoteUdpPort: 9899 } : {}),
  });
}

/** One SCTP port and its association with the registrar. */
export class RawAsap {
  /** Why the association ended; undefined while it lives. */
  down;
  #endpoint;
  #association;
  #onMessage;
  #changed = () => {};
  #isUp = false;

  /** `onMessage` gets what the registrar says, as bytes that are valid during the call. */
  constructor(stack, registrarAddress, onMessage) {
    this.#onMessage = onMessage;
    const nothing = () => {};
    this.#endpoint = stack.open(
      { port: 0, accepts: false },
      {
        onUp: () => this.#change(() => (this.#isUp = true)),
        onDown: (_, why) => this.#change(() => (this.down ??= why)),
        onMessage: (_association, _protocol, _stream, bytes, offset, length) =>
          this.#change(() => this.#onMessage(bytes.subarray(offset, offset + length))),
        ...{ onRestart: nothing, onPath: nothing, onWritable: () => this.#change(nothing) },
      },
    );
    const peer = [{ address: registrarAddress, port: 3863 }];
    this.#association = this.#endpoint.connect(peer);
  }

  up(seconds) {
    return this.until(() => this.#isUp || this.down !== undefined, seconds);
  }

  /** What `send` of the endpoint says. */
  sendBytes(bytes, payloadProtocol = PAYLOAD_PROTOCOL.ASAP) {
    const result = this.#endpoint.send(this.#association, payloadProtocol, bytes);
    this.#endpoint.flush();
    return result;
  }

  send(message) {
    return this.sendBytes(encodeAsap(message));
  }

  /** Sends as soon as there is room. */
  async sendPatiently(message, seconds) {
    const bytes = encodeAsap(message);
    await this.until(() => this.sendBytes(bytes) !== 'full', seconds);
  }

  /** Waits until something has come that makes `isSo` true; throws after `seconds`. */
  async until(isSo, seconds) {
    const end = Date.now() + seconds * 1_000;
    while (!isSo()) {
      if (Date.now() > end) throw new Error('waited in vain');
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, 1_000);
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  close() {
    this.#endpoint.close();
  }

  #change(change) {
    change();
    this.#changed();
  }
}

/** A message as JSON can say it. */
export function describeAsap(bytes) {
  const message = decodeAsap(bytes);
  return {
    type: message.type,
    isRejected: message.isRejected,
    causes: message.errors?.map(({ code }) => code),
    ids: message.poolElements?.map(({ id }) => id),
  };
}
