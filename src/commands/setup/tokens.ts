import { AnonymousSource } from "../../auth/tokens/anonymous_source.ts";
import { ConfiguredSource } from "../../auth/tokens/configured_source.ts";
import { isJwt } from "../../auth/tokens/jwt.ts";
import { type Login, LoginSource } from "../../auth/tokens/login_source.ts";
import type { TokenSource } from "../../auth/tokens/token_source.ts";
import type { Clock } from "../../base/clock.ts";
import { WebAppLearning } from "../../bridges/kosmi/learning/learning.ts";
import type { WatchedPage } from "../../bridges/kosmi/learning/watch_app.ts";
import { anonLogin } from "../../bridges/kosmi/link/anonymous_login.ts";
import { roomIdOf } from "../../bridges/kosmi/room/room_id.ts";
import type { Config, KosmiAccountConfig } from "../../config/options/config.ts";
import type { Logging } from "../../log/logging.ts";
import type { DataDirectory } from "../../store/files/data_directory.ts";
import { normalEmail } from "../../store/files/file_names.ts";
import { JsonFile } from "../../store/files/json_file.ts";
import { loginPauseFile } from "../../store/files/login_pause.ts";
import { TokenCaches } from "../../store/files/token_cache.ts";
import { visitorToken } from "../../store/files/visitor_token.ts";
import { endpointsOf, protocolOf } from "./kosmi.ts";

interface TokenSetup {
  readonly data: DataDirectory;
  readonly logging: Logging;
  readonly clock: Clock;
  /** Told of each step of a browser login, for a person who watches. */
  readonly onStep?: (account: string, step: string) => void;
}

/** What is learned of Kosmi's web app. */
export const LEARNED_FILE = "kosmi_protocol.json";

/** The token sources of a configuration, over one data directory. */
export class TokenSources {
  readonly #setup: TokenSetup;
  readonly caches: TokenCaches;
  /** Accounts with one login share its token, and its one login at a time. */
  readonly #logins = new Map<string, LoginSource>();

  /** Accounts of one web app share what is learned of it. */
  readonly #apps = new Map<string, WebAppLearning>();
  readonly #learned: JsonFile;

  /** In the order of the configuration; the caches look at it whenever they decide whose a file is. */
  readonly #emails: string[] = [];
  #sandbox: Config["general"]["browserSandbox"] = "on";

  constructor(config: Config, setup: TokenSetup) {
    this.#setup = setup;
    this.follow(config);
    this.#learned = new JsonFile(
      setup.data,
      LEARNED_FILE,
      setup.logging.logger("store"),
    );
    this.caches = new TokenCaches({
      directory: setup.data,
      emails: this.#emails,
      isToken: isJwt,
      now: () => setup.clock.now(),
      log: setup.logging.logger("token"),
    });
  }

  /** The accounts are those of another configuration from now on. */
  follow(config: Config): void {
    this.#sandbox = config.general.browserSandbox;
    const emails = config.accounts.flatMap((account) =>
      account.protocol === "kosmi" && account.options.email !== null ? [account.options.email] : []
    );
    this.#emails.splice(0, this.#emails.length, ...emails);
  }

  /** Where an account's tokens come from: its Token, else its login, else an anonymous visitor's. */
  of(account: KosmiAccountConfig): TokenSource {
    const { clock, data } = this.#setup;
    const login = this.#loginSource(account);
    const { token } = account.options;
    if (token !== null) {
      return new ConfiguredSource({
        token,
        fallback: login,
        clock,
        log: this.#log(account),
      });
    }
    return login ?? new AnonymousSource({
      login: (signal) =>
        anonLogin(
          {
            endpoints: endpointsOf(account),
            protocol: protocolOf(account),
            app: this.webApp(account),
            clock,
          },
          signal,
        ),
      kept: visitorToken(data, account.id, isJwt, this.#log(account)),
      clock,
    });
  }

  /** What is known of how the account's web app speaks. */
  webApp(account: KosmiAccountConfig): WebAppLearning {
    const { appUrl, overrides } = account.options;
    const key = JSON.stringify([appUrl, overrides]);
    const known = this.#apps.get(key);
    if (known !== undefined) return known;
    const app = new WebAppLearning({
      appUrl,
      protocol: protocolOf(account),
      store: {
        load: () => this.#learned.get(appUrl),
        save: (learned) => this.#learned.set(appUrl, learned),
      },
      clock: this.#setup.clock,
      log: this.#log(account),
    });
    this.#apps.set(key, app);
    return app;
  }

  #loginSource(account: KosmiAccountConfig): LoginSource | null {
    const { email, password, appUrl, loginOrigins } = account.options;
    if (email === null) return null;
    // Another password is another login: the old one may be what was refused.
    const key = JSON.stringify([normalEmail(email), [appUrl, ...loginOrigins], password]);
    const shared = this.#logins.get(key);
    if (shared !== undefined) return shared;
    const { data, clock } = this.#setup;
    const now = () => clock.now();
    const source = new LoginSource({
      cache: this.caches.of(email),
      login: this.#login(account, email),
      ...(password === null
        ? {}
        : { pause: loginPauseFile({ directory: data, email, password, now }) }),
      clock,
      random: Math.random,
      log: this.#log(account),
    });
    this.#logins.set(key, source);
    return source;
  }

  #login(account: KosmiAccountConfig, email: string): Login | null {
    const { password, appUrl, roomUrl, loginOrigins, allowPlainText, browserPath, browserUrl } =
      account.options;
    if (password === null) return null;
    const { clock, data, onStep } = this.#setup;
    return async (signal) => {
      // Loaded when a login is due, which is once a year.
      const { browserLogin } = await import("../../auth/browser/browser_login.ts");
      return await browserLogin({
        appUrl,
        email,
        password,
        page: protocolOf(account).loginPage,
        loginOrigins,
        allowPlainText,
        browserSandbox: this.#sandbox,
        browserPath,
        browserUrl,
        env: (name) => Deno.env.get(name),
        directory: data,
        clock,
        log: this.#log(account),
        ...(roomUrl === null ? {} : {
          afterLogin: async (page: WatchedPage, watching: AbortSignal) => {
            const { watchApp } = await import("../../bridges/kosmi/learning/watch_app.ts");
            const protocol = protocolOf(account);
            // The app's own address for the room, whatever form the configuration gives it in.
            const room = encodeURI(`/room/${roomIdOf("", roomUrl)}`);
            const address = new URL(room, appUrl).href;
            this.webApp(account).adopt(
              await watchApp({ page, address, protocol, clock }, watching),
            );
          },
        }),
        ...(onStep === undefined ? {} : { onStep: (step) => onStep(account.id, step) }),
      }, signal);
    };
  }

  #log(account: KosmiAccountConfig) {
    return this.#setup.logging.logger([account.protocol, account.name]);
  }
}
