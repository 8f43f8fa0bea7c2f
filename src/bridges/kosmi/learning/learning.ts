import type { Clock } from "../../../base/clock.ts";
import { describeError } from "../../../base/errors.ts";
import { property } from "../../../base/json.ts";
import type { Logger } from "../../../base/log.ts";
import type { WebAppKnowledge } from "../link/options.ts";
import type { Plan } from "../protocol/plan.ts";
import { type KosmiProtocol, OPERATION_NAMES, type OperationName } from "../protocol/protocol.ts";
import type { Fetch } from "../link/http.ts";
import { type Matched, readPlan } from "./match.ts";
import type { AppReading } from "./read_app.ts";

/** What of the web app is worth keeping. */
interface Learned extends Matched {
  readonly v: string | null;
  readonly r: string | null;
  /** When it was read, in milliseconds since the UNIX epoch. */
  readonly atMs: number;
}

/** Where it is kept over restarts. Neither rejects. */
export interface LearnedStore {
  load(): Promise<unknown>;
  save(learned: Learned): Promise<void>;
}

interface LearningOptions {
  readonly appUrl: string;
  readonly protocol: KosmiProtocol;
  readonly store: LearnedStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly fetch?: Fetch;
  /** How the app is read. Default: over the network. */
  readonly read?: (signal: AbortSignal) => Promise<AppReading>;
}

const HOUR_MS = 3_600_000;
/** Without these nothing is relayed: for them the app is read again even if it had them not. */
const NEEDED: ReadonlySet<OperationName> = new Set(["joinRoom", "newMessage", "sendMessage"]);

/**
 * Knows how the web app speaks to the server: from the file of an earlier reading, and from reading the app again when that is due. Only
 * ever changes how operations are said, never where to.
 */
export class WebAppLearning implements WebAppKnowledge {
  readonly #options: LearningOptions;
  /** Texts that the server refused: the same again is no news. */
  readonly #refused = new Set<string>();
  readonly #forgotten = new Set<string>();
  #learned: Learned | null = null;
  #saving: Promise<void> = Promise.resolve();
  #loading: Promise<void> | null = null;
  #reading: Promise<boolean> | null = null;
  /** When the app may be read again; -Infinity: at once. */
  #dueAtMs = -Infinity;

  constructor(options: LearningOptions) {
    this.#options = options;
  }

  /** What is known now. */
  get learned(): Learned | null {
    return this.#learned;
  }

  get v(): string | null {
    return this.#learned?.v ?? null;
  }

  get r(): string | null {
    return this.#learned?.r ?? null;
  }

  get anonLogin(): Plan | null {
    return this.#learned?.anonLogin ?? null;
  }

  plan(name: OperationName): Plan | null {
    return this.#learned?.operations[name] ?? null;
  }

  lacks(name: OperationName): boolean {
    const operations = this.#learned?.operations ?? {};
    if (Object.keys(operations).length === 0 || NEEDED.has(name)) return false;
    return operations[name] === undefined && !this.#forgotten.has(name);
  }

  /** Resolves when what was kept is read. */
  opened(): Promise<void> {
    return this.#loading ??= this.#options.store.load().then((raw) => {
      this.#learned ??= readLearned(raw);
    }).catch(() => {});
  }

  /** Resolves when what is known now is kept. */
  saved(): Promise<void> {
    return this.#saving;
  }

  forget(name: OperationName | "anonLogin"): void {
    const learned = this.#learned;
    const plan = name === "anonLogin" ? this.anonLogin : this.plan(name);
    if (learned === null || plan === null) return;
    this.#refused.add(plan.text ?? "");
    this.#forgotten.add(name);
    // What was good until now is not: the app has changed since.
    this.#dueAtMs = -Infinity;
    const { [name as OperationName]: _, ...operations } = learned.operations;
    this.#keep({
      ...learned,
      operations,
      anonLogin: name === "anonLogin" ? null : learned.anonLogin,
    });
  }

  /** Reads the app when that is due: at most once an hour, unless what the last reading brought was refused since. Never rejects; when the signal aborts it is false. */
  learn(signal: AbortSignal): Promise<boolean> {
    if (this.#reading !== null) return this.#reading;
    const { clock } = this.#options;
    if (clock.monotonic() < this.#dueAtMs) return Promise.resolve(false);
    this.#dueAtMs = clock.monotonic() + HOUR_MS;
    return this.#reading = this.#read(signal).finally(() => this.#reading = null);
  }

  async #read(signal: AbortSignal): Promise<boolean> {
    const { appUrl, protocol, clock, log } = this.#options;
    const { fetch: get, read } = this.#options;
    try {
      await this.opened();
      if (read !== undefined) return this.adopt(await read(signal));
      // Parsers and all that reads a bundle are loaded when they are needed, which is seldom.
      const { readApp } = await import("./read_app.ts");
      const fetching = get === undefined ? {} : { fetch: get };
      return this.adopt(await readApp({ appUrl, protocol, clock, ...fetching }, signal));
    } catch (error) {
      if (signal.aborted) this.#dueAtMs = -Infinity;
      else {log.debug("Cannot read how the web app speaks: {error}", {
          error: describeError(error),
        });}
      return false;
    }
  }

  /** Goes on with what a reading found, but for what the server refused before. True when any of it is new. */
  adopt(reading: Matched & Pick<AppReading, "v" | "r" | "faults" | "persisted">): boolean {
    const { log, clock } = this.#options;
    const before = this.#learned;
    const fresh = (plan: Plan | null | undefined): plan is Plan =>
      plan !== null && plan !== undefined && !this.#refused.has(plan.text ?? "");
    const operations: Partial<Record<OperationName, Plan>> = {};
    for (const name of OPERATION_NAMES) {
      const plan = reading.operations[name];
      const kept = fresh(plan) ? plan : before?.operations[name];
      if (kept !== undefined) operations[name] = kept;
    }
    const anonLogin = fresh(reading.anonLogin) ? reading.anonLogin : before?.anonLogin ?? null;
    const learned: Learned = {
      v: reading.v ?? before?.v ?? null,
      r: reading.r ?? before?.r ?? null,
      operations,
      anonLogin,
      atMs: clock.now(),
    };
    const count = Object.keys(operations).length;
    const isNew = count > 0 &&
        OPERATION_NAMES.some((name) => operations[name]?.text !== before?.operations[name]?.text) ||
      anonLogin?.text !== before?.anonLogin?.text || learned.v !== (before?.v ?? null);
    if (count === 0 && anonLogin === null) {
      const hashes = reading.persisted.length;
      const found = hashes > 0
        ? `${hashes} operations stand there only as hashes`
        : "no operations found in it";
      const why = [...reading.faults.slice(0, 3), found].join("; ");
      log.info("Cannot learn from the web app how Kosmi is spoken to now: {why}", { why });
      if (learned.v === null) return false;
    } else if (isNew) {
      log.info("Read in the web app how {count} operations are said now (its version: {version})", {
        count,
        version: learned.v ?? "unknown",
      });
    }
    this.#keep(learned);
    return isNew;
  }

  #keep(learned: Learned): void {
    this.#learned = learned;
    this.#saving = this.#options.store.save(learned);
  }
}

/** What a file says, checked; null when it is nothing of ours. */
function readLearned(raw: unknown): Learned | null {
  const kept = property(raw, "operations");
  const atMs = property(raw, "atMs");
  if (typeof kept !== "object" || kept === null || typeof atMs !== "number") return null;
  const operations: Partial<Record<OperationName, Plan>> = {};
  for (const name of OPERATION_NAMES) {
    const plan = readPlan(property(kept, name));
    if (plan !== null) operations[name] = plan;
  }
  const text = (key: string) => {
    const value = property(raw, key);
    return typeof value === "string" && /^[\w.+=/ -]{0,200}$/.test(value) ? value : null;
  };
  return {
    v: text("v"),
    r: text("r"),
    operations,
    anonLogin: readPlan(property(raw, "anonLogin")),
    atMs,
  };
}
