import type { HTTPRequest, Page } from "puppeteer-core";
import { findJwt } from "../tokens/jwt.ts";
import { ignoreNavigation, type LoginOrigins } from "./login_origins.ts";
import type { LoginPage } from "./login_page.ts";
import { type PageView, viewPage } from "./page_script.ts";

/** What the page came to say after the form was sent. */
export type PageVerdict =
  | { readonly kind: "captcha" }
  | { readonly kind: "secondFactor" }
  /** `quote` is the page's own message. */
  | { readonly kind: "wrongCredentials"; readonly quote: string }
  /** The page complains of something else. */
  | { readonly kind: "complaint"; readonly quote: string };

const LONGEST_QUOTE = 200;

/** Reads from the page whether a token has come, or what stands in its way. */
export class LoginWatch {
  readonly #page: Page;
  readonly #plan: LoginPage;
  readonly #origins: LoginOrigins;
  /** Tokens that are not the login's: what lay there before, and what the page fetched as an anonymous visitor. */
  readonly #known = new Set<string>();
  /** Anonymous logins of the page of which the answer is not read yet. */
  readonly #anonymous = new Set<HTTPRequest>();
  #before: PageView | null = null;

  constructor(options: {
    readonly page: Page;
    readonly plan: LoginPage;
    readonly origins: LoginOrigins;
  }) {
    this.#page = options.page;
    this.#plan = options.plan;
    this.#origins = options.origins;
    // A slow page may log in as an anonymous visitor only after the form was sent: that token is not the login's.
    const isAnonymous = (request: HTTPRequest) =>
      request.method() === "POST" && /anon/i.test(request.postData() ?? "");
    this.#page.on("request", (request) => {
      if (isAnonymous(request)) this.#anonymous.add(request);
    });
    const over = (request: HTTPRequest) => void this.#readAnonymous(request);
    this.#page.on("requestfinished", over);
    this.#page.on("requestfailed", over);
  }

  /** The page may store an anonymous visitor's token now, or just has: whose a new one is can't be told. */
  get isUndecided(): boolean {
    return this.#anonymous.size > 0;
  }

  /** Null while the page moves to another address, and while it shows another site: a token there is not the login's. */
  async look(): Promise<PageView | null> {
    const { tokenKey, errorMessage, captcha, secondFactor } = this.#plan;
    try {
      const view = await this.#page.mainFrame().evaluate(viewPage, {
        tokenKey,
        alertRoles: errorMessage.roles,
        alertSelectors: errorMessage.selectors,
        selectors: [...captcha.selectors, ...secondFactor.selectors],
      });
      return this.#origins.allows(view.origin) ? view : null;
    } catch (error) {
      return ignoreNavigation(error);
    }
  }

  /** Takes what the page shows and holds now for what was there before the login. */
  remember(view: PageView): void {
    this.#before = view;
    const token = findJwt(view.stored ?? "");
    if (token !== null) this.#known.add(token);
  }

  /** The login's token, once it is stored. */
  newToken(view: PageView): string | null {
    const token = findJwt(view.stored ?? "");
    return token === null || this.isKnown(token) ? null : token;
  }

  /** Whether a token turned out to be another than the login's. */
  isKnown(token: string): boolean {
    return this.#known.has(token);
  }

  /** What the page shows now and did not show before; null for nothing that tells how the login went. */
  verdict(view: PageView): PageVerdict | null {
    const { captcha, secondFactor, wrongCredentials } = this.#plan;
    const lines = view.lines.filter((line) => !this.#before?.lines.includes(line));
    const alerts = view.alerts.filter((text) => !this.#before?.alerts.includes(text));
    const seen = view.seen.filter((selector) => !this.#before?.seen.includes(selector));
    const texts = [...alerts, ...lines];
    const wrong = texts.find((text) => matchesAny(text, wrongCredentials));
    if (wrong !== undefined) return { kind: "wrongCredentials", quote: quoted(wrong) };
    if (shows(captcha, texts, seen)) return { kind: "captcha" };
    if (shows(secondFactor, texts, seen)) return { kind: "secondFactor" };
    // A form that is still there and says something new says why; a short word is a button that changed.
    const remarks = view.formLines.filter((line) => lines.includes(line) && line.length > 5);
    const [complaint] = [...alerts, ...remarks];
    return complaint === undefined ? null : { kind: "complaint", quote: quoted(complaint) };
  }

  async #readAnonymous(request: HTTPRequest): Promise<void> {
    if (!this.#anonymous.has(request)) return;
    const text = await request.response()?.text().catch(() => "") ?? "";
    for (const [token] of text.matchAll(/eyJ[\w-]+\.[\w-]+\.[\w-]*/g)) this.#known.add(token);
    this.#anonymous.delete(request);
  }
}

function shows(
  signs: { readonly texts: readonly string[]; readonly selectors: readonly string[] },
  texts: readonly string[],
  seen: readonly string[],
): boolean {
  return signs.selectors.some((selector) => seen.includes(selector)) ||
    texts.some((text) => matchesAny(text, signs.texts));
}

function matchesAny(text: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => new RegExp(pattern, "i").test(text));
}

function quoted(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= LONGEST_QUOTE ? line : `${line.slice(0, LONGEST_QUOTE)}…`;
}
