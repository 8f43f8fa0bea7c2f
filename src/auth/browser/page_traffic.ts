import type { CDPSession, Page } from "puppeteer-core";

const MOST_BYTES = 30 * 1024 * 1024;
const MOST_SCRIPTS = 40;
const OPEN_LIMIT_MS = 10_000;

/** What a page sends and what it is made of, over the browser's own debugging protocol. Nothing of it is kept here. */
export class PageTraffic {
  readonly #page: Page;
  readonly #session: CDPSession;
  readonly #scripts: string[] = [];

  private constructor(page: Page, session: CDPSession) {
    this.#page = page;
    this.#session = session;
  }

  static async of(page: Page): Promise<PageTraffic> {
    const session = await page.createCDPSession();
    const traffic = new PageTraffic(page, session);
    session.on("Network.responseReceived", ({ requestId, response }) => {
      const isScript = /javascript/i.test(response.mimeType);
      if (isScript && traffic.#scripts.length < MOST_SCRIPTS) traffic.#scripts.push(requestId);
    });
    await session.send("Network.enable", {
      maxTotalBufferSize: 2 * MOST_BYTES,
      maxResourceBufferSize: MOST_BYTES,
    });
    // Of what lies in its cache the browser would not show the content.
    await session.send("Network.setCacheDisabled", { cacheDisabled: true });
    return traffic;
  }

  async open(address: string): Promise<void> {
    await this.#page.goto(address, { waitUntil: "domcontentloaded", timeout: OPEN_LIMIT_MS });
  }

  /** Calls back with each text that a WebSocket of the page sends, or gets. */
  onFrame(listener: (text: string, isSent: boolean) => void): void {
    this.#session.on(
      "Network.webSocketFrameSent",
      ({ response }) => listener(response.payloadData, true),
    );
    this.#session.on(
      "Network.webSocketFrameReceived",
      ({ response }) => listener(response.payloadData, false),
    );
  }

  /** The sources of the scripts that were loaded since, as far as the browser still has them. */
  async scripts(): Promise<readonly string[]> {
    const texts: string[] = [];
    let characters = 0;
    for (const requestId of this.#scripts) {
      const answer = await this.#session.send("Network.getResponseBody", { requestId })
        .catch(() => null);
      if (answer === null || answer.base64Encoded) continue;
      characters += answer.body.length;
      if (characters > MOST_BYTES) break;
      texts.push(answer.body);
    }
    return texts;
  }
}
