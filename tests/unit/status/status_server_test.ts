import assert from "node:assert/strict";
import { isLive } from "../../../src/status/counts/readiness.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { until } from "../../support/wait.ts";
import { message, person } from "../relay/builders.ts";
import { FILMS, IRC, KOSMI, MAIN, StatusSite, StatusWorld } from "./status_world.ts";

const TOKEN = "s3cr3t-token-of-enough-letters";
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

Deno.test("StatusServer shows accounts, gateways and events without any script", async () => {
  await using site = await StatusSite.open();
  const { world } = site;
  world.ready();
  world.token = { origin: "cache", expiresAtMs: Date.now() + 287.5 * 86_400_000, fault: null };
  world.meter.latency(IRC, 45);
  world.levels.set(FILMS, { waiting: 3, oldestAcceptedAtMs: Date.now() - 125_000 });
  const page = await site.text("/");
  for (const expected of ["connected as relay", "287 days left", "45 ms", "#films", "2 min"]) {
    assert.ok(page.includes(expected), expected);
  }
  assert.ok(page.includes("Everything is connected"));
  assert.ok(page.includes("3 messages wait"));
});

Deno.test("StatusServer says in plain words what is wrong, and names it first", async () => {
  await using site = await StatusSite.open();
  site.world.ready();
  site.world.link(IRC, {
    kind: "waiting",
    untilMs: Date.now() + 12_500,
    reason: "Cannot connect: connect ECONNREFUSED 192.0.2.1:6667",
    attempt: 2,
  });
  const page = await site.text("/");
  assert.ok(page.includes("Not connected: irc.libera"));
  assert.ok(page.includes("not connected, next try in 12 s"));
  assert.ok(page.includes("Nobody listens there"));
});

Deno.test("StatusServer gives every answer its headers, and allows nothing from elsewhere", async () => {
  await using site = await StatusSite.open();
  for (
    const path of ["/", "/status.css", "/status.js", "/icon.svg", "/healthz", "/metrics", "/no"]
  ) {
    const response = await site.get(path);
    const body = await response.text();
    const policy = response.headers.get("content-security-policy") ?? "";
    assert.match(policy, /^default-src 'none'; /, path);
    assert.equal(/unsafe|https?:|\*/.test(policy), false, policy);
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.equal(/(?:src|href)="(?:https?:)?\/\//.test(body), false, "nothing from elsewhere");
    assert.equal(/<style|\sstyle=|\son\w+=|<script>/i.test(body), false, "nothing inline");
  }
});

Deno.test("StatusServer only takes GET and HEAD", async () => {
  await using site = await StatusSite.open();
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
    assert.equal(await site.status("/", { method }), 405, method);
  }
  const head = await site.get("/", { method: "HEAD" });
  assert.deepEqual([head.status, await head.text()], [200, ""]);
  assert.equal(await site.status("/elsewhere"), 404);
});

Deno.test("StatusServer can't be asked under somebody else's name", async () => {
  await using site = await StatusSite.open();
  const answer = async (host: string) => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: site.port });
    const request = `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    await connection.write(new TextEncoder().encode(request));
    const text = await new Response(connection.readable).text();
    return Number(text.split(" ")[1]);
  };
  assert.equal(await answer(`127.0.0.1:${site.port}`), 200);
  assert.equal(await answer("localhost:9180"), 200);
  assert.equal(await answer("[::1]:9180"), 200);
  for (const name of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80"]) {
    assert.equal(await answer(name), 421, name);
  }
});

Deno.test("StatusServer tells liveness to everybody, and nothing else without the token", async () => {
  await using site = await StatusSite.open({ token: TOKEN });
  assert.equal(await site.status("/healthz"), 200);
  assert.deepEqual(JSON.parse(await site.text("/readyz")), { ready: false });
  for (const path of ["/", "/metrics", "/events"]) assert.equal(await site.status(path), 401, path);
  const login = await site.text("/");
  assert.ok(login.includes("Status token"));
  for (const secret of ["irc.libera", "#films", "1.2.3"]) {
    assert.equal(login.includes(secret), false, secret);
  }
  for (const path of ["/", "/metrics"]) {
    assert.equal(await site.status(path, bearer(TOKEN)), 200, path);
    assert.equal(await site.status(path, bearer(`${TOKEN}x`)), 401, path);
    assert.equal(await site.status(path, bearer("")), 401, path);
  }
  assert.equal(JSON.parse(await site.text("/readyz", bearer(TOKEN))).accounts.length, 2);
});

Deno.test("StatusServer takes the token of the form for a session", async () => {
  await using site = await StatusSite.open({ token: TOKEN });
  const post = (token: string) =>
    site.get("/login", { method: "POST", body: new URLSearchParams({ token }) });
  const wrong = await post("guess");
  assert.equal(wrong.status, 401);
  assert.match(await wrong.text(), /role="alert"[^>]*>Wrong token/);
  const right = await post(TOKEN);
  await right.body?.cancel();
  assert.deepEqual([right.status, right.headers.get("location")], [303, "./"]);
  const cookie = right.headers.get("set-cookie") ?? "";
  assert.match(cookie, /; HttpOnly; SameSite=Lax/);
  assert.equal(cookie.includes(TOKEN), false);
  const session = cookie.split(";")[0] ?? "";
  assert.equal(await site.status("/", { headers: { cookie: `a=b; ${session}` } }), 200);
  assert.equal(await site.status("/", { headers: { cookie: `${session}0` } }), 401);
});

Deno.test("StatusServer takes a token in the address out of it at once", async () => {
  await using site = await StatusSite.open({ token: TOKEN });
  const right = await site.get(`/?token=${TOKEN}`);
  await right.body?.cancel();
  assert.deepEqual([right.status, right.headers.get("location")], [303, "./"]);
  assert.ok(right.headers.has("set-cookie"));
  assert.equal(await site.status("/?token=wrong"), 401);
  assert.equal(await site.status(`/metrics?token=${TOKEN}`), 401);
  assert.equal(site.log.texts().join("\n").includes(TOKEN), false);
});

Deno.test("StatusServer takes no token from an address where addresses are exported", async () => {
  await using site = await StatusSite.open({ token: TOKEN, tokenInAddress: false });
  const response = await site.get(`/?token=${TOKEN}`);
  assert.deepEqual([response.status, response.headers.get("set-cookie")], [401, null]);
  assert.match(await response.text(), /Type it here/);
});

Deno.test("StatusServer refuses a form without end", async () => {
  await using site = await StatusSite.open({ token: TOKEN });
  const body = new URLSearchParams({ token: "x".repeat(100_000) });
  assert.equal(await site.status("/login", { method: "POST", body }), 401);
});

Deno.test("StatusServer sends what changes to who looks, and ends with the relay", async () => {
  const site = await StatusSite.open();
  const response = await site.get("/events");
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  let seen = "";
  const reading = (async () => {
    for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      seen += text;
    }
  })();
  await until(() => seen.includes("event: sections"), "the first sections");
  assert.match(seen, /event: hello\ndata: 1\.2\.3 \d+\n\n/);
  const before = seen.length;
  site.world.ready();
  await until(() => seen.slice(before).includes("connected as relay"), "the change");
  await site[Symbol.asyncDispose]();
  await reading.catch(() => {});
});

Deno.test("StatusServer has a bound on viewers, and none from other sites", async () => {
  await using site = await StatusSite.open();
  const viewers = await Promise.all(Array.from({ length: 20 }, () => site.get("/events")));
  assert.deepEqual(viewers.map(({ status }) => status), viewers.map(() => 200));
  assert.equal(await site.status("/events"), 503);
  assert.equal(await site.status("/events", { headers: { "sec-fetch-site": "cross-site" } }), 403);
  await Promise.all(viewers.map(({ body }) => body?.cancel()));
  await until(async () => await site.status("/events") === 200, "room for one more");
});

Deno.test("StatusServer waits for a port that is taken, while the chat goes on", async () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const clock = new FakeClock();
  const opening = StatusSite.open({ clock }, port);
  await clock.waitForSleeps(2);
  taken.close();
  let isOpen = false;
  void opening.then(() => isOpen = true);
  // As often as it takes: a process that another test starts may hold the port for a moment longer.
  await until(async () => {
    await clock.advance(10_000);
    return isOpen;
  }, "the page on its port");
  await using site = await opening;
  assert.equal(site.port, port);
  assert.match(site.log.texts("error")[0] ?? "", /^no status page on 127\.0\.0\.1:\d+: .*in use/);
});

Deno.test("readiness names every account and channel that is not ready", async () => {
  await using site = await StatusSite.open();
  const { world } = site;
  world.ready();
  assert.equal(await site.status("/readyz"), 200);
  world.channel(FILMS, { kind: "down", reason: "banned", mend: "person" });
  world.link(KOSMI, { kind: "refused", untilMs: 0, reason: "wrong password" });
  const response = await site.get("/readyz");
  assert.equal(response.status, 503);
  assert.deepEqual(await response.json(), {
    ready: false,
    accounts: [
      { name: "irc.libera", ready: true, reason: null },
      { name: "kosmi.movienight", ready: false, reason: "wrong password" },
    ],
    channels: [
      { account: "irc.libera", name: "#films", ready: false, reason: "banned" },
      { account: "kosmi.movienight", name: "main", ready: true, reason: null },
    ],
  });
});

Deno.test("isLive() is false for a core that does not come round within a second", async () => {
  const clock = new FakeClock();
  const world = new StatusWorld({ clock });
  assert.equal(await isLive(world.subject, clock), true);
  world.handled = () => new Promise(() => {});
  const answer = isLive(world.subject, clock);
  await clock.advance(1_000);
  assert.equal(await answer, false);
});

Deno.test("the page hides texts and nicks unless they may be shown, and trusts neither", async () => {
  const said = message('<img src=x onerror="alert(1)">', { sender: person("<i>mallory") });
  for (const showsTexts of [false, true]) {
    await using site = await StatusSite.open({ showsTexts });
    const { meter } = site.world;
    meter.accepted(FILMS, [site.world.delivery(MAIN)], said);
    const page = await site.text("/");
    assert.equal(page.includes("mallory"), showsTexts);
    assert.equal(page.includes("onerror"), showsTexts);
    assert.equal(/<img|<i>/.test(page), false);
  }
});

Deno.test("no secret of a service's words reaches page or readiness", async () => {
  const redact = (text: string) => text.replaceAll("hunter2", "***");
  await using site = await StatusSite.open({ redact, showsTexts: true });
  const { world } = site;
  const reason = "the server says: password hunter2 is wrong";
  world.link(IRC, { kind: "refused", untilMs: 0, reason });
  world.channel(FILMS, { kind: "down", reason: "key hunter2", mend: "person" });
  world.token = { origin: null, expiresAtMs: null, fault: "hunter2 was refused" };
  world.meter.accepted(FILMS, [world.delivery(MAIN)], message("hunter2"));
  world.meter.dropped(FILMS, "films", [world.delivery(FILMS)], {
    cause: "rejected",
    words: reason,
  });
  for (const path of ["/", "/readyz", "/metrics"]) {
    const text = await site.text(path);
    assert.equal(text.includes("hunter2"), false, path);
  }
});
