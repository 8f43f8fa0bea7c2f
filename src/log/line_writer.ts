/** Where bytes go: standard output or error, a file. May take fewer bytes than it was given. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<number>;
}

interface LineWriterOptions {
  readonly sink: ByteSink;
  /** Bytes that may wait for a slow reader; lines beyond that are dropped and counted. */
  readonly maxWaitingBytes: number;
  /** Makes the line that says how many were dropped; shown as soon as there is room again. */
  readonly dropNotice: (dropped: number) => string;
}

const encoder = new TextEncoder();

/**
 * Writes lines in order without ever holding up the caller. A reader that is slow costs lines, counted; a reader that
 * is gone (closed pipe, full disk) costs the line being written; none of that is an error for the program.
 */
export class LineWriter {
  readonly #options: LineWriterOptions;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  #writing: Promise<void> | null = null;

  constructor(options: LineWriterOptions) {
    this.#options = options;
  }

  /** Takes a line (without its line end). */
  write(line: string): void {
    const bytes = encoder.encode(line + "\n");
    if (this.#waitingBytes + bytes.length > this.#options.maxWaitingBytes) {
      this.#dropped++;
      return;
    }
    this.#noteDropped();
    this.#enqueue(bytes);
  }

  #noteDropped(): void {
    if (this.#dropped === 0) return;
    const notice = this.#options.dropNotice(this.#dropped);
    this.#dropped = 0;
    this.#enqueue(encoder.encode(notice + "\n"));
  }

  #enqueue(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#writing ??= this.#writeWaiting();
  }

  /** Resolves when all that was taken has been written or given up. */
  async drained(): Promise<void> {
    this.#noteDropped();
    while (this.#writing !== null) await this.#writing;
  }

  async #writeWaiting(): Promise<void> {
    // A tick later: what is logged together is written together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = joined(this.#waiting);
      this.#waiting = [];
      await this.#writeAll(batch);
      this.#waitingBytes -= batch.length;
    }
    // Not a tick later: a line that came in between would wait for the next one, or be lost at the end.
    this.#writing = null;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    try {
      for (let from = 0; from < bytes.length;) {
        from += await this.#options.sink.write(bytes.subarray(from));
      }
    } catch {
      // The log is the only place to say it, and it is the log that can't be written.
    }
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
