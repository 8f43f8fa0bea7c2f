import { withDeadline } from "../../../base/abort.ts";
import type { Clock } from "../../../base/clock.ts";
import { describeError } from "../../../base/errors.ts";
import { property } from "../../../base/json.ts";
import type { KosmiProtocol } from "../protocol/protocol.ts";
import { INTROSPECTION, readSchema, type Schema } from "../protocol/schema.ts";
import type { KosmiEndpoints } from "./options.ts";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Kosmi over HTTP answered with another status than 2xx. */
export class HttpStatusError extends Error {
  override readonly name = "HttpStatusError";
  /** `said`: what the answer's body says of it, "" where it says nothing that can be read. */
  constructor(action: string, readonly status: number, said = "") {
    const words = said === "" ? "" : ` (${said})`;
    super(`Cannot ${action}: Kosmi answered with HTTP ${status}${words}${hintOf(status)}`);
  }
}

function hintOf(status: number): string {
  if (status === 403) {
    return "; it does not accept the Origin or the User-Agent, or blocks this address (no token is involved)";
  }
  if (status === 404 || status === 405) return "; check the endpoint in the configuration";
  return status === 429 ? "; too many requests" : "";
}

interface HttpContext {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly limitMs: number;
  /** What is being done, for errors: "log in anonymously". */
  readonly action: string;
}

/** Everything that Kosmi answers over HTTP is far shorter: the longest is its schema. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Posts and reads the JSON of the answer. Rejects with an HttpStatusError, a DeadlineError or an Error that says why. */
export async function postForJson(
  url: string,
  init: RequestInit,
  context: HttpContext,
  signal: AbortSignal,
): Promise<unknown> {
  const { clock, limitMs, action } = context;
  return await withDeadline({ clock, signal, limitMs, action }, async (inner) => {
    const response = await context.fetch(url, {
      ...init,
      method: "POST",
      redirect: "manual",
      signal: inner,
    }).catch((thrown) => {
      inner.throwIfAborted();
      throw new Error(`Cannot ${action}: ${describeError(thrown)}`, { cause: thrown });
    });
    const text = await readBounded(response, action);
    if (!response.ok) throw new HttpStatusError(action, response.status, saidIn(text));
    try {
      return JSON.parse(text);
    } catch {
      throw new Error(`Cannot ${action}: Kosmi's answer is not JSON; check the endpoint`);
    }
  });
}

/** The error that a JSON answer tells: {"error": "Nudity not allowed"}. */
function saidIn(text: string): string {
  try {
    const said = property(JSON.parse(text), "error");
    return typeof said === "string" ? said.replace(/\s+/g, " ").slice(0, 100) : "";
  } catch {
    return "";
  }
}

async function readBounded(response: Response, action: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`Cannot ${action}: Kosmi's answer is too long`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** The headers of a browser on Kosmi's own page. */
export function browserHeaders(origin: string, protocol: KosmiProtocol): Record<string, string> {
  return { Origin: origin, Referer: `${origin}/`, "User-Agent": protocol.userAgent };
}

/** Origins that may be accepted: that of Kosmi's own app first, then the address of the configured app. */
export function originsOf(
  protocol: KosmiProtocol,
  endpoints: Pick<KosmiEndpoints, "appUrl">,
): readonly string[] {
  const origins = [protocol.origin];
  try {
    origins.push(new URL(endpoints.appUrl).origin);
  } catch {
    // An AppURL that is no address is reported with the configuration; here it is only of no use.
  }
  return [...new Set(origins.filter((origin) => origin !== "" && origin !== "null"))];
}

/** Tries each origin in turn while the answer is 403. */
export async function withOrigins<T>(
  origins: readonly string[],
  attempt: (origin: string) => Promise<T>,
): Promise<T> {
  let refused: unknown = new Error("Cannot ask Kosmi: there is no Origin to send");
  for (const origin of origins) {
    try {
      return await attempt(origin);
    } catch (thrown) {
      if (!(thrown instanceof HttpStatusError) || thrown.status !== 403) throw thrown;
      refused = thrown;
    }
  }
  throw refused;
}

export interface GraphqlContext extends HttpContext {
  readonly protocol: KosmiProtocol;
  readonly endpoints: Pick<KosmiEndpoints, "appUrl" | "httpEndpoint">;
}

/** One GraphQL request over HTTP, without a token; resolves with the JSON of the answer. Rejects as postForJson does. */
export function postGraphql(
  context: GraphqlContext,
  body: { readonly query: string; readonly variables?: Readonly<Record<string, unknown>> },
  signal: AbortSignal,
): Promise<unknown> {
  const { protocol, endpoints } = context;
  return withOrigins(originsOf(protocol, endpoints), (origin) => {
    const headers = {
      ...browserHeaders(origin, protocol),
      "Content-Type": "application/json",
      Accept: "application/json",
    };
    const text = JSON.stringify({ variables: {}, ...body });
    return postForJson(endpoints.httpEndpoint, { headers, body: text }, context, signal);
  });
}

/** What the endpoint shows of the schema, often only a part; null where it shows none. Rejects as postForJson does. */
export async function schemaOverHttp(
  context: GraphqlContext,
  signal: AbortSignal,
): Promise<Schema | null> {
  return readSchema(property(await postGraphql(context, { query: INTROSPECTION }, signal), "data"));
}
