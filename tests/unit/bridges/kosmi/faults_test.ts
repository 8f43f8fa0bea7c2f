import assert from "node:assert/strict";
import { NeedsPersonError } from "../../../../src/base/errors.ts";
import type { CredentialSource } from "../../../../src/bridges/kosmi/link/options.ts";
import { KOSMI_PROTOCOL } from "../../../../src/bridges/kosmi/protocol/operations.ts";
import { type Junk, startKosmi, type VariantChange } from "../../../sandbox/kosmi/mod.ts";
import { until } from "../../../support/wait.ts";
import { FixedCredentials, protocolWith, runBridge, send } from "./support.ts";

Deno.test("runOnce() ends as refused when the token is refused, and says which", async () => {
  await using kosmi = await startKosmi();
  const bad = kosmi.issueToken();
  kosmi.revokeToken(bad);
  const credentials = new FixedCredentials([bad]);
  await using running = runBridge({ kosmi, credentials });
  const end = await running.ended;
  assert.equal(end.kind, "refused");
  assert.match(end.reason, /refused the token/);
  assert.equal(end.retryAfterMs, 15 * 60_000);
  assert.deepEqual(credentials.refusals, [bad]);
  assert.ok(!JSON.stringify([running.log.records, end]).includes(bad), "the token is in no text");
});

Deno.test("runOnce() asks for another token at once when one is refused", async () => {
  await using kosmi = await startKosmi();
  const bad = kosmi.issueToken();
  kosmi.revokeToken(bad);
  const credentials = new FixedCredentials([bad, kosmi.issueToken()]);
  await using running = runBridge({ kosmi, credentials });
  await running.host.waitUp();
  assert.deepEqual(credentials.refusals, [bad]);
  assert.equal(kosmi.counters.upgrades, 2);
});

const ENDS: readonly [string, VariantChange, { kind: string; reason: RegExp }][] = [
  ["a silent connection_init", { init: "silence" }, {
    kind: "lost",
    reason: /did not acknowledge/,
  }],
  ["a refused connection_init", { init: "refuse" }, { kind: "refused", reason: /token/ }],
  ["HTTP 403 on the handshake", { upgrade: { status: 403 } }, {
    kind: "refused",
    reason: /403.*Origin.*subprotocol.*token plays no part/,
  }],
  ["HTTP 404 on the handshake", { upgrade: { status: 404 } }, {
    kind: "refused",
    reason: /404.*WSEndpoint/,
  }],
  ["HTTP 429 on the handshake", { upgrade: { status: 429 } }, {
    kind: "throttled",
    reason: /429/,
  }],
  ["HTTP 502 on the handshake", { upgrade: { status: 502, html: true } }, {
    kind: "lost",
    reason: /502/,
  }],
  ["a handshake that is never answered", { upgrade: { hang: true } }, {
    kind: "lost",
    reason: /Cannot reach Kosmi/,
  }],
];

for (const [name, variants, expected] of ENDS) {
  Deno.test(`runOnce() tells ${name}`, async () => {
    await using kosmi = await startKosmi({ variants });
    const protocol = protocolWith({ handshakeTimeoutMs: 300 });
    await using running = runBridge({ kosmi, options: { protocol } });
    const end = await running.ended;
    assert.equal(end.kind, expected.kind, end.reason);
    assert.match(end.reason, expected.reason);
    assert.deepEqual(running.host.ups, []);
  });
}

Deno.test("runOnce() ends as lost when nobody listens", async () => {
  const kosmi = await startKosmi();
  await kosmi.stop();
  await using running = runBridge({ kosmi });
  const end = await running.ended;
  assert.equal(end.kind, "lost");
  assert.match(end.reason, /refused/i);
});

Deno.test("runOnce() tells a wrong Origin from a wrong token, and tries the app's own", async () => {
  await using kosmi = await startKosmi();
  const protocol = protocolWith({}, { origin: "https://elsewhere.example" });
  await using running = runBridge({ kosmi, options: { protocol } });
  await Promise.race([running.ended, running.host.waitUp()]);
  assert.ok(kosmi.counters.refusedUpgrades >= 1);
});

Deno.test("runOnce() takes the end of a NeedsPersonError from the credentials", async () => {
  await using kosmi = await startKosmi();
  const credentials: CredentialSource = {
    get: () => Promise.reject(new NeedsPersonError("Cannot log in: wrong password", 900_000)),
    refused: () => {},
  };
  await using running = runBridge({ kosmi, credentials });
  const end = await running.ended;
  assert.equal(end.kind, "refused");
  assert.match(end.reason, /wrong password/);
  assert.equal(end.retryAfterMs, 900_000);
});

Deno.test("runOnce() takes any other error of the credentials as lost", async () => {
  await using kosmi = await startKosmi();
  const credentials: CredentialSource = {
    get: () => Promise.reject(new Error("no network")),
    refused: () => {},
  };
  await using running = runBridge({ kosmi, credentials });
  assert.deepEqual(await running.ended, {
    kind: "lost",
    reason: "Cannot get a token for Kosmi: no network",
  });
});

for (const code of [1000, 1001, 1006, 1011, 1012, 4400]) {
  Deno.test(`runOnce() ends as lost when Kosmi closes with ${code}`, async () => {
    await using kosmi = await startKosmi();
    await using running = runBridge({ kosmi });
    await running.host.waitUp();
    kosmi.dropConnections(code === 1006 ? {} : { code, reason: "bye" });
    const end = await running.ended;
    assert.equal(end.kind, "lost");
    assert.match(end.reason, code === 1006 ? /broke/ : new RegExp(`${code} \\(bye\\)`));
    await kosmi.waitUntil(() => kosmi.connections().length === 0);
    assert.equal(kosmi.counters.upgrades, 1, "graphql-ws must not dial by itself");
  });
}

const HARMLESS: readonly Junk[] = [
  "unknown-type",
  "unknown-id",
  "malformed-json",
  "truncated-json",
  "not-an-object",
  "no-type",
  "null-payload",
  "wrong-types",
  "json-ping",
  "binary",
];

for (const kind of HARMLESS) {
  Deno.test(`KosmiBridge survives ${kind} and says it once`, async () => {
    await using kosmi = await startKosmi();
    await using running = runBridge({ kosmi });
    await running.host.waitUp();
    for (let count = 0; count < 3; count++) kosmi.sendJunk(kind);
    kosmi.sendRaw("\uFFFD\u0000");
    kosmi.say("@movienight", { name: "alice" }, "after");
    await running.host.waitFor(() => running.host.texts().includes("after"), "after");
    const lines = running.log.texts("warn").filter((text) => /left out/.test(text));
    assert.ok(lines.length <= 2, lines.join("\n"));
    assert.equal(new Set(lines).size, lines.length);
    assert.equal(kosmi.connections().length, 1);
  });
}

Deno.test("runOnce() ends with one clear reason after a frame of 10 MB", async () => {
  await using kosmi = await startKosmi();
  await using running = runBridge({ kosmi });
  await running.host.waitUp();
  kosmi.sendJunk("ten-megabytes");
  const end = await running.ended;
  assert.deepEqual(end, {
    kind: "lost",
    reason: `Kosmi sent a frame of more than ${KOSMI_PROTOCOL.limits.frameBytes} bytes`,
  });
});

Deno.test("KosmiBridge reads damaged UTF-8 with replacement characters", async () => {
  await using kosmi = await startKosmi();
  await using running = runBridge({ kosmi });
  await running.host.waitUp();
  kosmi.say("@movienight", { name: "ali\ud83dce" }, "half \udc00 a pair");
  kosmi.say("@movienight", { name: "bob" }, "after");
  await running.host.waitFor(() => running.host.texts().includes("after"), "after");
  assert.equal(kosmi.connections().length, 1);
  for (const text of running.host.texts()) assert.ok(text.isWellFormed());
});

Deno.test("runOnce() ends when Kosmi goes silent, and measures round trips before", async () => {
  await using kosmi = await startKosmi({ keepaliveMs: 60 });
  const protocol = protocolWith({ probeEveryMs: 40, silenceMs: 200 });
  await using running = runBridge({ kosmi, options: { protocol } });
  await running.host.waitFor(() => running.host.latencies.length >= 3, "three round trips");
  kosmi.setVariant({ silent: true });
  const end = await running.ended;
  assert.equal(end.kind, "lost");
  assert.match(end.reason, /said nothing/);
});

Deno.test("a room that does not exist is told for a person, and the other rooms go on", async () => {
  await using kosmi = await startKosmi();
  await using running = runBridge({ kosmi, rooms: ["movienight", "@movienight", "956fp3"] });
  await running.host.waitUp(2);
  await running.host.waitFor(() => running.host.downs.length === 1, "one channelDown");
  const [down] = running.host.downs;
  assert.equal(down?.channel, "movienight");
  assert.equal(down?.why.mend, "person");
  assert.match(down?.why.reason ?? "", /no room "movienight".*@/);
  assert.deepEqual(running.host.ups.map((up) => up.channel).sort(), ["956fp3", "@movienight"]);
  assert.equal(kosmi.connections().length, 1, "all rooms on one socket");
});

Deno.test("a private room is told for a person when we are anonymous", async () => {
  await using kosmi = await startKosmi();
  const credentials = new FixedCredentials([kosmi.issueToken({ anonymous: true })], false);
  await using running = runBridge({ kosmi, rooms: ["@backstage"], credentials });
  await running.host.waitFor(() => running.host.downs.length > 0, "channelDown");
  assert.equal(running.host.downs[0]?.why.mend, "person");
});

Deno.test("an anonymous currentUser although a login is configured is warned of once", async () => {
  await using kosmi = await startKosmi({ variants: { loggedInShowsAnonymous: true } });
  await using running = runBridge({ kosmi });
  await running.host.waitUp();
  const warnings = running.log.texts("warn").filter((text) => /anonymous user/.test(text));
  assert.equal(warnings.length, 1);
});

Deno.test("a send that Kosmi confirms but does not show is unknown, and the room is entered anew", async () => {
  await using kosmi = await startKosmi({ variants: { lostSends: "all" } });
  await using running = runBridge({ kosmi });
  await running.host.waitUp();
  const [receipt] = await send(running, "lost");
  assert.equal(receipt?.outcome, "unknown");
  await running.host.waitUp(2);
  assert.equal(kosmi.counters.joins, 2);
});

Deno.test("a message that is too long for Kosmi is rejected", async () => {
  const maxLength = { characters: 10, message: "body is too long", how: "error" } as const;
  await using kosmi = await startKosmi({ variants: { maxLength } });
  await using running = runBridge({ kosmi });
  await running.host.waitUp();
  const [[long], [short]] = await Promise.all([
    send(running, "much longer than that"),
    send(running, "short"),
  ]);
  assert.equal(long?.outcome, "rejected");
  assert.equal(short?.outcome, "confirmed");
});

Deno.test("texts that Kosmi cuts are confirmed all the same", async () => {
  const maxLength = { characters: 10, message: "", how: "cut" } as const;
  await using kosmi = await startKosmi({ variants: { maxLength } });
  await using running = runBridge({ kosmi, options: { messageDelayMs: 1 } });
  await running.host.waitUp();
  const [receipt] = await send(running, "much longer than that");
  assert.equal(receipt?.outcome, "confirmed");
});

for (const how of ["error", "not-ok"] as const) {
  Deno.test(`a rate limit (${how}) delays messages and keeps their order`, async () => {
    const rateLimit = { count: 3, perMs: 500, message: "Rate limit exceeded", how };
    await using kosmi = await startKosmi({ variants: { rateLimit } });
    await using running = runBridge({ kosmi, options: { messageDelayMs: 1, burst: 100 } });
    await running.host.waitUp();
    const texts = Array.from({ length: 6 }, (_, index) => `line ${index}`);
    const receipts = await Promise.all(texts.map((text) => send(running, text)));
    assert.deepEqual(receipts.flat().map((each) => each.outcome), texts.map(() => "confirmed"));
    assert.deepEqual(kosmi.messages("@movienight").map((each) => each.text), texts);
  });
}

Deno.test("many sends under way stay in order without a limit", async () => {
  await using kosmi = await startKosmi({ variants: { introspection: "off", idArguments: "ID" } });
  await using running = runBridge({ kosmi });
  await running.host.waitUp();
  const texts = Array.from({ length: 300 }, (_, index) => `line ${index % 50}`);
  const receipts = await Promise.all(texts.map((text) => send(running, text)));
  assert.ok(receipts.flat().every((each) => each.outcome === "confirmed"));
  assert.deepEqual(kosmi.messages("@movienight").map((each) => each.text), texts);
  const ids = receipts.flat().map((each) => each.outcome === "confirmed" ? each.id : null);
  assert.deepEqual(ids, kosmi.messages("@movienight").map((each) => each.id));
});

Deno.test("every open call resolves when the link ends", async () => {
  await using kosmi = await startKosmi({ variants: { lostSends: "all" } });
  const protocol = protocolWith({ seenTimeoutMs: 60_000 });
  await using running = runBridge({ kosmi, options: { protocol, messageDelayMs: 1 } });
  await running.host.waitUp();
  const open = Promise.all([send(running, "left"), send(running, "waits")]);
  await until(() => kosmi.counters.sends === 1, "one send");
  kosmi.dropConnections();
  const [[left], [waits]] = await open;
  assert.equal(left?.outcome, "unknown");
  assert.equal(waits?.outcome, "unsent");
});

Deno.test("aborting gives up only what has not left", async () => {
  await using kosmi = await startKosmi({ variants: { shuffle: { seed: 1, maxDelayMs: 50 } } });
  await using running = runBridge({ kosmi, options: { messageDelayMs: 60_000, burst: 1 } });
  await running.host.waitUp();
  const stopper = new AbortController();
  const channel = running.bridge.channelId("@movienight");
  const part = (text: string) =>
    running.bridge.render(channel, {
      kind: "message",
      prefix: [],
      text: [{ text, style: {} }],
      action: false,
      replyTo: null,
      sender: null,
    })[0] ?? assert.fail();
  const first = running.bridge.transmit(channel, part("first"), stopper.signal);
  const second = running.bridge.transmit(channel, part("second"), stopper.signal);
  await until(() => kosmi.counters.sends === 1, "one send");
  stopper.abort();
  assert.equal((await second).outcome, "unsent");
  assert.equal((await first).outcome, "confirmed");
});

Deno.test("transmit() is unsent without a connection", async () => {
  await using kosmi = await startKosmi();
  const running = runBridge({ kosmi });
  await running.host.waitUp();
  await running.stop();
  const [receipt] = await send(running, "too late");
  assert.equal(receipt?.outcome, "unsent");
});

Deno.test("runOnce() leaves the room and closes with 1000 when it is stopped", async () => {
  await using kosmi = await startKosmi();
  const running = runBridge({ kosmi });
  await running.host.waitUp();
  const startedMs = performance.now();
  const end = await running.stop();
  assert.equal(end.kind, "stopped");
  assert.ok(performance.now() - startedMs < 5_000);
  const left = kosmi.log().some((entry) =>
    entry.kind === "operation" && entry.fields.includes("roomDisconnect")
  );
  assert.ok(left, "roomDisconnect was sent");
});

for (
  const [when, variants] of [
    ["the handshake", { upgrade: { hang: true } }],
    ["the acknowledgement", { init: "silence" }],
    ["currentUser", { noReply: ["currentUser", "__schema"] }],
    ["joinRoom", { noReply: ["joinRoom"] }],
    ["the archive", { noReply: ["chatArchive"] }],
  ] as const
) {
  Deno.test(`runOnce() stops at once while it waits for ${when}`, async () => {
    await using kosmi = await startKosmi({ variants });
    const protocol = protocolWith({ ackTimeoutMs: 60_000, operationTimeoutMs: 60_000 });
    const running = runBridge({ kosmi, options: { protocol } });
    await until(() => kosmi.counters.upgrades === 1, "the dial");
    if (when === "the archive") {
      const asked = () =>
        kosmi.log().some((entry) =>
          entry.kind === "operation" && entry.fields.includes("chatArchive")
        );
      await until(asked, "the archive asked");
    }
    const startedMs = performance.now();
    assert.equal((await running.stop()).kind, "stopped");
    assert.ok(performance.now() - startedMs < 5_000);
  });
}

Deno.test("runOnce() stops at once while Kosmi is silent", async () => {
  await using kosmi = await startKosmi();
  const running = runBridge({ kosmi });
  await running.host.waitUp();
  kosmi.setVariant({ silent: true });
  const startedMs = performance.now();
  assert.equal((await running.stop()).kind, "stopped");
  assert.ok(performance.now() - startedMs < 5_000);
  kosmi.setVariant({ silent: false });
});
