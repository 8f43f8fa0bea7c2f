import type { ServerResponse } from "node:http";
import type { KosmiCore } from "./core.ts";
import { replyJson } from "./http_tools.ts";

/**
 * What the login form posts to. Answers {token} · {challenge} when the service wants more than the password · 401 with the
 * text that the page shows.
 */
export function answerLogin(
  core: KosmiCore,
  body: Readonly<Record<string, unknown>>,
  response: ServerResponse,
): void {
  const user = core.users.byEmail(String(body["email"] ?? ""));
  if (user === null || user.password === null || user.password !== body["password"]) {
    core.counters.failedLogins += 1;
    core.waiting.changed();
    return replyJson(response, 401, { error: core.variants.login.wrongPasswordText });
  }
  const { challenge } = core.variants.login;
  if (challenge === "second-factor" && body["code"] !== undefined) {
    return replyJson(response, 401, { error: "This code is not valid" });
  }
  if (challenge !== "none") return replyJson(response, 200, { challenge });
  core.counters.logins += 1;
  core.waiting.changed();
  replyJson(response, 200, { token: core.users.issueToken(user), name: user.displayName });
}
