import assert from "node:assert/strict";
import { FakeClock } from "../../../support/fake_clock.ts";
import { connectRaw } from "../../../support/raw_http.ts";
import { GATEWAY, RunningApi } from "./running_api.ts";

const TOKEN = "the-secret-of-this-api";
const PAGE = "https://page.example";
const hello = JSON.stringify({ text: "hello", username: "bob", gateway: GATEWAY });

/** What a browser sends. */
interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

async function ask(api: RunningApi, asked: Asked) {
  const { method = "GET", path = "/api/messages", headers = {}, body = "" } = asked;
  return await connectRaw(api.url, { method, path, headers, body });
}

Deno.test("api: without the token nobody reads, posts or learns how the relay is", async () => {
  await using api = new RunningApi({ token: TOKEN });
  const paths = ["health", "messages", "stream", "websocket", "message"];
  const wrong = ["", "Bearer", "Bearer x", `Bearer ${TOKEN}x`, `Basic ${TOKEN}`, TOKEN];
  for (const path of paths) {
    for (const authorization of wrong) {
      const { status, body } = await ask(api, {
        method: path === "message" ? "POST" : "GET",
        path: `/api/${path}?token=${TOKEN}`,
        headers: authorization === "" ? {} : { authorization },
      });
      assert.equal(status, 401, `${path} ${authorization}`);
      assert.ok(!body.includes(TOKEN));
    }
  }
  assert.equal((await ask(api, { headers: { authorization: `bearer ${TOKEN}` } })).status, 200);
  const log = JSON.stringify(api.log.records);
  assert.match(log, /wrong token/);
  assert.ok(!log.includes(TOKEN));
});

Deno.test("api: guessing a token is slow, and a flood of guesses holds up nobody", async () => {
  const clock = new FakeClock(Date.now());
  await using api = new RunningApi({ token: TOKEN, clock });
  const guesses = Array.from(
    { length: 30 },
    (_, index) => ask(api, { headers: { authorization: `Bearer ${index}` } }),
  );
  await clock.waitForSleeps(20);
  const right = await ask(api, { headers: { authorization: `Bearer ${TOKEN}` } });
  assert.equal(right.status, 200);
  await clock.advance(600);
  for (const { status } of await Promise.all(guesses)) assert.equal(status, 401);
});

Deno.test("api: pages of other sites can neither post nor take messages away", async () => {
  await using api = new RunningApi();
  void api.say("still there");
  const json = { "content-type": "application/json" };
  const asked: readonly Asked[] = [
    { headers: { origin: PAGE } },
    { headers: { origin: "null" } },
    { headers: { origin: "http://localhost:3000" } },
    { headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" } },
    { headers: { "sec-fetch-site": "same-site" } },
    { method: "OPTIONS", path: "/api/message", headers: { origin: PAGE } },
    { method: "POST", path: "/api/message", headers: { ...json, origin: PAGE }, body: hello },
    {
      method: "POST",
      path: "/api/message",
      headers: { "content-type": "text/plain", origin: PAGE },
      body: hello,
    },
    {
      path: "/api/websocket",
      headers: {
        ...{ origin: PAGE, upgrade: "websocket", connection: "Upgrade" },
        ...{ "sec-websocket-version": "13", "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" },
      },
    },
  ];
  for (const one of asked) {
    const { status, headers } = await ask(api, one);
    assert.equal(status, 403, JSON.stringify(one));
    assert.equal(headers.get("access-control-allow-origin"), null);
  }
  assert.deepEqual(api.host.events, []);
  const left: unknown[] = JSON.parse((await ask(api, {})).body);
  assert.equal(left.length, 1, "nothing was taken");
});

Deno.test("api: a page that gave itself this machine's address learns nothing", async () => {
  await using api = new RunningApi();
  for (
    const host of ["evil.example:4242", "127.0.0.1.evil.example", "localhost.evil.example"]
  ) {
    assert.equal((await ask(api, { headers: { host } })).status, 421, host);
  }
  for (const host of ["localhost:1", "127.0.0.1", "[::1]:99", "api.localhost"]) {
    assert.equal((await ask(api, { headers: { host } })).status, 200, host);
  }
});

Deno.test("api: with a token the relay may have any name", async () => {
  await using api = new RunningApi({ token: TOKEN });
  const headers = { host: "chat.example.org", authorization: `Bearer ${TOKEN}` };
  assert.equal((await ask(api, { headers })).status, 200);
});

Deno.test("api: a page that is allowed can ask, preflight included", async () => {
  await using api = new RunningApi({ token: TOKEN, allowOrigins: [PAGE] });
  const preflight = await ask(api, {
    method: "OPTIONS",
    path: "/api/message",
    headers: {
      origin: PAGE,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type",
    },
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-origin"), PAGE);
  assert.match(preflight.headers.get("access-control-allow-headers") ?? "", /authorization/);
  const headers = { origin: PAGE, authorization: `Bearer ${TOKEN}` };
  const list = await ask(api, { headers });
  assert.equal(list.status, 200);
  assert.equal(list.headers.get("access-control-allow-origin"), PAGE);
  const stream = await fetch(`${api.url}/api/stream`, { headers });
  assert.equal(stream.headers.get("access-control-allow-origin"), PAGE);
  await stream.body?.cancel();
  assert.equal((await ask(api, { headers: { origin: PAGE } })).status, 401, "still a token");
  assert.equal((await ask(api, { headers: { ...headers, origin: `${PAGE}.evil` } })).status, 403);
});

Deno.test("api: a client that posts too fast is told to wait", async () => {
  const clock = new FakeClock(Date.now());
  await using api = new RunningApi({ clock });
  const client = api.client();
  const statuses = new Map<number, number>();
  for (let index = 0; index < 1_010; index++) {
    const response = await client.fetch("/api/message", {
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: "x",
    });
    await response.body?.cancel();
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
  }
  assert.deepEqual(Object.fromEntries(statuses), { 415: 1_000, 429: 10 });
});

Deno.test("api: a post that never ends ends the connection", async () => {
  const clock = new FakeClock(Date.now());
  await using api = new RunningApi({ clock });
  const length = String(hello.length + 10);
  const answer = ask(api, {
    method: "POST",
    path: "/api/message",
    headers: { "content-type": "application/json", "content-length": length },
    body: hello,
  });
  // Both the sweep for what is too old and the limit of the body.
  await clock.waitForSleeps(2);
  await clock.advance(10_000);
  assert.equal((await answer).body, "");
  assert.deepEqual(api.host.events, []);
});

Deno.test("api: more readers than it serves are turned away", async () => {
  await using api = new RunningApi();
  const open: Response[] = [];
  for (let index = 0; index < 200; index++) open.push(await fetch(`${api.url}/api/stream`));
  const { status, headers } = await ask(api, { path: "/api/stream" });
  assert.equal(status, 503);
  assert.equal(headers.get("retry-after"), "30");
  for (const response of open) await response.body?.cancel();
});
