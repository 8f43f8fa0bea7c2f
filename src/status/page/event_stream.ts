import type { Clock } from "../../base/clock.ts";

interface EventStreamOptions {
  readonly clock: Clock;
  /** What there is to see now, by name. Only asked for while somebody looks. */
  readonly look: () => Readonly<Record<string, string>>;
  /** Sent first: a page that finds another one after a reconnect loads itself anew. */
  readonly hello: string;
}

interface Viewer {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  /** Since when it takes nothing more (monotonic); null while it keeps up. */
  stuckSinceMs: number | null;
  /** What it was sent last, by name. */
  readonly sent: Map<string, string>;
}

const EVERY_MS = 1_000;
/** Proxies and browsers drop what is silent for long. */
const HEARTBEAT_EVERY = 15;
const MOST_VIEWERS = 20;
const STUCK_LIMIT_MS = 30_000;

const encoder = new TextEncoder();

/** Sends what has changed to everybody who looks, once a second, as server-sent events. Bounded in viewers and memory. */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #viewers = new Set<Viewer>();
  #beat = 0;

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  /** A body for one more viewer; null when there are too many. */
  open(): ReadableStream<Uint8Array> | null {
    if (this.#viewers.size >= MOST_VIEWERS) return null;
    let viewer: Viewer | null = null;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        viewer = { controller, stuckSinceMs: null, sent: new Map() };
        this.#viewers.add(viewer);
        this.#write(viewer, `retry: 2000\n${frame("hello", this.#options.hello)}`);
        this.#update(viewer, this.#options.look());
      },
      cancel: () => {
        if (viewer !== null) this.#viewers.delete(viewer);
      },
    }, { highWaterMark: 4 });
  }

  /** Sends until `signal` aborts; then every stream ends. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#options.clock.sleep(EVERY_MS, signal).catch(() => {});
      if (!signal.aborted) this.#tick();
    }
    for (const viewer of [...this.#viewers]) this.#end(viewer);
  }

  #tick(): void {
    if (this.#viewers.size === 0) return;
    this.#beat = (this.#beat + 1) % HEARTBEAT_EVERY;
    const seen = this.#options.look();
    for (const viewer of [...this.#viewers]) {
      if (!this.#keepsUp(viewer)) continue;
      this.#update(viewer, seen);
      if (this.#beat === 0) this.#write(viewer, ":\n\n");
    }
  }

  /** A viewer that reads nothing gets nothing more, and after a while it is let go. */
  #keepsUp(viewer: Viewer): boolean {
    const nowMs = this.#options.clock.monotonic();
    if ((viewer.controller.desiredSize ?? 0) > 0) {
      viewer.stuckSinceMs = null;
      return true;
    }
    viewer.stuckSinceMs ??= nowMs;
    if (nowMs - viewer.stuckSinceMs > STUCK_LIMIT_MS) this.#end(viewer);
    return false;
  }

  #update(viewer: Viewer, seen: Readonly<Record<string, string>>): void {
    const changed = Object.entries(seen).filter(([name, text]) => viewer.sent.get(name) !== text);
    if (changed.length === 0) return;
    for (const [name, text] of changed) viewer.sent.set(name, text);
    this.#write(viewer, frame("sections", JSON.stringify(Object.fromEntries(changed))));
  }

  #write(viewer: Viewer, text: string): void {
    viewer.controller.enqueue(encoder.encode(text));
  }

  #end(viewer: Viewer): void {
    this.#viewers.delete(viewer);
    viewer.controller.close();
  }
}

/** `data` must be on one line. */
function frame(event: string, data: string): string {
  return `event: ${event}\ndata: ${data}\n\n`;
}
