import { withDeadline } from "../../../base/abort.ts";
import type { Clock } from "../../../base/clock.ts";
import { describeError } from "../../../base/errors.ts";
import { browserHeaders, originsOf } from "../link/http.ts";
import type { KosmiEndpoints } from "../link/options.ts";
import { property } from "../protocol/graphql_error.ts";
import type { KosmiProtocol } from "../protocol/protocol.ts";

/** How Kosmi's HTTP endpoint answered the smallest question. */
export interface HttpFinding {
  /** Null when it answered like Kosmi. */
  readonly fault:
    | { readonly kind: "network"; readonly said: string }
    | { readonly kind: "status"; readonly status: number }
    | { readonly kind: "strange"; readonly said: string }
    | null;
  /** What its clock says (header Date, whole seconds) and ours at that moment; null where it did not tell. */
  readonly time: { readonly serverMs: number; readonly ourMs: number } | null;
}

interface HttpProbeOptions {
  readonly endpoints: Pick<KosmiEndpoints, "appUrl" | "httpEndpoint">;
  readonly protocol: KosmiProtocol;
  readonly clock: Clock;
  readonly limitMs: number;
}

const MOST_CHARACTERS = 100_000;

/** Asks the HTTP endpoint for its schema's name, with each Origin while it answers 403. Never rejects. */
export async function probeHttp(
  options: HttpProbeOptions,
  signal: AbortSignal,
): Promise<HttpFinding> {
  let finding: HttpFinding = { fault: { kind: "network", said: "no Origin to send" }, time: null };
  for (const origin of originsOf(options.protocol, options.endpoints)) {
    finding = await ask(origin, options, signal);
    if (finding.fault?.kind !== "status" || finding.fault.status !== 403) break;
  }
  return finding;
}

async function ask(
  origin: string,
  options: HttpProbeOptions,
  signal: AbortSignal,
): Promise<HttpFinding> {
  const { endpoints, protocol, clock, limitMs } = options;
  const deadline = { clock, signal, limitMs, action: "ask Kosmi over HTTP" };
  try {
    return await withDeadline(deadline, async (inner) => {
      const response = await fetch(endpoints.httpEndpoint, {
        method: "POST",
        redirect: "manual",
        signal: inner,
        headers: {
          ...browserHeaders(origin, protocol),
          "Content-Type": "application/json",
          Accept: "application/json",
        },
        body: JSON.stringify({ query: "{ __typename }", variables: {} }),
      });
      const time = timeOf(response, clock.now());
      const text = (await response.text()).slice(0, MOST_CHARACTERS);
      if (!response.ok) return { fault: { kind: "status", status: response.status }, time };
      return { fault: strangeness(text), time };
    });
  } catch (thrown) {
    return { fault: { kind: "network", said: describeError(thrown) }, time: null };
  }
}

/** Also an answer with errors is GraphQL's: not everybody may ask everything over HTTP. */
function strangeness(text: string): HttpFinding["fault"] {
  try {
    const answer: unknown = JSON.parse(text);
    const isGraphql = property(answer, "data") !== undefined ||
      property(answer, "errors") !== undefined;
    return isGraphql ? null : { kind: "strange", said: "JSON, but no answer of a GraphQL server" };
  } catch {
    const kind = /^\s*</.test(text) ? "a web page" : "something that is not JSON";
    return { kind: "strange", said: kind };
  }
}

/** The header counts whole seconds, cut: half a second more is the likeliest. */
function timeOf(response: Response, ourMs: number): HttpFinding["time"] {
  const serverMs = Date.parse(response.headers.get("date") ?? "");
  return Number.isNaN(serverMs) ? null : { serverMs: serverMs + 500, ourMs };
}
