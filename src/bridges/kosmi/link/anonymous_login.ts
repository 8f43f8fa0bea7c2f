import type { Clock } from "../../../base/clock.ts";
import { NeedsPersonError } from "../../../base/errors.ts";
import { describeErrors, property, readErrors } from "../protocol/graphql_error.ts";
import type { KosmiProtocol } from "../protocol/protocol.ts";
import {
  browserHeaders,
  type Fetch,
  type HttpContext,
  HttpStatusError,
  originsOf,
  postForJson,
  withOrigins,
} from "./http.ts";
import type { KosmiEndpoints } from "./options.ts";

interface AnonLoginOptions {
  readonly endpoints: Pick<KosmiEndpoints, "appUrl" | "httpEndpoint">;
  readonly protocol: KosmiProtocol;
  readonly clock: Clock;
  readonly fetch?: Fetch;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 15_000;
const PERSON_RETRY_MS = 5 * 60_000;
const ACTION = "log in anonymously";

/**
 * A new anonymous token. Rejects with a NeedsPersonError where the endpoint or the browser headers are not accepted,
 * with another Error for what passes, and with the signal's reason on abort.
 */
export async function anonLogin(options: AnonLoginOptions, signal: AbortSignal): Promise<string> {
  const { anonLogin: documents } = options.protocol;
  try {
    return await ask(options, documents.document, signal) ??
      await ask(options, documents.fallbackDocument, signal) ?? noToken();
  } catch (thrown) {
    if (thrown instanceof HttpStatusError && isForPerson(thrown.status)) {
      throw new NeedsPersonError(thrown.message, PERSON_RETRY_MS, { cause: thrown });
    }
    throw thrown;
  }
}

function isForPerson(status: number): boolean {
  return status >= 300 && status < 500 && status !== 408 && status !== 429;
}

/** The token, or null when the document does not suit this server. */
async function ask(
  options: AnonLoginOptions,
  document: string,
  signal: AbortSignal,
): Promise<string | null> {
  const { protocol, endpoints } = options;
  const context: HttpContext = {
    fetch: options.fetch ?? fetch,
    clock: options.clock,
    limitMs: options.timeoutMs ?? TIMEOUT_MS,
    action: ACTION,
  };
  const answer = await withOrigins(
    originsOf(protocol, endpoints),
    (origin) => {
      const headers = {
        ...browserHeaders(origin, protocol),
        "Content-Type": "application/json",
        Accept: "application/json",
      };
      const body = JSON.stringify({ query: document, variables: {} });
      return postForJson(endpoints.httpEndpoint, { headers, body }, context, signal);
    },
  );
  const login = property(property(answer, "data"), "anonLogin");
  const token = typeof login === "string" ? login : property(login, "token");
  if (typeof token === "string" && token !== "") return token;
  const errors = readErrors(property(answer, "errors"));
  const isLast = document === protocol.anonLogin.fallbackDocument;
  if (errors.length > 0 && isLast) throw new Error(`Cannot ${ACTION}: ${describeErrors(errors)}`);
  return null;
}

function noToken(): never {
  throw new Error(`Cannot ${ACTION}: Kosmi's answer holds no token`);
}
