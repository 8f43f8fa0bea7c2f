import type { Browser, BrowserContext } from "puppeteer-core";
import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import { LoginError } from "../tokens/login_error.ts";
import { untilAborted } from "../tokens/shared_flight.ts";
import { inTime, type LoginBrowser, VIEWPORT } from "./local_browser.ts";

interface RemoteBrowser {
  /** ws:// or wss:// of the browser's debugging, or http:// where it tells that address itself. May hold a secret. */
  readonly url: string;
  readonly clock: Clock;
}

/**
 * A page in a browser that runs elsewhere, in a context of its own: whoever else uses that browser is not touched, and
 * nothing of the login stays there. Throws a LoginError, or the signal's reason.
 */
export async function connectBrowser(
  options: RemoteBrowser,
  signal: AbortSignal,
): Promise<LoginBrowser> {
  const { url, clock } = options;
  let browser: Browser | null = null;
  let context: BrowserContext | null = null;
  let closing: Promise<void> | null = null;
  const close = () => closing ??= leave(browser, context, clock);
  try {
    browser = await connect(url, signal);
    let isGone = false;
    browser.on("disconnected", () => isGone = true);
    context = await untilAborted(browser.createBrowserContext(), signal);
    const page = await untilAborted(context.newPage(), signal);
    await untilAborted(page.setViewport(VIEWPORT), signal);
    return { page, isGone: () => isGone, close };
  } catch (error) {
    await close();
    signal.throwIfAborted();
    throw new LoginError(
      "browserFailed",
      `Cannot use the browser at ${publicPart(url)}, which BrowserURL names: ${faultOf(error)}`,
      "Check that it runs and that its address is right",
    );
  }
}

async function connect(url: string, signal: AbortSignal): Promise<Browser> {
  const { connect } = await import("puppeteer-core");
  const target = /^https?:/i.test(url) ? { browserURL: url } : { browserWSEndpoint: url };
  const connecting = connect({ ...target, defaultViewport: VIEWPORT });
  try {
    return await untilAborted(connecting, signal);
  } catch (error) {
    // One that answers after all must not be left open.
    connecting.then((late) => late.disconnect()).catch(() => {});
    throw error;
  }
}

async function leave(
  browser: Browser | null,
  context: BrowserContext | null,
  clock: Clock,
): Promise<void> {
  if (context !== null) await inTime(context.close(), clock);
  if (browser !== null) await inTime(browser.disconnect(), clock);
}

/** Scheme, host and path: browser services take their key in the rest of the address. */
function publicPart(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? "an unreadable address" : `${parsed.protocol}//${parsed.host}`;
}

/** A failed WebSocket rejects with an event, not with an error. */
function faultOf(thrown: unknown): string {
  const isEvent = typeof thrown === "object" && thrown !== null && !(thrown instanceof Error) &&
    "message" in thrown && typeof thrown.message === "string";
  const text = isEvent ? String(thrown.message) : describeError(thrown);
  return text.replace(/\b(wss?|https?):\/\/[^\s)]+/gi, publicPart).slice(0, 300) ||
    "it does not answer";
}
