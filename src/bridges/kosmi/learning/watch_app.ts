import type { Clock } from "../../../base/clock.ts";
import { property } from "../../../base/json.ts";
import { fieldsOf } from "../protocol/decode.ts";
import type { KosmiProtocol } from "../protocol/protocol.ts";
import type { Field } from "../protocol/roles.ts";
import { type AppReading, readCode, type SeenCode } from "./read_app.ts";

/** A browser's page, as far as it is watched. */
export interface WatchedPage {
  open(address: string): Promise<void>;
  onFrame(listener: (text: string, isSent: boolean) => void): void;
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

/** Opens a room once in a browser that is logged in, and learns from what the app's page sends and gets, and from its scripts. */
export async function watchApp(options: WatchOptions, signal: AbortSignal): Promise<AppReading> {
  const { page, address, protocol, clock } = options;
  const record = new FrameRecord();
  let heardAtMs = clock.monotonic();
  page.onFrame((text, isSent) => {
    if (isSent) heardAtMs = clock.monotonic();
    record.take(text, isSent);
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
 * What frames tell of how the app speaks: documents, which keys their variables have, keys and types of the answers. No text, name, id
 * or token is kept: of the values only constants of the API (an enum's, a switch).
 */
export class FrameRecord {
  /** What was sent -> the fields of its first answer. */
  readonly #documents = new Map<string, readonly Field[]>();
  /** The documents by the ids under which they are answered. */
  readonly #asked = new Map<string, string>();
  readonly #variables: unknown[] = [];
  #first: Readonly<Record<string, unknown>> | null = null;
  #frames = 0;

  get hasSubscribed(): boolean {
    return [...this.#documents.keys()].some((text) => /^\s*subscription\b/.test(text));
  }

  take(text: string, isSent: boolean): void {
    if (this.#frames++ > MOST_FRAMES || text.length > LONGEST_FRAME) return;
    let frame: unknown;
    try {
      frame = JSON.parse(text);
    } catch {
      return;
    }
    const id = property(frame, "id");
    const payload = property(frame, "payload");
    if (!isSent) return this.#answered(id, property(payload, "data"));
    if (property(frame, "type") === "connection_init") {
      this.#first = { v: property(payload, "v"), r: property(payload, "r") };
    }
    const query = property(payload, "query");
    if (typeof query !== "string") return;
    if (!this.#documents.has(query)) this.#documents.set(query, []);
    if (typeof id === "string") this.#asked.set(id, query);
    this.#variables.push(withoutValues(property(payload, "variables"), 0));
  }

  #answered(id: unknown, data: unknown): void {
    const query = typeof id === "string" ? this.#asked.get(id) : undefined;
    if (query === undefined || (this.#documents.get(query) ?? []).length > 0) return;
    this.#documents.set(query, fieldsOf(data));
  }

  found(): Required<Pick<SeenCode, "sources" | "variables" | "first">> {
    return {
      sources: [...this.#documents].map(([text, answer]) => ({ text, answer })),
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
