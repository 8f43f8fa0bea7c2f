import { DeadlineError } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { LoginOrigins } from "./login_origins.ts";
import { LoginError } from "../tokens/login_error.ts";
import {
  type BrowserSandbox,
  findBrowser,
  type LoginBrowser,
  startBrowser,
} from "./local_browser.ts";
import type { LoginPage } from "./login_page.ts";
import { LoginVisit, WAITING } from "./login_visit.ts";
import type { PictureFolder } from "./page_picture.ts";
import { PageTraffic } from "./page_traffic.ts";
import { connectBrowser } from "./remote_browser.ts";

export interface BrowserLoginOptions {
  /** Address of the web app. */
  readonly appUrl: string;
  readonly email: string;
  readonly password: string;
  readonly page: LoginPage;
  /** LoginOrigins: where else than at `appUrl` email and password may be typed. */
  readonly loginOrigins?: readonly string[];
  /** AllowPlainText: at http:// addresses off this machine, too. */
  readonly allowPlainText?: boolean;
  /** BrowserPath; null: CHROME_PATH or the usual places. */
  readonly browserPath: string | null;
  /** BrowserURL: a browser elsewhere, instead of one of this machine. */
  readonly browserUrl: string | null;
  /** BrowserSandbox; default "on". */
  readonly browserSandbox?: BrowserSandbox;
  readonly env: (name: string) => string | undefined;
  readonly directory: PictureFolder;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of each step as it begins, for a person who watches. */
  readonly onStep?: (step: string) => void;
  /** Called with the page once the token is there; what it throws is only logged. */
  readonly afterLogin?: (page: PageTraffic, signal: AbortSignal) => Promise<void>;
  /** The whole login's time; default 60 s. */
  readonly limitMs?: number;
  /** How long the page may show nothing that leads to the form; default 15 s. */
  readonly findLimitMs?: number;
}

const LOGIN_LIMIT_MS = 60_000;
const AFTER_LIMIT_MS = 20_000;

/**
 * Logs in to the web app through a headless browser and answers the token. Throws a LoginError that tells what went
 * wrong and what to do, or the signal's reason. When it settles no browser of ours is running.
 */
export async function browserLogin(
  options: BrowserLoginOptions,
  signal: AbortSignal,
): Promise<string> {
  const { clock, limitMs = LOGIN_LIMIT_MS } = options;
  const over = new AbortController();
  const ended = new AbortController();
  const deadline = clock.sleep(limitMs, AbortSignal.any([signal, ended.signal])).then(
    () => over.abort(new DeadlineError("log in", limitMs)),
    () => {},
  );
  const login = new Attempt(options);
  try {
    return await login.run(AbortSignal.any([signal, over.signal]));
  } catch (error) {
    signal.throwIfAborted();
    if (over.signal.aborted) throw login.tooLate(limitMs);
    throw login.explain(error);
  } finally {
    ended.abort();
    await deadline;
  }
}

/** One login, which knows how far it came. */
class Attempt {
  readonly #options: BrowserLoginOptions;
  #step = "start";
  #browser: LoginBrowser | null = null;

  constructor(options: BrowserLoginOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<string> {
    const { appUrl, loginOrigins = [], allowPlainText = false } = this.#options;
    const origins = new LoginOrigins({ appUrl, more: loginOrigins, allowPlainText });
    this.#browser = await this.#open(signal);
    const browser = this.#browser;
    // Everything that waits for the browser fails at once when that is gone: no call is left hanging.
    const close = () => void browser.close();
    signal.addEventListener("abort", close, { once: true });
    try {
      signal.throwIfAborted();
      const onStep = (step: string) => this.#begin(step);
      const token = await new LoginVisit({ ...this.#options, origins, browser, onStep }).run(
        signal,
      );
      await this.#afterLogin(browser, signal);
      return token;
    } finally {
      signal.removeEventListener("abort", close);
      await browser.close();
    }
  }

  /** The token is there: whatever goes wrong from here on does not matter for the login. */
  async #afterLogin({ page }: LoginBrowser, signal: AbortSignal): Promise<void> {
    const { afterLogin, clock, log } = this.#options;
    if (afterLogin === undefined) return;
    this.#begin("watching how the page speaks");
    const over = new AbortController();
    const limit = clock.sleep(AFTER_LIMIT_MS, AbortSignal.any([signal, over.signal]));
    try {
      const watching = PageTraffic.of(page).then((traffic) =>
        afterLogin(traffic, AbortSignal.any([signal, over.signal]))
      );
      watching.catch(() => {});
      await Promise.race([watching, limit]);
    } catch (error) {
      log.debug("Cannot watch how the page speaks: {error}", { error: describeError(error) });
    } finally {
      over.abort();
      await limit.catch(() => {});
    }
  }

  tooLate(limitMs: number): LoginError {
    if (this.#step === WAITING) {
      return new LoginError(
        "noTokenInTime",
        `Cannot log in: the form was sent, but no new token came within ${limitMs / 1000} s`,
        "Kosmi may be slow; it is tried again later. If it stays so, try the login with your own browser",
      );
    }
    return new LoginError(
      "noTokenInTime",
      `Cannot log in within ${limitMs / 1000} s: still at the step "${this.#step}"`,
      "Kosmi or this machine may be slow; it is tried again later",
    );
  }

  explain(thrown: unknown): unknown {
    if (thrown instanceof LoginError) return thrown;
    const seen = describeError(thrown).slice(0, 300);
    if (this.#browser?.isGone() === true) {
      return new LoginError(
        "browserCrashed",
        `Cannot log in: the browser ended by itself at the step "${this.#step}"`,
        "It may lack memory (it needs some 300 MB); it is tried again later",
      );
    }
    return new LoginError("browserFailed", `Cannot log in: at the step "${this.#step}": ${seen}`);
  }

  async #open(signal: AbortSignal): Promise<LoginBrowser> {
    const { browserUrl, browserPath, env, directory, clock, log } = this.#options;
    if (browserUrl !== null) {
      this.#begin("connecting to the browser");
      return await connectBrowser({ url: browserUrl, clock }, signal);
    }
    this.#begin("starting the browser");
    const executable = await findBrowser({ path: browserPath, env });
    const { browserSandbox: sandbox = "on" } = this.#options;
    return await startBrowser({ executable, folders: directory, sandbox, clock, log }, signal);
  }

  #begin(step: string): void {
    this.#step = step;
    this.#options.log.debug("Login: {step}", { step });
    this.#options.onStep?.(step);
  }
}
