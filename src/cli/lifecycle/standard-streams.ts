/**
 * Standard output and standard error. A command ends when its standard output fails, as all programs in a pipe
 * do; a service keeps serving: it loses lines, says so once, and writes again as soon as it can.
 */

/** What a service does about a stream that fails, once per failure. */
export interface StreamWatcher {
  failed(reason: string): void;
  /** It is written again; so many lines were lost meanwhile. */
  recovered(linesLost: number): void;
}

/** Octets that wait for a reader that is slow; lines beyond these are lost. */
const MAX_WAITING_BYTES = 1 << 20;

/** How long the end of a service waits for a reader. */
const DRAIN_LIMIT_MS = 1_000;

const EXIT_FAILED = 1;

export class StandardStream {
  /** Absent in commands, and then every line is kept until it is written. */
  watcher: StreamWatcher | undefined;
  readonly #stream: () => NodeJS.WriteStream;
  #isFailing = false;
  #linesLost = 0;

  constructor(stream: () => NodeJS.WriteStream) {
    this.#stream = stream;
  }

  get isTerminal(): boolean {
    return this.#stream().isTTY;
  }

  /** Writes a line or several; `otherwise` is called if that fails. */
  write(text: string, otherwise?: () => void): void {
    const stream = this.#stream();
    if (this.watcher !== undefined && stream.writableLength > MAX_WAITING_BYTES) {
      this.#linesLost += 1;
      this.#failed('its reader does not read');
      otherwise?.();
      return;
    }
    stream.write(text, (error) => {
      if (error) {
        this.#linesLost += 1;
        this.#failed(error.message);
        otherwise?.();
      } else this.#written();
    });
  }

  /** Resolves when everything is written, or cannot be. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#stream().write('', () => resolve());
    });
  }

  #failed(reason: string): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.watcher?.failed(reason);
  }

  #written(): void {
    if (!this.#isFailing) return;
    const linesLost = this.#linesLost;
    this.#isFailing = false;
    this.#linesLost = 0;
    this.watcher?.recovered(linesLost);
  }
}

export const standardOutput = new StandardStream(() => process.stdout);
export const standardError = new StandardStream(() => process.stderr);

/** Handles the errors of both streams, which otherwise are uncaught exceptions. */
export function watchStandardStreams(program: string): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (standardOutput.watcher !== undefined) return;
    if (error.code === 'EPIPE') process.exit(); // "rserpool ... | head"
    process.stderr.write(`${program}: Standard output cannot be written: ${error.message}\n`);
    process.exit(EXIT_FAILED);
  });
  process.stderr.on('error', () => {});
}

/** Waits until both streams are written, for a second at most. */
export async function drainStandardStreams(): Promise<void> {
  // Standard error last: it says that standard output failed.
  const written = standardOutput.drained().then(() => standardError.drained());
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, DRAIN_LIMIT_MS);
  });
  await Promise.race([written, late]);
  clearTimeout(timer);
}
