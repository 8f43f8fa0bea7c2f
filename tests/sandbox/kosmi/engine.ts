import type { IncomingMessage, ServerResponse } from "node:http";
import type { KosmiCore } from "./core.ts";
import { type OperationResult, runOperation } from "./documents.ts";
import { isRecord, recordOperation } from "./frames.ts";
import { notFromTheApp, readBody, reply, replyJson } from "./http_tools.ts";
import { rootFields } from "./resolvers.ts";

/** GraphQL over HTTP: in the browser only the anonymous login goes this way. */
export async function answerEngine(
  core: KosmiCore,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  if (core.variants.checkOrigin) {
    const stranger = notFromTheApp(request, { referer: true, userAgent: true });
    if (stranger !== null) return reply(response, 403, "Forbidden");
  }
  if (request.method !== "POST") return reply(response, 400, "No query document supplied");
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? "")) {
    return reply(response, 415, "Unsupported Media Type");
  }
  let given: unknown;
  try {
    given = JSON.parse(body.toString());
  } catch {
    return reply(response, 400, "Bad Request");
  }
  const query = isRecord(given) ? given["query"] : null;
  if (typeof query !== "string") return reply(response, 400, "No query document supplied");
  const variables = isRecord(given) && isRecord(given["variables"]) ? given["variables"] : {};
  replyJson(response, 200, run(core, query, variables));
}

function run(core: KosmiCore, query: string, variables: Record<string, unknown>): OperationResult {
  const compiled = core.documents.http.compile(query);
  recordOperation(core, null, compiled, query, variables);
  if (compiled.kind === "invalid") return { errors: compiled.errors };
  if (compiled.kind === "subscription") {
    return { errors: [{ message: "Subscriptions not supported over HTTP" }] };
  }
  return runOperation(compiled, variables, rootFields(core), { session: null, afterReply: [] });
}
