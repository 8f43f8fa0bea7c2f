import type { Fetch } from "../link/http.ts";
import { describeError } from "../../../base/errors.ts";
import { withDeadline } from "../../../base/abort.ts";
import type { Clock } from "../../../base/clock.ts";
import type { KosmiProtocol } from "../protocol/protocol.ts";
import { type AppOperation, readOperations, type Source } from "./documents.ts";
import { type Given, type Matched, matchOperations } from "./match.ts";
import { type PersistedOperation, Scan } from "./scan.ts";

/** What the web app's code tells of how it speaks to the server. */
export interface AppReading extends Matched {
  /** What it puts into its first frame; null where the code doesn't tell. */
  readonly v: string | null;
  readonly r: string | null;
  /** Every operation that it has. */
  readonly all: readonly AppOperation[];
  /** Operations that it names only by a hash. */
  readonly persisted: readonly PersistedOperation[];
  readonly routes: readonly string[];
  readonly files: number;
  readonly characters: number;
  readonly faults: readonly string[];
}

interface ReadAppOptions {
  readonly appUrl: string;
  readonly protocol: KosmiProtocol;
  readonly clock: Clock;
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  readonly limits?: Partial<AppLimits>;
}

/** How long the code is looked at before everything else gets its turn. */
const SLICE_MS = 15;

/** Reads the app's code without running it. Rejects only with the signal's reason. */
export async function readApp(options: ReadAppOptions, signal: AbortSignal): Promise<AppReading> {
  const { protocol, clock } = options;
  const code = await fetchApp({ ...options, userAgent: protocol.userAgent }, signal);
  return await readCode(code, protocol, clock, signal);
}

/** The app's code, with what was seen of it elsewhere. */
export interface SeenCode extends AppCode {
  /** Documents that it sent. */
  readonly sources?: readonly Source[];
  /** Keys of the variables that it sent with them. */
  readonly variables?: readonly unknown[];
  /** What it put into its first frame. */
  readonly first?: Readonly<Record<string, unknown>> | null;
}

/** Reads what the app's code and frames tell. Rejects only with the signal's reason. */
export async function readCode(
  code: SeenCode,
  protocol: KosmiProtocol,
  clock: Clock,
  signal: AbortSignal,
): Promise<AppReading> {
  const pause = pauses(clock, signal);
  const budget = { left: MOST_WORK };
  const scans: Scan[] = [];
  const sources: Source[] = [...code.sources ?? []];
  for (const { text } of code.pieces) {
    const scan = await Scan.of(text, pause, budget);
    scans.push(scan);
    sources.push(...await scan.sources());
  }
  const all = await readOperations(sources, pause);
  const given: Given = (names, needed) => [
    // In the code constants stand as they are; of frames only the keys are kept.
    ...scans.flatMap((scan) => scan.objectsWith(names, needed)),
    ...(code.variables ?? []).filter((object) => fits(object, names, needed)),
  ];
  const matched = matchOperations(protocol, all, given);
  const init = code.first ?? scans.map((scan) => scan.init()).find((each) => each !== null);
  return {
    ...matched,
    v: versionOf(init?.["v"]),
    r: typeof init?.["r"] === "string" && init["r"].length <= 200 ? init["r"] : null,
    all,
    persisted: scans.flatMap((scan) => scan.persisted()),
    routes: scans.flatMap((scan) => scan.routes()),
    files: code.pieces.length,
    characters: code.pieces.reduce((sum, { text }) => sum + text.length, 0),
    faults: code.faults,
  };
}

/** Whether an object may be the variables of an operation. */
function fits(object: unknown, names: ReadonlySet<string>, needed: readonly string[]): boolean {
  if (typeof object !== "object" || object === null) return false;
  const keys = Object.keys(object);
  return keys.every((key) => names.has(key)) && needed.every((key) => keys.includes(key));
}

/** Work that the parser may do: characters read. */
const MOST_WORK = 60_000_000;

function pauses(clock: Clock, signal: AbortSignal): () => Promise<void> {
  let sinceMs = clock.monotonic();
  return async () => {
    if (clock.monotonic() - sinceMs < SLICE_MS) return;
    await clock.sleep(1, signal);
    sinceMs = clock.monotonic();
  };
}

function versionOf(value: unknown): string | null {
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  return typeof value === "string" && /^[\w.+-]{1,40}$/.test(value) ? value : null;
}

interface AppOptions {
  readonly appUrl: string;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly fetch?: Fetch;
  readonly limits?: Partial<AppLimits>;
}

interface AppLimits {
  readonly bytes: number;
  readonly files: number;
  readonly timeMs: number;
}

/** What the app's pages consist of, as far as it could be had. */
interface AppCode {
  readonly pieces: readonly { readonly address: string; readonly text: string }[];
  /** What could not be read, and why: for people. */
  readonly faults: readonly string[];
}

const LIMITS: AppLimits = { bytes: 30 * 1024 * 1024, files: 24, timeMs: 20_000 };
const MOST_REDIRECTS = 3;
/** Where the app's code was when this was written: it is asked for though the page does not name it, or is refused. */
const KNOWN_SCRIPT = "/core.js";
const SCRIPT = /<script\b[^>]{0,2000}?\bsrc\s*=\s*["']?([^"'\s>]{1,2000})/gi;
const PRELOAD = /<link\b[^>]{0,2000}?\bhref\s*=\s*["']?([^"'\s>]{1,2000}\.m?js)\b/gi;
const CHUNK = /["'`]((?:\.{0,2}\/)[\w@./-]{1,200}\.m?js)["'`]/g;

/**
 * Fetches the web app's page and its scripts: only from the app's own origin, no more than the limits. Nothing of it is run. Never rejects
 * but with the signal's reason.
 */
async function fetchApp(options: AppOptions, signal: AbortSignal): Promise<AppCode> {
  const limits = { ...LIMITS, ...options.limits };
  const reading = new Reading(options, limits);
  const action = "read the web app";
  try {
    await withDeadline(
      { clock: options.clock, signal, limitMs: limits.timeMs, action },
      (inner) => reading.run(inner),
    );
  } catch (thrown) {
    signal.throwIfAborted();
    reading.faults.push(describeError(thrown));
  }
  return reading;
}

class Reading implements AppCode {
  readonly pieces: { address: string; text: string }[] = [];
  readonly faults: string[] = [];
  readonly #options: AppOptions;
  readonly #limits: AppLimits;
  readonly #origin: string;
  readonly #wanted = new Set<string>();
  #bytes = 0;

  constructor(options: AppOptions, limits: AppLimits) {
    this.#options = options;
    this.#limits = limits;
    this.#origin = new URL(options.appUrl).origin;
  }

  async run(signal: AbortSignal): Promise<void> {
    const page = new URL(this.#options.appUrl).href;
    const html = await this.#fetch(page, signal);
    if (html !== null) {
      this.pieces.push({ address: page, text: html });
      this.#wantAll(html, page, SCRIPT, PRELOAD);
    }
    this.#want(KNOWN_SCRIPT, page);
    for (const address of this.#wanted) {
      if (this.#bytes >= this.#limits.bytes) {
        this.faults.push(`the rest behind the first ${this.#limits.bytes} bytes was not read`);
        return;
      }
      const text = await this.#fetch(address, signal);
      if (text === null) continue;
      this.pieces.push({ address, text });
      this.#wantAll(text, address, CHUNK);
    }
  }

  #wantAll(text: string, base: string, ...patterns: readonly RegExp[]): void {
    for (const pattern of patterns) {
      for (const [, reference = ""] of text.matchAll(pattern)) {
        if (this.#wanted.size >= this.#limits.files) return;
        this.#want(reference, base);
      }
    }
  }

  #want(reference: string, base: string): void {
    const url = URL.parse(reference.replaceAll("&amp;", "&"), base);
    if (url === null) return;
    url.hash = "";
    if (url.origin === this.#origin) this.#wanted.add(url.href);
  }

  /** Null where it can't be had; that is told. */
  async #fetch(address: string, signal: AbortSignal): Promise<string | null> {
    const get: Fetch = this.#options.fetch ?? fetch;
    let url = address;
    try {
      for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
        const response = await get(url, {
          redirect: "manual",
          signal,
          headers: { "User-Agent": this.#options.userAgent, Accept: "*/*" },
        });
        const next = response.headers.get("location");
        if (response.status >= 300 && response.status < 400 && next !== null) {
          await response.body?.cancel();
          const target = URL.parse(next, url);
          if (target?.origin !== this.#origin) {
            this.faults.push(`${pathOf(address)} leads to another site, which is not read`);
            return null;
          }
          url = target.href;
          continue;
        }
        if (response.ok) return await this.#read(response);
        await response.body?.cancel();
        this.faults.push(`${pathOf(address)} is answered with HTTP ${response.status}`);
        return null;
      }
      this.faults.push(`${pathOf(address)} leads on and on`);
    } catch (thrown) {
      signal.throwIfAborted();
      this.faults.push(`${pathOf(address)}: ${describeError(thrown)}`);
    }
    return null;
  }

  /** What goes beyond the limits of size and time is not read; what came before is of use. */
  async #read(response: Response): Promise<string> {
    const decoder = new TextDecoder();
    const parts: string[] = [];
    try {
      for await (const chunk of response.body ?? []) {
        this.#bytes += chunk.length;
        parts.push(decoder.decode(chunk, { stream: true }));
        if (this.#bytes >= this.#limits.bytes) break;
      }
    } catch (thrown) {
      if (parts.length === 0) throw thrown;
      this.faults.push(`${pathOf(response.url)} broke off: ${describeError(thrown)}`);
    }
    return parts.join("");
  }
}

function pathOf(address: string): string {
  return URL.parse(address)?.pathname ?? "a script";
}
