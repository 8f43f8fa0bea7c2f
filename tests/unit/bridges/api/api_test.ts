import assert from "node:assert/strict";
import type { ChatEvent } from "../../../../src/relay/port/event.ts";
import type { AccountId, MessageId, UserId } from "../../../../src/relay/port/ids.ts";
import { plainText, textOf } from "../../../../src/relay/port/rich_text.ts";
import { outgoing } from "../../../contract/stage.ts";
import type { ApiClient } from "../../../support/api_client.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { within } from "../../../support/wait.ts";
import { GATEWAY, RunningApi } from "./running_api.ts";

const hello = { text: "hello", username: "bob", gateway: GATEWAY };

async function status(client: ApiClient, path: string, init: RequestInit = {}): Promise<number> {
  const response = await client.fetch(path, init);
  await response.body?.cancel();
  return response.status;
}

async function list(client: ApiClient, path = "/api/messages"): Promise<string[]> {
  const messages: { text: string }[] = await (await client.fetch(path)).json();
  return messages.map(({ text }) => text);
}

Deno.test("api: several streams each get all, with the fields of Matterbridge's API", async () => {
  await using api = new RunningApi();
  const clients = [await api.reader(), await api.reader(), await api.reader()];
  const receipts = await Promise.all(["one", "two"].map((text) => api.say(text)));
  for (const client of clients) {
    assert.deepEqual(await client.waitForTexts(2), ["one", "two"]);
    assert.deepEqual(
      client.frames.map(({ id }) => id),
      receipts.map((receipt) => receipt.outcome === "confirmed" ? receipt.id : null),
    );
  }
  const [frame] = clients[0]?.frames ?? [];
  const names = "text channel username userid avatar account event protocol gateway parent_id";
  assert.deepEqual(Object.keys(frame ?? {}), [...names.split(" "), "timestamp", "id", "Extra"]);
  assert.match(String(frame?.["timestamp"]), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.equal(frame?.["channel"], "api");
  assert.equal(frame?.username, "<bob> ");
});

Deno.test("api: who said it, where and when stands in fields of its own", async () => {
  await using api = new RunningApi();
  const client = await api.reader();
  const person = { id: "u1" as UserId, nick: "Zoë", userId: "zoe", avatar: "https://x/zoe.png" };
  const [part] = api.bridge.render(GATEWAY, {
    ...outgoing("hello"),
    prefix: plainText("Zoë (re bob: hi) "),
    nameLength: 3,
    replyTo: "m1" as MessageId,
    sender: { person, account: "kosmi.films" as AccountId },
    atMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  });
  assert.ok(part !== undefined);
  await api.bridge.transmit(GATEWAY, part, new AbortController().signal);
  await client.waitForTexts(1);
  const { id: _, ...frame } = client.frames[0] ?? {};
  assert.deepEqual(frame, {
    ...{ text: " (re bob: hi) hello", channel: "api", username: "Zoë", userid: "zoe" },
    ...{ avatar: "https://x/zoe.png", account: "kosmi.films", event: "", protocol: "kosmi" },
    ...{ gateway: "movienight", parent_id: "m1", timestamp: "2026-01-02T03:04:05.006Z" },
    Extra: null,
  });
});

Deno.test("api: what nobody has read waits, and is given once", async () => {
  await using api = new RunningApi();
  const client = api.client();
  const receipts = Promise.all(["one", "two"].map((text) => api.say(text)));
  let isKnown = false;
  receipts.then(() => isKnown = true);
  assert.equal(await status(client, "/api/health"), 200);
  assert.equal(isKnown, false, "no client has read it");
  assert.deepEqual(await list(client), ["one", "two"]);
  for (const { outcome } of await receipts) assert.equal(outcome, "confirmed");
  assert.deepEqual(await list(client), []);
});

Deno.test("api: a client resumes after what it has, and is told if it cannot", async () => {
  await using api = new RunningApi({ buffer: 5 });
  const first = await api.reader();
  await Promise.all(["one", "two", "three"].map((text) => api.say(text)));
  await first.waitForTexts(3);
  const since = first.frames[0]?.id;
  const client = api.client();
  assert.deepEqual(await list(client, `/api/messages?since=${since}`), ["two", "three"]);
  assert.deepEqual(await list(client, `/api/messages?since=${since}`), ["two", "three"]);
  for (let index = 0; index < 20; index++) await api.say(`more ${index}`);
  for (const unknown of [since, "another-run.3", "x"]) {
    const response = await client.fetch(`/api/messages?since=${unknown}`);
    assert.equal(response.headers.get("x-resumed"), "false", `since=${unknown}`);
    await response.body?.cancel();
  }
  const last = (await first.waitForTexts(23)).length - 1;
  const response = await client.fetch(`/api/messages?since=${first.frames[last]?.id}`);
  assert.equal(response.headers.get("x-resumed"), "true");
  assert.deepEqual(await response.json(), []);
});

Deno.test("api: a stop ends streams in good order", async () => {
  await using api = new RunningApi();
  const client = await api.reader({ again: false });
  await api.say("one");
  await api.stop();
  assert.deepEqual(await client.waitForTexts(1), ["one"]);
  await client.changes.until(() => client.ends === 1, "the stream to end in good order");
});

Deno.test("api: a client that does not read delays no other, and ends when too far behind", async () => {
  await using api = new RunningApi({ buffer: 20 });
  const slow = await api.client().fetch("/api/stream");
  const reader = slow.body?.getReader();
  const quick = await api.reader();
  const text = "x".repeat(20_000);
  // More than the buffers of a socket hold.
  for (let index = 0; index < 600; index++) await within(api.say(`${text} ${index}`), "a receipt");
  assert.equal((await quick.waitForTexts(600)).length, 600);
  const read = async () => {
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read());
  };
  await within(read(), "the slow stream to end");
});

Deno.test("api: what was withdrawn before a client got it is unsent", async () => {
  await using api = new RunningApi();
  const stop = new AbortController();
  const receipt = api.say("gone", stop.signal);
  const kept = api.say("kept");
  stop.abort();
  assert.equal((await receipt).outcome, "unsent");
  assert.deepEqual(await list(api.client()), ["kept"]);
  assert.equal((await kept).outcome, "confirmed");
});

Deno.test("api: what no client reads for OutboxMaxAge is given up with its reason", async () => {
  const clock = new FakeClock(Date.now());
  await using api = new RunningApi({ clock, maxAgeMs: 3_600_000 });
  const receipt = api.say("old");
  await clock.advance(3_500_000);
  const young = api.say("young");
  await clock.advance(200_000);
  const given = await receipt;
  assert.equal(given.outcome, "rejected");
  assert.match(given.outcome === "rejected" ? given.reason : "", /no client read it within 1 h/);
  assert.deepEqual(await list(api.client()), ["young"]);
  assert.equal((await young).outcome, "confirmed");
});

Deno.test("api: a post is answered once it is stored, with its id", async () => {
  await using api = new RunningApi();
  const client = api.client();
  const stored = Promise.withResolvers<void>();
  api.host.stored = () => stored.promise;
  const posted = client.post({ ...hello, userid: "u1", event: "user_action" });
  await api.host.waitForTexts(GATEWAY, 1);
  let isAnswered = false;
  posted.then(() => isAnswered = true);
  assert.equal(await status(client, "/api/health"), 200);
  assert.equal(isAnswered, false);
  stored.resolve();
  const { status: code, body } = await posted;
  const [message] = api.host.messages(GATEWAY);
  assert.equal(code, 200);
  assert.equal(body["id"], message?.id);
  const names = "text channel username userid avatar account event protocol gateway parent_id";
  assert.deepEqual(Object.keys(body), [...names.split(" "), "timestamp", "id", "Extra"]);
  assert.equal((await client.post({ ...hello, gateway: "" })).body["gateway"], GATEWAY);
  assert.deepEqual([body["channel"], body["protocol"], body["account"]], [
    "api",
    "api",
    "api.test",
  ]);
  assert.equal(message?.action, true);
  assert.deepEqual(message?.sender, { id: "user u1", nick: "bob", userId: "u1" });
});

Deno.test("api: the same Idempotency-Key gives the same id, another message under it is refused", async () => {
  const posts: unknown[] = [];
  const post = async (text: string, key: string) => {
    await using api = new RunningApi();
    const client = api.client();
    const headers = { "idempotency-key": key };
    const one = await client.post({ ...hello, text }, headers);
    const again = await client.post({ ...hello, text }, headers);
    assert.equal(one.body["id"], again.body["id"]);
    assert.equal((await client.post({ ...hello, text: "other" }, headers)).status, 422);
    posts.push(one.body["id"]);
  };
  await post("one", "key 1");
  await post("one", "key 1");
  await post("one", "key 2");
  assert.equal(posts[0], posts[1], "also after a restart");
  assert.notEqual(posts[0], posts[2]);
});

Deno.test("api: what changes a message bears an id of its own, the same under the same Idempotency-Key", async () => {
  await using api = new RunningApi();
  const client = api.client();
  const post = async (event: string, key: string) => {
    const headers = { "idempotency-key": key };
    await client.post({ ...hello, text: "new", event, id: "m1" }, headers);
    return api.host.events.at(-1)?.reportId;
  };
  for (const event of ["msg_update", "msg_delete"]) {
    const [one, again, other] = [
      await post(event, `${event} 1`),
      await post(event, `${event} 1`),
      await post(event, `${event} 2`),
    ];
    assert.equal(typeof one, "string");
    assert.equal(one, again);
    assert.notEqual(one, other);
  }
});

Deno.test("api: edits, deletions, replies, joins and topics that clients post are events", async () => {
  await using api = new RunningApi();
  const client = api.client();
  const events: readonly (readonly [message: object, expected: object])[] = [
    [{ text: "new", event: "msg_update", id: "m1" }, { kind: "edit", id: "m1" }],
    [{ event: "msg_delete", id: "m1" }, { kind: "deletion", id: "m1" }],
    [{ text: "yes", parent_id: "m1" }, { kind: "message" }],
    [{ text: "carol joins", event: "join_leave" }, { kind: "join" }],
    [{ text: "carol quits (bye)", event: "join_leave" }, {
      kind: "leave",
      how: "quit",
      reason: "bye",
    }],
    [{ text: "tonight", event: "topic_change" }, { kind: "topic", topic: "tonight" }],
  ];
  for (const [message] of events) {
    assert.equal((await client.post({ ...hello, text: "", ...message })).status, 200);
  }
  api.host.events.forEach((event: ChatEvent, index) => {
    for (const [name, value] of Object.entries(events[index]?.[1] ?? {})) {
      assert.equal(new Map(Object.entries(event)).get(name), value, `${event.kind} ${name}`);
    }
  });
  assert.equal(api.host.events.length, events.length);
  assert.deepEqual(api.host.messages(GATEWAY)[0]?.replyTo, {
    id: "m1",
    nick: null,
    excerpt: null,
  });
});

Deno.test("api: somebody who types is told, and is no event", async () => {
  await using api = new RunningApi();
  const typing = { username: "bob", gateway: GATEWAY, event: "user_typing" };
  assert.equal((await api.client().post(typing)).status, 200);
  assert.deepEqual(api.host.typists, ["bob"]);
  assert.deepEqual(api.host.events, []);
});

Deno.test("api: files are told by their address, or by their name", async () => {
  await using api = new RunningApi();
  const file = [
    { Name: "a.png", URL: "https://example.org/a.png", Comment: "a cat" },
    { Name: "b.png", Data: "AAAA" },
  ];
  await api.client().post({ ...hello, Extra: { file } });
  const [message] = api.host.messages(GATEWAY);
  assert.equal(
    textOf(message?.text ?? []),
    "hello\na cat: https://example.org/a.png\n[file: b.png]",
  );
});

Deno.test("api: bad posts get a status and a sentence, and are no event", async () => {
  await using api = new RunningApi({}, [GATEWAY, "other"]);
  const client = api.client();
  const json = { "content-type": "application/json" };
  const bad: readonly (readonly [code: number, body: string, headers?: Record<string, string>])[] =
    [
      [415, JSON.stringify(hello), { "content-type": "application/x-www-form-urlencoded" }],
      [400, "{"],
      [400, "[]"],
      [400, "null"],
      [400, JSON.stringify({ ...hello, text: 5 })],
      [400, JSON.stringify({ ...hello, text: " \n " })],
      [400, JSON.stringify({ ...hello, username: "" })],
      [400, JSON.stringify({ ...hello, username: "x".repeat(201) })],
      [400, JSON.stringify({ ...hello, event: "avatar_download" })],
      [400, JSON.stringify({ ...hello, event: "msg_delete" })],
      [404, JSON.stringify({ ...hello, gateway: "nowhere" })],
      [404, JSON.stringify({ ...hello, gateway: "" })],
    ];
  for (const [code, body, headers = json] of bad) {
    const response = await client.fetch("/api/message", { method: "POST", headers, body });
    const { message } = await response.json();
    assert.equal(response.status, code, body.slice(0, 80));
    assert.match(message, /^\S.{5,}/);
  }
  const chunks = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let index = 0; index < 8; index++) controller.enqueue(new Uint8Array(20_000));
      controller.close();
    },
  });
  const init = { method: "POST", headers: json };
  assert.equal(await status(client, "/api/message", { ...init, body: chunks }), 411);
  const body = JSON.stringify({ ...hello, text: "x".repeat(70_000) });
  assert.equal(await status(client, "/api/message", { ...init, body }), 413);
  assert.deepEqual(api.host.events, []);
  assert.equal(await status(client, "/api/message"), 405);
  assert.equal(await status(client, "/api/nothing"), 404);
});

Deno.test("api: health tells what keeps the relay from relaying", async () => {
  const problems: string[] = [];
  await using api = new RunningApi({ problems: () => problems });
  const client = api.client();
  assert.equal(await (await client.fetch("/api/health")).text(), "OK");
  problems.push("irc.libera: waiting");
  const response = await client.fetch("/api/health");
  assert.equal(response.status, 503);
  assert.equal(await response.text(), "irc.libera: waiting\n");
  assert.equal(await status(client, "/api/health", { method: "HEAD" }), 503);
});

Deno.test("api: a WebSocket gets the greeting and all messages, posts, and sees others' posts", async () => {
  await using api = new RunningApi();
  const stream = await api.reader();
  const open = async () => {
    const socket = new WebSocket(`${api.url.replace("http", "ws")}/api/websocket`);
    const frames: Record<string, string>[] = [];
    socket.onmessage = ({ data }) => frames.push(JSON.parse(data));
    await new Promise((resolve) => socket.onopen = resolve);
    const closed = new Promise<number>((resolve) => socket.onclose = ({ code }) => resolve(code));
    return { socket, frames, closed };
  };
  const [one, other] = [await open(), await open()];
  one.socket.send(JSON.stringify(hello));
  await api.host.waitForTexts(GATEWAY, 1);
  one.socket.send("nonsense");
  assert.equal((await api.say("from afar")).outcome, "confirmed");
  await stream.waitForTexts(1);
  const shown = ({ frames }: { frames: Record<string, string>[] }) =>
    frames.map(({ event, text }) => event || text);
  const seen = (socket: typeof one, count: number) =>
    within(
      (async () => {
        while (socket.frames.length < count) await new Promise((done) => setTimeout(done, 5));
      })(),
      `${count} frames`,
      undefined,
      () => JSON.stringify(socket.frames),
    );
  await seen(one, 3);
  await seen(other, 3);
  assert.deepEqual(shown(one).toSorted(), ["api_connected", "failure", "from afar"]);
  assert.deepEqual(shown(other).toSorted(), ["api_connected", "from afar", "hello"]);
  assert.deepEqual(stream.texts(), ["from afar"], "a stream shows no posts");
  await api.stop();
  assert.deepEqual(await Promise.all([one.closed, other.closed]), [1001, 1001]);
});

Deno.test("api: a port in use is a lost connection with its reason", async () => {
  await using api = new RunningApi();
  const port = Number(new URL(api.url).port);
  await using other = new RunningApi({ port });
  const end = await other.end;
  assert.equal(end.kind, "lost");
  assert.match(end.reason, new RegExp(`^Cannot listen on 127.0.0.1:${port}: .*in use`));
});

Deno.test("api: a large Buffer does not make more wait in memory than the core can look through", async () => {
  await using api = new RunningApi({ buffer: 100_000 });
  assert.equal(api.bridge.capabilities.window, 1_000);
  await using small = new RunningApi({ buffer: 5 });
  assert.equal(small.bridge.capabilities.window, 5);
});

Deno.test("api: fifty streams at once get everything in order", async () => {
  await using api = new RunningApi({ buffer: 1_000 });
  const clients = await Promise.all(Array.from({ length: 50 }, () => api.reader()));
  const texts = Array.from({ length: 100 }, (_, index) => `number ${index}`);
  const receipts = await Promise.all(texts.map((text) => api.say(text)));
  for (const { outcome } of receipts) assert.equal(outcome, "confirmed");
  for (const client of clients) assert.deepEqual(await client.waitForTexts(100), texts);
});
