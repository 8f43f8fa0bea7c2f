import axe from "axe-core";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { findProgram } from "../../support/skip.ts";
import { type TempDir, tempDir } from "../../support/temp_dir.ts";

export type Look = "light" | "dark" | "phone";

/** A browser that writes down what it should not have to say. */
export class StatusBrowser implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #home: TempDir;
  readonly page: Page;
  /** Console messages and faults of scripts. */
  readonly complaints: string[] = [];
  /** Addresses that were asked for. */
  readonly requests: string[] = [];

  private constructor(browser: Browser, home: TempDir, page: Page) {
    this.#browser = browser;
    this.#home = home;
    this.page = page;
    page.on("console", (message) => this.complaints.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("request", (request) => this.requests.push(request.url()));
  }

  static async open(): Promise<StatusBrowser> {
    const home = await tempDir("status-browser-");
    const browser = await puppeteer.launch({
      executablePath: findProgram("chromium") ?? "",
      userDataDir: home.path,
      pipe: true,
      args: [
        ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
        ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
      ],
    });
    return new StatusBrowser(browser, home, await browser.newPage());
  }

  async wear(look: Look): Promise<void> {
    const phone = look === "phone";
    await this.page.setViewport({
      width: phone ? 390 : 1200,
      height: phone ? 844 : 900,
      deviceScaleFactor: phone ? 2 : 1,
    });
    const value = look === "dark" ? "dark" : "light";
    await this.page.emulateMediaFeatures([{ name: "prefers-color-scheme", value }]);
  }

  /** Waits until the element shows a text. */
  async waitForText(selector: string, text: string, timeoutMs = 20_000): Promise<void> {
    await this.page.waitForFunction(
      `document.querySelector(${JSON.stringify(selector)})?.textContent.replace(/\\s+/g, " ")
        .includes(${JSON.stringify(text)})`,
      { timeout: timeoutMs },
    );
  }

  /** What axe finds wrong with the page as it is now: contrast, labels, structure. One line each. */
  async axeFaults(): Promise<string[]> {
    // Not as a script of the page: its policy would refuse that, as it should.
    await this.page.evaluate(axe.source);
    const found: unknown = await this.page.evaluate(`axe.run(document, {
      resultTypes: ["violations"],
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }).then(({ violations, passes }) => [
      passes.length < 10 ? "axe looked at next to nothing" : "",
      ...violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => id + ": " + html + " " + failureSummary)),
    ].filter((line) => line !== ""))`);
    if (!Array.isArray(found)) throw new Error(`axe answered ${JSON.stringify(found)}`);
    return found.map(String);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    await this.#home.remove();
  }
}
