import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import { LoginError } from "../tokens/login_error.ts";
import type { LoginBrowser } from "./local_browser.ts";
import { type FormFields, LoginForm } from "./login_form.ts";
import { ignoreNavigation, type LoginOrigins } from "./login_origins.ts";
import type { LoginPage } from "./login_page.ts";
import { LoginWatch, type PageVerdict } from "./login_watch.ts";
import { type PictureFolder, savePicture } from "./page_picture.ts";
import { originOf } from "./page_script.ts";

interface LoginVisitOptions {
  readonly browser: LoginBrowser;
  readonly appUrl: string;
  readonly email: string;
  readonly password: string;
  readonly page: LoginPage;
  /** Where email and password may be typed. */
  readonly origins: LoginOrigins;
  readonly directory: PictureFolder;
  readonly clock: Clock;
  readonly onStep: (step: string) => void;
  /** How long the page may show nothing that leads on; default 15 s. */
  readonly findLimitMs?: number;
}

/** The last step. */
export const WAITING = "waiting for the token";
const POLL_MS = 100;
const OPEN_LIMIT_MS = 30_000;
const FIND_LIMIT_MS = 15_000;
/** A form that asks for the email first, and for the password on its next page. */
const EMAIL_FIRST_AFTER_MS = 2_000;
/** A button that is there before its script has no effect yet. */
const CLICK_AGAIN_AFTER_MS = 4_000;
/** A page that starts as an anonymous visitor does so at once; one that never does costs this once. */
const ANONYMOUS_WAIT_MS = 2_000;
/** What the page says in passing ("logging in, one moment …") is gone by then. */
const COMPLAINT_AFTER_MS = 8_000;
/** How long a new token may wait for the answer to an anonymous login that is under way. */
const UNDECIDED_MS = 5_000;
/** A second token may follow the first while the form still shows: the first was then the anonymous one. */
const SETTLE_MS = 1_000;

/** One visit to the web app, from its address to the token. */
export class LoginVisit {
  readonly #options: LoginVisitOptions;
  readonly #form: LoginForm;
  readonly #watch: LoginWatch;

  constructor(options: LoginVisitOptions) {
    this.#options = options;
    const { browser, page: plan, origins, clock } = options;
    this.#form = new LoginForm({ page: browser.page, plan, origins, clock });
    this.#watch = new LoginWatch({ page: browser.page, plan, origins });
  }

  async run(signal: AbortSignal): Promise<string> {
    const { onStep } = this.#options;
    onStep("opening the page");
    await this.#open();
    onStep("looking for the login form");
    const fields = await this.#reachForm(signal);
    onStep("typing email and password");
    try {
      await this.#fill(fields, signal);
    } catch (error) {
      // Gone to another site in the middle of it: that says more than what broke by it.
      await this.#checkPlace();
      throw error;
    }
    await this.#rememberPage(signal);
    onStep("sending the form");
    await this.#form.submit(fields, signal);
    onStep(WAITING);
    return await this.#awaitToken(signal);
  }

  async #open(): Promise<void> {
    const { browser, appUrl, page } = this.#options;
    const url = new URL(page.path, appUrl).href;
    let status: number | null;
    try {
      const response = await browser.page.goto(url, {
        waitUntil: "domcontentloaded",
        timeout: OPEN_LIMIT_MS,
      });
      status = response?.status() ?? null;
    } catch (error) {
      if (browser.isGone()) throw error;
      throw unreachable(url, faultOfNavigation(error));
    }
    await this.#checkPlace();
    if (status !== null && status >= 400) {
      throw unreachable(url, `it answers with status ${status}`);
    }
  }

  /** A redirect, or a script, may have led to somebody else's page. */
  async #checkPlace(): Promise<void> {
    const { browser, origins } = this.#options;
    const origin = await browser.page.mainFrame().evaluate(originOf).catch(ignoreNavigation);
    if (origin !== null) origins.check(origin);
  }

  /** Clicks on until the form is there. */
  async #reachForm(signal: AbortSignal): Promise<FormFields> {
    const { clock, findLimitMs = FIND_LIMIT_MS } = this.#options;
    const path = new ClickPath();
    let quietSinceMs = clock.monotonic();
    let emailSent = false;
    while (clock.monotonic() - quietSinceMs < findLimitMs) {
      const fields = await this.#form.fields();
      if (fields !== null) return fields;
      const quietMs = clock.monotonic() - quietSinceMs;
      if (await this.#clickOn(path)) quietSinceMs = clock.monotonic();
      else if (!emailSent && path.hasBegun && quietMs > EMAIL_FIRST_AFTER_MS) {
        emailSent = await this.#sendEmailFirst(signal);
        if (emailSent) quietSinceMs = clock.monotonic();
      }
      if (quietMs > CLICK_AGAIN_AFTER_MS) path.allowAgain();
      await clock.sleep(POLL_MS, signal);
    }
    await this.#checkPlace();
    throw await this.#pageChanged(path.missing);
  }

  /** One click that leads on; false when there was none to make. */
  async #clickOn(path: ClickPath): Promise<boolean> {
    const { emailChoice, loginButton } = this.#options.page;
    const ways = [
      { button: "emailChoice", spec: emailChoice, how: "exact" },
      { button: "loginButton", spec: loginButton, how: "exact" },
      { button: "loginButton", spec: loginButton, how: "loose" },
      { button: "emailChoice", spec: emailChoice, how: "loose" },
    ] as const;
    for (const { button, spec, how } of ways) {
      if (!path.mayClick(button)) continue;
      const element = await this.#form.find(spec, how);
      if (element === null) continue;
      try {
        await this.#form.click(element);
        path.clicked(button);
        return true;
      } catch (error) {
        // It went away under the mouse: the page is still building itself.
        if (this.#options.browser.isGone()) throw error;
        return false;
      }
    }
    return false;
  }

  async #sendEmailFirst(signal: AbortSignal): Promise<boolean> {
    const { emailField } = this.#options.page;
    // A lone text field may be anything; one that speaks of email is meant.
    const selectors = emailField.selectors.filter((selector) => /mail/i.test(selector));
    const field = await this.#form.find({ ...emailField, selectors }, "loose");
    if (field === null || !await this.#form.type(field, this.#options.email, signal)) return false;
    await this.#form.press(field, "Enter");
    return true;
  }

  async #fill({ email, password }: FormFields, signal: AbortSignal): Promise<void> {
    const { form, options } = { form: this.#form, options: this.#options };
    if (email !== null && !await form.type(email, options.email, signal)) {
      throw await this.#pageChanged("the email field takes no typing");
    }
    if (!await form.type(password, options.password, signal)) {
      throw await this.#pageChanged("the password field takes no typing");
    }
  }

  /** What the page shows and stores before the form is sent is not the login's doing. */
  async #rememberPage(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    for (let waitedMs = 0; waitedMs <= ANONYMOUS_WAIT_MS; waitedMs += POLL_MS) {
      const view = await this.#watch.look();
      if (view !== null) this.#watch.remember(view);
      if (view?.stored) return;
      await clock.sleep(POLL_MS, signal);
    }
  }

  async #awaitToken(signal: AbortSignal): Promise<string> {
    const { clock, browser } = this.#options;
    let complainedAtMs: number | null = null;
    let foundAtMs: number | null = null;
    while (true) {
      const view = await this.#watch.look();
      const token = view === null ? null : this.#watch.newToken(view);
      foundAtMs = token === null ? null : foundAtMs ?? clock.monotonic();
      if (token !== null && this.#isDecided(foundAtMs)) {
        const settled = await this.#settle(token, signal);
        if (settled !== null) return settled;
        continue;
      }
      const verdict = view === null ? null : this.#watch.verdict(view);
      if (verdict === null) complainedAtMs = null;
      else {
        complainedAtMs ??= clock.monotonic();
        const isSure = verdict.kind !== "complaint";
        if (isSure || clock.monotonic() - complainedAtMs >= COMPLAINT_AFTER_MS) {
          throw this.#refusal(verdict);
        }
      }
      if (browser.isGone()) throw new Error("the browser is gone");
      await clock.sleep(POLL_MS, signal);
    }
  }

  /** An anonymous login that never gets its answer holds nobody up for long. */
  #isDecided(foundAtMs: number | null): boolean {
    const { clock } = this.#options;
    return !this.#watch.isUndecided || clock.monotonic() - (foundAtMs ?? 0) >= UNDECIDED_MS;
  }

  /** The token, once the form is gone or no other token has followed; null when it turned out not to be the login's. */
  async #settle(first: string, signal: AbortSignal): Promise<string | null> {
    const { clock } = this.#options;
    let token = first;
    for (let waitedMs = 0; waitedMs < SETTLE_MS; waitedMs += POLL_MS) {
      if (await this.#form.fields().catch(ignoreNavigation) === null) break;
      await clock.sleep(POLL_MS, signal);
      const view = await this.#watch.look();
      token = (view === null ? null : this.#watch.newToken(view)) ?? token;
    }
    return this.#watch.isKnown(token) ? null : token;
  }

  #refusal(verdict: PageVerdict): LoginError {
    const { email, page: { tokenKey } } = this.#options;
    const byHand =
      `Log in with your own browser and give its token (localStorage "${tokenKey}") to: ` +
      "kosmi-relay token import";
    switch (verdict.kind) {
      case "captcha":
        return new LoginError(
          "captcha",
          `Cannot log in as ${email}: Kosmi asks for a captcha, which only a person can solve`,
          byHand,
        );
      case "secondFactor":
        return new LoginError(
          "secondFactor",
          `Cannot log in as ${email}: Kosmi asks for a second factor (a code), which only a person has`,
          byHand,
        );
      case "wrongCredentials":
        return this.#refusedError(verdict.quote, "Check Email and Password");
      case "complaint":
        return this.#refusedError(verdict.quote, "Try the login with your own browser");
    }
  }

  #refusedError(quote: string, remedy: string): LoginError {
    const { email, password } = this.#options;
    const said = quote.replaceAll(password, "(password)");
    return new LoginError(
      "wrongCredentials",
      `Cannot log in as ${email}: Kosmi says "${said}"`,
      remedy,
    );
  }

  async #pageChanged(missing: string): Promise<LoginError> {
    const { browser, directory, clock, email, password, origins } = this.#options;
    const picture = await savePicture({
      page: browser.page,
      directory,
      clock,
      secrets: [email, password],
    });
    return new LoginError(
      "pageChanged",
      `Cannot log in: ${missing}. Kosmi's page may have changed; ` +
        `${
          picture === null ? "no picture of it could be saved" : `a picture of it is in ${picture}`
        }`,
      "Adjust overrides.loginPage of the account, or give a token with: kosmi-relay token import." +
        origins.leftAlone,
    );
  }
}

function unreachable(url: string, seen: string): LoginError {
  return new LoginError(
    "pageUnreachable",
    `Cannot open ${url} in the browser: ${seen}`,
    "Check the network, a proxy, and AppURL",
  );
}

/** "net::ERR_CONNECTION_REFUSED at http://…" without the address, which stands in the message already. */
function faultOfNavigation(thrown: unknown): string {
  const text = describeError(thrown);
  const code = /net::(ERR_[A-Z_]+)/.exec(text)?.[1];
  if (code !== undefined) return code.replace(/^ERR_/, "").replaceAll("_", " ").toLowerCase();
  return /timeout/i.test(text) ? `no answer within ${OPEN_LIMIT_MS / 1000} s` : text.slice(0, 200);
}

/** The buttons on the way to the login form. */
type PathButton = "loginButton" | "emailChoice";

/** How often one button is tried: a second time in case its script was not there yet, no more. */
const MOST_CLICKS = 2;

/** Which buttons were clicked on the way to the form, and may be clicked now. */
class ClickPath {
  readonly #counts = new Map<PathButton, number>();
  readonly #spent = new Set<PathButton>();

  get hasBegun(): boolean {
    return this.#counts.size > 0;
  }

  mayClick(button: PathButton): boolean {
    return !this.#spent.has(button);
  }

  clicked(button: PathButton): void {
    this.#counts.set(button, (this.#counts.get(button) ?? 0) + 1);
    this.#spent.add(button);
  }

  /** Nothing has come of the clicks so far. */
  allowAgain(): void {
    for (const button of this.#spent) {
      if ((this.#counts.get(button) ?? 0) < MOST_CLICKS) this.#spent.delete(button);
    }
  }

  /** What was looked for in vain, for the error. */
  get missing(): string {
    if (this.#counts.has("emailChoice")) {
      return "no form for email and password after choosing to log in with email";
    }
    return this.#counts.has("loginButton")
      ? "no choice to log in with email, and no form, after clicking the login button"
      : "no login button on the page";
  }
}
