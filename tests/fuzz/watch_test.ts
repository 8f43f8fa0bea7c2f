import assert from "node:assert/strict";
import { Watch } from "./watch.ts";

const FINDINGS: readonly (readonly [line: string, finding: RegExp | null])[] = [
  ["PRIVMSG #films :<alice> JOIN #canary", null],
  ["@label=1 PRIVMSG #films :QUIT :canary", null],
  ["TOPIC #films :canary", null],
  ["PONG :canary s3cret-pass", null],
  ["PASS s3cret-pass", null],
  ["PART #other", null],
  ["PRIVMSG #canary :free", /injected PRIVMSG/],
  ["JOIN #canary", /injected JOIN/],
  ["QUIT :canary", /injected QUIT/],
  ["NICK Canary", /injected NICK/],
  ["OPER x y", /unknown command OPER/],
  ["hello", /unknown command hello/],
  ["PRIVMSG #films :a\rJOIN #b", /line break/],
  ["PRIVMSG #films :the password is s3cret-pass", /secret said in IRC/],
];

for (const [line, finding] of FINDINGS) {
  Deno.test(`Watch ${finding === null ? "passes" : "finds"} ${JSON.stringify(line)}`, () => {
    using watch = new Watch(["s3cret-pass"]);
    watch.ircLine({ nick: "relay", line });
    if (finding === null) assert.deepEqual(watch.findings, []);
    else assert.match(watch.findings.join("\n"), finding);
  });
}

Deno.test("Watch finds secrets and unexpected faults in the log", () => {
  using watch = new Watch(["s3cret-pass"]);
  watch.logLine('{"msg":"all is well"}');
  assert.deepEqual(watch.findings, []);
  watch.logLine('{"msg":"Cannot log in with s3cret-pass"}');
  watch.logLine('{"msg":"internal error, please report it: x is not a function"}');
  assert.equal(watch.findings.length, 2);
});

Deno.test("Watch finds a rejection that nobody handles", async () => {
  using watch = new Watch([]);
  const told = new Promise((resolve) =>
    globalThis.addEventListener("unhandledrejection", resolve, { once: true })
  );
  Promise.reject(new Error("forgotten"));
  await told;
  assert.match(watch.findings.join("\n"), /unhandled rejection: Error: forgotten/);
});
