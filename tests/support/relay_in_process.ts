import { type Clock, systemClock } from "../../src/base/clock.ts";
import type { Logger } from "../../src/base/log.ts";
import type { PictureNetwork } from "../../src/bridges/kosmi/link/options.ts";
import { makeChatCommands } from "../../src/commands/chat/chat_commands.ts";
import { gatewaysOf, type LiveAccount } from "../../src/commands/setup/accounts.ts";
import { apiBridge, type ApiSetup, matterbridgeBridge } from "../../src/commands/setup/api.ts";
import { ircBridge } from "../../src/commands/setup/irc.ts";
import { kosmiBridge } from "../../src/commands/setup/kosmi.ts";
import { CHANNEL_RULES } from "../../src/commands/shared/read_configuration.ts";
import { formatFault, loadConfig } from "../../src/config/load.ts";
import type { AccountConfig, Config } from "../../src/config/options/config.ts";
import { secretsOf } from "../../src/config/options/secrets.ts";
import { Redactor } from "../../src/log/redactor.ts";
import type { Bridge } from "../../src/relay/port/bridge.ts";
import { noObserver } from "../../src/relay/port/observer.ts";
import { Relay } from "../../src/relay/relay.ts";
import { openRelayStore } from "../../src/store/sqlite/sqlite_store.ts";

export interface InProcessOptions {
  /** Text of matterbridge.toml. */
  readonly config: string;
  /** The token of every Kosmi account. */
  readonly token: string;
  readonly log: Logger;
  readonly pictureNetwork?: PictureNetwork;
  /** Default the machine's. */
  readonly clock?: Clock;
}

/** The core with its real bridges, live from a configuration as the program wires it, in this process and in memory. */
export class RelayInProcess implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly relay: Relay;

  static async start(options: InProcessOptions): Promise<RelayInProcess> {
    const { config, faults } = await loadConfig({
      text: options.config,
      file: "test.toml",
      env: {},
      channels: CHANNEL_RULES,
    });
    if (config === null) throw new Error(faults.map(formatFault).join("\n"));
    return new RelayInProcess(config, options);
  }

  private constructor(config: Config, options: InProcessOptions) {
    const accounts = config.accounts.map((account) => live(account, config, options));
    const { clock = systemClock } = options;
    const store = openRelayStore({ path: null, clock, log: options.log });
    const secrets = new Redactor();
    for (const secret of secretsOf(config)) secrets.add(secret);
    const relay: Relay = new Relay({
      gateways: gatewaysOf(config, accounts),
      accounts,
      commands: makeChatCommands(config, {
        accounts,
        relay: () => relay,
        clock,
        redact: (text) => secrets.text(text),
      }),
      store,
      outbox: { maxAgeMs: 3_600_000, maxMessages: 10_000 },
      catchUp: { maxMessages: 500, maxAgeMs: 3_600_000 },
      keepLinksMs: 3_600_000,
      clock,
      random: Math.random,
      log: options.log,
      observer: noObserver,
    });
    this.relay = relay;
    this.#running = relay.run(this.#stop.signal).finally(() => store.close());
  }

  /** Ends it as a signal would; rejects with what the relay ended of, if it did. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

function live(account: AccountConfig, config: Config, options: InProcessOptions): LiveAccount {
  const shared = {
    general: config.general,
    clock: options.clock ?? systemClock,
    random: Math.random,
    log: options.log.with({ account: account.id }),
  };
  const { settings } = account;
  return { bridge: bridgeOf(account, shared, options), settings, made: "", upkeep: null };
}

function bridgeOf(
  account: AccountConfig,
  shared: Omit<ApiSetup, "problems"> & { readonly random: () => number },
  options: InProcessOptions,
): Bridge {
  switch (account.protocol) {
    case "irc":
      return ircBridge(account, { ...shared, clientCertificatePem: null });
    case "kosmi":
      return kosmiBridge(account, {
        ...shared,
        credentials: {
          get: () => Promise.resolve({ token: options.token, expectsLogin: true }),
          refused: () => {},
        },
        ...(options.pictureNetwork === undefined ? {} : { pictureNetwork: options.pictureNetwork }),
      });
    case "api":
      return apiBridge(account, { ...shared, problems: () => [] });
    case "matterbridge":
      return matterbridgeBridge(account, shared);
  }
}
