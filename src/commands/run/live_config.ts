import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { StsPolicies } from "../../bridges/irc/link/options.ts";
import { formatFault } from "../../config/file/fault.ts";
import type { Config } from "../../config/options/config.ts";
import { GENERAL_OPTIONS } from "../../config/options/general.ts";
import { secretsOf } from "../../config/options/secrets.ts";
import type { Logging } from "../../log/logging.ts";
import type { PlanChange, RelayPlan } from "../../relay/plan.ts";
import type { Gateway } from "../../relay/port/settings.ts";
import type { Relay } from "../../relay/relay.ts";
import type { DataDirectory } from "../../store/files/data_directory.ts";
import { StoredStsPolicies } from "../../store/files/sts_policies.ts";
import { makeChatCommands } from "../chat/chat_commands.ts";
import {
  gatewaysOf,
  type LiveAccount,
  setUpAccounts,
  SetupError,
  type Upkeep,
} from "../setup/accounts.ts";
import { problemsOf } from "../setup/status.ts";
import { TokenSources } from "../setup/tokens.ts";
import { readConfiguration } from "../shared/read_configuration.ts";
import type { ReloadOutcome } from "../reload/reload_request.ts";

interface LiveConfigOptions {
  /** The configuration's path. */
  readonly file: string;
  readonly data: DataDirectory;
  readonly logging: Logging;
  readonly clock: Clock;
  readonly relay: () => Relay;
}

/** With what outlives each configuration. */
interface LastingOptions extends LiveConfigOptions {
  readonly sts: StsPolicies;
  /** What keeps the relay from relaying now, one sentence each. */
  readonly problems: () => readonly string[];
}

/** A configuration with all that was made of it. */
interface LiveAccounts {
  readonly config: Config;
  readonly accounts: readonly LiveAccount[];
  readonly gateways: readonly Gateway[];
}

/** The configuration that the relay runs on, and how it takes over another one. */
export class LiveConfig {
  readonly #options: LastingOptions;
  readonly #tokens: TokenSources;
  readonly #upkeeps = new Upkeeps();
  #live: LiveAccounts;
  /** The last reload: one at a time. */
  #reload: Promise<unknown> = Promise.resolve();

  private constructor(options: LastingOptions, tokens: TokenSources, live: LiveAccounts) {
    this.#options = options;
    this.#tokens = tokens;
    this.#live = live;
  }

  /** Makes everything that a configuration asks for. Throws a SetupError. */
  static async open(config: Config, given: LiveConfigOptions): Promise<LiveConfig> {
    const sts = await StoredStsPolicies.open(given.data, given.logging.logger("store"));
    const { relay, logging } = given;
    let now = (): LiveAccounts => first;
    const problems = () => problemsOf({ live: () => now(), relay, logging });
    const options = { ...given, sts, problems };
    const tokens = new TokenSources(config, options);
    const accounts = await setUpAccounts(config, { ...options, tokens });
    const first: LiveAccounts = { config, accounts, gateways: gatewaysOf(config, accounts) };
    const live = new LiveConfig(options, tokens, first);
    now = () => live.#live;
    return live;
  }

  get live(): LiveAccounts {
    return this.#live;
  }

  /** What it wants of the core. */
  get plan(): RelayPlan {
    return this.#planOf(this.#live);
  }

  /** Tokens are kept fresh until `signal` aborts. */
  async keepTokens(signal: AbortSignal): Promise<void> {
    this.#upkeeps.want(this.#live.accounts.map(({ upkeep }) => upkeep));
    if (!signal.aborted) {
      await new Promise<void>((resolve) =>
        signal.addEventListener("abort", () => resolve(), { once: true })
      );
    }
    await this.#upkeeps.end();
  }

  /** Reads the file again and goes on by it; a faulty one changes nothing. Reloads happen one after the other. Never rejects. */
  reload(): Promise<ReloadOutcome> {
    const reload = this.#reload.then(() => this.#reloadNow()).catch((error) => ({
      ok: false,
      lines: error instanceof SetupError ? error.faults : [describeError(error)],
    }));
    this.#reload = reload;
    return reload;
  }

  async #reloadNow(): Promise<ReloadOutcome> {
    const { file, logging, relay } = this.#options;
    const reading = await readConfiguration(file);
    const warnings = reading.warnings.map((warning) => `warning: ${formatFault(warning)}`);
    if (!reading.ok) return { ok: false, lines: [...reading.faults.map(formatFault), ...warnings] };
    const { config } = reading;
    for (const secret of secretsOf(config)) logging.secrets.add(secret);
    const before = this.#live;
    const next = await this.#setUpNext(config);
    const change = await relay().apply(this.#planOf(next));
    this.#live = next;
    this.#upkeeps.want(next.accounts.map(({ upkeep }) => upkeep));
    return { ok: true, lines: [...describeChange(change, before, next), ...warnings] };
  }

  async #setUpNext(config: Config): Promise<LiveAccounts> {
    const before = this.#live;
    try {
      this.#tokens.follow(config);
      const setup = { ...this.#options, tokens: this.#tokens };
      const accounts = await setUpAccounts(config, setup, before.accounts);
      return { config, accounts, gateways: gatewaysOf(config, accounts) };
    } catch (error) {
      this.#tokens.follow(before.config);
      throw error;
    }
  }

  #planOf({ config, accounts, gateways }: LiveAccounts): RelayPlan {
    const { general } = config;
    const { relay, clock, logging: { redact } } = this.#options;
    return {
      accounts,
      gateways,
      commands: makeChatCommands(config, { accounts, relay, clock, redact }),
      outbox: { maxAgeMs: general.outboxMaxAgeMs, maxMessages: general.outboxMaxMessages },
      catchUp: { maxMessages: general.catchUpMaxMessages, maxAgeMs: general.catchUpMaxAgeMs },
    };
  }
}

function describeChange(change: PlanChange, before: LiveAccounts, next: LiveAccounts): string[] {
  const lines = [
    ...change.added.map((id) => `${id}: added, connecting`),
    ...change.removed.map((id) => `${id}: removed, disconnected`),
    ...change.replaced.map((id) => `${id}: options changed, reconnecting`),
    ...change.replanned.map((id) => `${id}: channels changed, joining and parting`),
    ...restartKeys(before.config, next.config).map((key) =>
      `[general] ${key} takes effect at the next start`
    ),
  ];
  const kept = next.accounts.length - change.added.length - change.replaced.length;
  return [...lines, `${kept} of ${next.accounts.length} accounts keep their connection`];
}

/** What is set up once, when the program starts. */
const AT_START = [
  "debug",
  "logLevel",
  "logLevels",
  "logFormat",
  "statusListen",
  "statusToken",
  "statusShowMessages",
] as const satisfies readonly (keyof typeof GENERAL_OPTIONS)[];

/** The changed keys of [general] that only a restart takes over. */
function restartKeys(before: Config, next: Config): string[] {
  return AT_START.filter((name) =>
    JSON.stringify(before.general[name]) !== JSON.stringify(next.general[name])
  ).map((name) => GENERAL_OPTIONS[name].key);
}

/** Sees that each upkeep that any account wants goes on, and goes on once. */
export class Upkeeps {
  readonly #running = new Map<Upkeep, AbortController>();
  /** Also of those that were told to stop. */
  readonly #unfinished = new Set<Promise<void>>();

  /** Exactly these are wanted from now on. */
  want(upkeeps: readonly (Upkeep | null)[]): void {
    const wanted = new Set(upkeeps.filter((one) => one !== null));
    for (const [upkeep, stop] of this.#running) {
      if (wanted.has(upkeep)) continue;
      this.#running.delete(upkeep);
      stop.abort(new Error("no account wants it any more"));
    }
    for (const upkeep of wanted) {
      if (!this.#running.has(upkeep)) this.#start(upkeep);
    }
  }

  /** Resolves when all have ended. */
  async end(): Promise<void> {
    this.want([]);
    await Promise.all(this.#unfinished);
  }

  #start(upkeep: Upkeep): void {
    const stop = new AbortController();
    this.#running.set(upkeep, stop);
    const done = upkeep.maintain(stop.signal).catch(() => {});
    this.#unfinished.add(done);
    void done.then(() => this.#unfinished.delete(done));
  }
}
