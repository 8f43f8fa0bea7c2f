import { withDeadline } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { LinkEnd, Receipt } from "../../relay/port/bridge.ts";

/** What became of a post, and the end of the connection if it shows that one is due. */
interface Posted {
  readonly receipt: Receipt;
  readonly end: LinkEnd | null;
}

const LIMIT_MS = 20_000;
/** The ring's messages, with the content of attached files in them. */
const MOST_BYTES = 64 * 1024 * 1024;
const REFUSED_AGAIN_MS = 5 * 60_000;

/** HTTP with one Matterbridge. `close` ends its connections. */
export class MatterbridgeHttp {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #clock: Clock;
  readonly #client = Deno.createHttpClient({ poolMaxIdlePerHost: 1 });

  constructor(url: string, headers: Readonly<Record<string, string>>, clock: Clock) {
    this.#url = url;
    this.#headers = headers;
    this.#clock = clock;
  }

  close(): void {
    this.#client.close();
  }

  /** Posts a message. Never rejects. */
  async post(body: string, signal: AbortSignal): Promise<Posted> {
    const headers = { "content-type": "application/json" };
    const init = { method: "POST", headers, body };
    const answer = await this.#ask("post a message", "/api/message", init, signal)
      .catch(describeError);
    if (typeof answer === "string") {
      const outcome = isUnconnected(answer) ? "unsent" : "unknown";
      return { receipt: { outcome, reason: answer }, end: { kind: "lost", reason: answer } };
    }
    const { status, text, retryAfter } = answer;
    if (status === 200) return { receipt: { outcome: "confirmed", id: null }, end: null };
    const reason = `Matterbridge answered a message with HTTP ${status}${detail(text)}`;
    if ([400, 413, 415, 422].includes(status)) {
      return { receipt: { outcome: "rejected", reason }, end: null };
    }
    const outcome = status < 500 || status === 502 || status === 503 ? "unsent" : "unknown";
    return { receipt: { outcome, reason }, end: endOfStatus(status, retryAfter, reason) };
  }

  /** Takes what the ring holds. Rejects if it cannot be read; `onLost`: it may have been emptied all the same. */
  async messages(signal: AbortSignal, onLost: () => void): Promise<unknown> {
    const action = "read what was said meanwhile";
    const { status, text } = await this.#ask(action, "/api/messages", {}, signal)
      .catch((thrown) => {
        if (!isUnconnected(describeError(thrown))) onLost();
        throw thrown;
      });
    if (status === 200) return JSON.parse(text);
    throw new Error(`Cannot ${action}: Matterbridge answered with HTTP ${status}${detail(text)}`);
  }

  #ask(action: string, path: string, init: RequestInit, signal: AbortSignal): Promise<Answer> {
    const limits = { clock: this.#clock, signal, limitMs: LIMIT_MS, action };
    return withDeadline(limits, async (inner) => {
      const response = await fetch(`${this.#url}${path}`, {
        ...init,
        headers: { ...this.#headers, ...init.headers },
        redirect: "manual",
        signal: inner,
        client: this.#client,
      });
      const { status, headers } = response;
      return { status, text: await boundedText(response), retryAfter: headers.get("retry-after") };
    });
  }
}

/** What could not even connect has not left. */
function isUnconnected(reason: string): boolean {
  return /\(Connect\)/.test(reason);
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | null;
}

async function boundedText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`more than ${MOST_BYTES} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function detail(body: string): string {
  const line = body.replace(/\s+/g, " ").trim().slice(0, 200);
  return line === "" ? "" : `: ${line}`;
}

/** What a status other than success says of the connection. */
export function endOfStatus(status: number, retryAfter: string | null, reason: string): LinkEnd {
  switch (status) {
    case 400:
    case 401:
    case 403:
      return {
        kind: "refused",
        reason: `${reason}. Set Token to the Token of its [api.NAME]`,
        retryAfterMs: REFUSED_AGAIN_MS,
      };
    case 404:
    case 405:
      return {
        kind: "refused",
        reason: `${reason}. Set URL to the BindAddress of its [api.NAME], without a path`,
        retryAfterMs: REFUSED_AGAIN_MS,
      };
    case 429: {
      const seconds = Number(retryAfter ?? NaN);
      const retryAfterMs = seconds > 0 ? Math.min(seconds, 3_600) * 1_000 : 10_000;
      return { kind: "throttled", reason, retryAfterMs };
    }
    default:
      return { kind: "lost", reason };
  }
}
