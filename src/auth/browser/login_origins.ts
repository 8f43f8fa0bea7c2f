import type { Frame } from "puppeteer-core";
import { describeError } from "../../base/errors.ts";
import { isLoopback } from "../../base/loopback.ts";
import { originOf } from "./page_script.ts";
import { LoginError } from "../tokens/login_error.ts";

interface LoginOriginsOptions {
  /** Address of the web app. */
  readonly appUrl: string;
  /** LoginOrigins: further origins that belong to the login. */
  readonly more: readonly string[];
  /** AllowPlainText: http:// may leave this machine. */
  readonly allowPlainText: boolean;
}

/** The origins where email and password may be typed. A page elsewhere may look like the login; it gets nothing. */
export class LoginOrigins {
  readonly #allowed: ReadonlySet<string>;
  /** Origins that were met and left alone, for the error. */
  readonly #foreign = new Set<string>();

  /** Throws a LoginError for an address that would be plain text on a network. */
  constructor({ appUrl, more, allowPlainText }: LoginOriginsOptions) {
    const urls = [appUrl, ...more].map((written) => new URL(written));
    const plain = urls.find(({ protocol, hostname }) =>
      protocol !== "https:" && !isLoopback(hostname)
    );
    if (plain !== undefined && !allowPlainText) {
      throw new LoginError(
        "foreignPage",
        `Cannot log in at ${plain.origin}: email and password would travel in plain text`,
        "Use https://",
      );
    }
    this.#allowed = new Set(urls.map(({ origin }) => origin));
  }

  /** Asks the frame itself: its address in our books may be that of the page before. */
  async has(frame: Frame): Promise<boolean> {
    const origin = await frame.evaluate(originOf).catch(ignoreNavigation);
    return origin !== null && this.allows(origin);
  }

  allows(origin: string): boolean {
    if (this.#allowed.has(origin)) return true;
    if (origin !== "null") this.#foreign.add(origin);
    return false;
  }

  /** For the page that the login ended at. Throws a LoginError where it is somebody else's. */
  check(origin: string): void {
    if (!this.allows(origin)) throw this.#foreignPage(origin);
  }

  /** What the error should say of other sites that were met; "" for none. */
  get leftAlone(): string {
    if (this.#foreign.size === 0) return "";
    const met = [...this.#foreign].slice(0, 3).join(", ");
    return ` Nothing was typed into pages of ${met}: if the login is there, add that origin to LoginOrigins.`;
  }

  #foreignPage(origin: string): LoginError {
    const [app] = this.#allowed;
    const where = origin === "null" ? "a page without an origin" : origin;
    return new LoginError(
      "foreignPage",
      `Cannot log in: ${app} (AppURL) led to ${where}, and email and password are typed at ` +
        `${[...this.#allowed].join(", ")} only`,
      "If this is the right place, add it to LoginOrigins",
    );
  }
}

/** While the page moves to another address its elements can't be asked; the next look comes soon. */
export function ignoreNavigation(thrown: unknown): null {
  const text = describeError(thrown);
  if (/context was destroyed|cannot find context|detached|navigat|not attached/i.test(text)) {
    return null;
  }
  throw thrown;
}
