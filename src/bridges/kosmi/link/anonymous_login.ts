import type { Clock } from "../../../base/clock.ts";
import { NeedsPersonError } from "../../../base/errors.ts";
import { property } from "../../../base/json.ts";
import { describeErrors, readErrors } from "../protocol/graphql_error.ts";
import { anonLoginSpec, KOSMI_PROTOCOL } from "../protocol/operations.ts";
import { type Plan, variablesOf, writeDocument } from "../protocol/plan.ts";
import type { KosmiProtocol } from "../protocol/protocol.ts";
import { fieldsOf, readShape } from "../protocol/decode.ts";
import { findShape } from "../protocol/roles.ts";
import { planFromSchema } from "../protocol/schema.ts";
import {
  type Fetch,
  type GraphqlContext,
  HttpStatusError,
  postGraphql,
  schemaOverHttp,
} from "./http.ts";
import type { KosmiEndpoints, WebAppKnowledge } from "./options.ts";

interface AnonLoginOptions {
  readonly endpoints: Pick<KosmiEndpoints, "appUrl" | "httpEndpoint">;
  readonly protocol: KosmiProtocol;
  /** Default: nothing is learned. */
  readonly app?: WebAppKnowledge;
  readonly clock: Clock;
  readonly fetch?: Fetch;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 15_000;
const PERSON_RETRY_MS = 5 * 60_000;
const ACTION = "log in anonymously";

/**
 * A new anonymous token: by the document that was learned of the web app, else by those that are built in, else by what the server's
 * schema or the app says now. Rejects with a NeedsPersonError where the endpoint or the browser headers are not accepted,
 * with another Error for what passes, and with the signal's reason on abort.
 */
export async function anonLogin(options: AnonLoginOptions, signal: AbortSignal): Promise<string> {
  const { document, fallbackDocument } = options.protocol.anonLogin;
  const { app } = options;
  try {
    await app?.opened();
    const isConfigured = document !== KOSMI_PROTOCOL.anonLogin.document;
    const learned = isConfigured ? null : await askAsLearned(options, signal);
    if (learned !== null) return learned;
    const first = await ask(options, { text: document }, signal);
    if ("token" in first) return first.token;
    const second = await ask(options, { text: fallbackDocument }, signal);
    if ("token" in second) return second.token;
    const asked = await askBySchema(options, signal);
    if (asked !== null) return asked;
    const anew = await app?.learn(signal) === true ? await askAsLearned(options, signal) : null;
    if (anew !== null) return anew;
    throw second.fault;
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

/** Null where nothing is learned, or the server does not take it (any more). */
async function askAsLearned(
  options: AnonLoginOptions,
  signal: AbortSignal,
): Promise<string | null> {
  const plan = options.app?.anonLogin ?? null;
  if (plan === null) return null;
  const answer = await ask(options, { text: plan.text ?? "", plan }, signal);
  if ("token" in answer) return answer.token;
  options.app?.forget("anonLogin");
  return null;
}

/** The mutation may bear another name: a schema, where it is shown, tells. */
async function askBySchema(options: AnonLoginOptions, signal: AbortSignal): Promise<string | null> {
  if (!options.protocol.introspection) return null;
  const schema = await schemaOverHttp(contextOf(options), signal);
  if (schema === null) return null;
  const { plan } = planFromSchema(options.protocol, anonLoginSpec(options.protocol), schema);
  if (plan === null) return null;
  const answer = await ask(options, { text: writeDocument(plan, {}).text, plan }, signal);
  return "token" in answer ? answer.token : null;
}

type Asked = { readonly token: string } | { readonly fault: Error };

/** The token, or why the document does not suit this server. */
async function ask(
  options: AnonLoginOptions,
  { text, plan }: { readonly text: string; readonly plan?: Plan },
  signal: AbortSignal,
): Promise<Asked> {
  const { protocol } = options;
  const variables = plan === undefined ? {} : variablesOf(plan, {});
  const answer = await postGraphql(contextOf(options), { query: text, variables }, signal);
  const data = property(answer, "data");
  const [first] = typeof data === "object" && data !== null ? Object.values(data) : [];
  const found = findShape(protocol, "login", plan?.fields ?? fieldsOf(first));
  const read = readShape(found, first);
  const token = typeof read === "string" ? read : property(read, "token");
  if (typeof token === "string" && token !== "") return { token };
  const errors = readErrors(property(answer, "errors"));
  const why = errors.length > 0 ? describeErrors(errors) : "Kosmi's answer holds no token";
  return { fault: new Error(`Cannot ${ACTION}: ${why}`) };
}

function contextOf(options: AnonLoginOptions): GraphqlContext {
  const { protocol, endpoints, clock } = options;
  const limitMs = options.timeoutMs ?? TIMEOUT_MS;
  return { protocol, endpoints, clock, fetch: options.fetch ?? fetch, limitMs, action: ACTION };
}
