import type { Clock } from "../../../base/clock.ts";
import { property } from "../../../base/json.ts";
import type { KosmiProtocol } from "../protocol/protocol.ts";
import { type AppReading, readCode, type SeenCode } from "./read_app.ts";

/** A browser's page, as far as it is watched. */
export interface WatchedPage {
  open(address: string): Promise<void>;
  onFrameSent(listener: (text: string) => void): void;
  scripts(): Promise<readonly string[]>;
}

interface WatchOptions {
  readonly page: WatchedPage;
  /** Address of a room. */
  readonly address: string;
  readonly protocol: KosmiProtocol;
  readonly clock: Clock;
}

const LONGEST_MS = 8_000;
const QUIET_MS = 700;
const POLL_MS = 100;
const MOST_FRAMES = 500;
const LONGEST_FRAME = 200_000;

/** Opens a room once in a browser that is logged in, and learns from what the app's page sends and from its scripts. */
export async function watchApp(options: WatchOptions, signal: AbortSignal): Promise<AppReading> {
  const { page, address, protocol, clock } = options;
  const record = new FrameRecord();
  let heardAtMs = clock.monotonic();
  page.onFrameSent((text) => {
    heardAtMs = clock.monotonic();
    record.take(text);
  });
  await page.open(address);
  const untilMs = clock.monotonic() + LONGEST_MS;
  while (clock.monotonic() < untilMs) {
    await clock.sleep(POLL_MS, signal);
    // The app subscribes last: behind that it has said all that it says by itself.
    if (record.hasSubscribed && clock.monotonic() - heardAtMs > QUIET_MS) break;
  }
  const pieces = (await page.scripts()).map((text) => ({ address: address, text }));
  return await readCode({ pieces, faults: [], ...record.found() }, protocol, clock, signal);
}

/**
 * What frames tell of how the app speaks: documents, and which keys their variables have. No text, name, id or token is kept: of the
 * values only constants of the API (an enum's, a switch).
 */
export class FrameRecord {
  readonly #documents = new Set<string>();
  readonly #variables: unknown[] = [];
  #first: Readonly<Record<string, unknown>> | null = null;
  #frames = 0;

  get hasSubscribed(): boolean {
    return [...this.#documents].some((text) => /^\s*subscription\b/.test(text));
  }

  take(text: string): void {
    if (this.#frames++ > MOST_FRAMES || text.length > LONGEST_FRAME) return;
    let frame: unknown;
    try {
      frame = JSON.parse(text);
    } catch {
      return;
    }
    const payload = property(frame, "payload");
    if (property(frame, "type") === "connection_init") {
      this.#first = { v: property(payload, "v"), r: property(payload, "r") };
    }
    const query = property(payload, "query");
    if (typeof query !== "string") return;
    this.#documents.add(query);
    this.#variables.push(withoutValues(property(payload, "variables"), 0));
  }

  found(): Required<Pick<SeenCode, "sources" | "variables" | "first">> {
    return {
      sources: [...this.#documents].map((text) => ({ text })),
      variables: this.#variables,
      first: this.#first,
    };
  }
}

/** Keys, and of the values only what belongs to the API itself. */
function withoutValues(value: unknown, depth: number): unknown {
  if (typeof value === "boolean") return value;
  if (typeof value === "string") return /^[A-Z][A-Z_]{1,39}$/.test(value) ? value : undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value) || depth > 3) {
    return undefined;
  }
  return Object.fromEntries(
    Object.entries(value).slice(0, 50).map((
      [key, inner],
    ) => [key, withoutValues(inner, depth + 1)]),
  );
}
