import assert from "node:assert/strict";
import { HistoryFetch } from "../../../../src/bridges/irc/history/history_fetch.ts";
import { ServerFeatures } from "../../../../src/bridges/irc/link/server_features.ts";
import { type IrcMessage, param } from "../../../../src/bridges/irc/wire/message.ts";
import type { Cursor } from "../../../../src/relay/port/bridge.ts";
import type { MessageId } from "../../../../src/relay/port/ids.ts";

const START_MS = Date.UTC(2026, 0, 2);

/** Line number `n`, said in millisecond `n / perMs` after the start. */
function line(n: number, perMs: number, ids: boolean): IrcMessage {
  const tags = new Map([["time", new Date(START_MS + Math.floor(n / perMs)).toISOString()]]);
  if (ids) tags.set("msgid", `m${n}`);
  const sender = { nick: "alice", user: "a", host: "h" };
  return { tags, ...sender, command: "PRIVMSG", params: ["#c", `${n}`] };
}

interface Server {
  readonly perMs: number;
  readonly ids: boolean;
  /** "forgot": it says nothing of an id that it does not know. */
  readonly knowsIds?: boolean | "forgot";
  /** What it takes for a page; default 100, as it tells. */
  readonly page?: { readonly size: number; readonly token: string | null };
}

/** Whether a line stands before (-1), at (0) or behind (1) a reference. */
function place(one: IrcMessage, n: number, reference: string): number {
  const [kind, value = ""] = reference.split("=");
  const [mine, other] = kind === "msgid"
    ? [n, Number(value.slice(1))]
    : [Date.parse(one.tags.get("time") ?? ""), Date.parse(value)];
  return Math.sign(mine - other);
}

/** Asks a server with 250 lines of which each millisecond saw `perMs`; it answers at once, at most 100 lines. */
function fetchFrom(cursor: Cursor | null, server: Server, maxMessages = 500) {
  const all = Array.from({ length: 250 }, (_, n) => line(n, server.perMs, server.ids));
  const asked: string[] = [];
  const results: { texts: string[]; cut: boolean }[] = [];
  const behind: boolean[] = [];
  const requests: (readonly string[])[] = [];
  const { size, token } = server.page ?? { size: 100, token: "CHATHISTORY=100" };
  const features = new ServerFeatures();
  if (token !== null) features.add(["me", token, "are supported"]);
  const fetch = new HistoryFetch({
    channel: "#c",
    cursor,
    features,
    maxMessages,
    send: ({ params }) => void requests.push(params),
    done: (lines, how) => {
      results.push({ texts: (lines ?? []).map((one) => param(one, 1)), cut: how.cut });
      behind.push(how.behind);
    },
  });
  for (let request = requests.shift(); request !== undefined; request = requests.shift()) {
    const [command = "", , reference = "", most = ""] = request;
    asked.push(`${command} ${reference.split("=")[0]}`);
    if (reference.startsWith("msgid") && server.knowsIds === false) {
      fetch.failed();
      continue;
    }
    if (reference.startsWith("msgid") && server.knowsIds === "forgot") {
      fetch.page([]);
      continue;
    }
    const wanted = command === "BEFORE" ? -1 : 1;
    const found = all.filter((one, n) => reference === "*" || place(one, n, reference) === wanted);
    fetch.page(found.slice(-Math.min(size, Number(most))));
  }
  return { asked, results, behind };
}

const numbers = (from: number) => Array.from({ length: 250 - from }, (_, at) => `${from + at}`);

Deno.test("HistoryFetch loses no line that bears the time of a page's first, or of the cursor", () => {
  const cursor = { id: null, atMs: START_MS + 10 };
  const { results, asked } = fetchFrom(cursor, { perMs: 7, ids: true });
  assert.deepEqual(results.map(({ cut }) => cut), [false]);
  assert.deepEqual(results[0]?.texts.slice(-180), numbers(70));
  assert.deepEqual(asked.slice(0, 2), ["LATEST timestamp", "BEFORE msgid"]);
});

Deno.test("HistoryFetch asks once where little was missed", () => {
  const cursor = { id: "m200" as MessageId, atMs: START_MS + 28 };
  const { results, asked, behind } = fetchFrom(cursor, { perMs: 7, ids: true });
  assert.deepEqual(results, [{ texts: numbers(201), cut: false }]);
  assert.deepEqual(behind, [true]);
  assert.deepEqual(asked, ["LATEST msgid"]);
});

Deno.test("HistoryFetch goes on by time where the server does not know its ids any more", () => {
  const cursor = { id: "m69" as MessageId, atMs: START_MS + 9 };
  const { results, asked, behind } = fetchFrom(cursor, { perMs: 7, ids: true, knowsIds: false });
  assert.deepEqual(behind, [false]);
  assert.equal(results[0]?.cut, false);
  assert.deepEqual(results[0]?.texts.slice(-187), numbers(63));
  assert.deepEqual(asked.slice(0, 3), ["LATEST msgid", "LATEST timestamp", "BEFORE timestamp"]);
});

Deno.test("HistoryFetch keeps the newest lines where there are more than it may read", () => {
  const cursor = { id: null, atMs: START_MS };
  const { results } = fetchFrom(cursor, { perMs: 1, ids: true }, 20);
  assert.equal(results[0]?.cut, true);
  assert.deepEqual(results[0]?.texts.slice(-100), numbers(150));
});

Deno.test("HistoryFetch without ids loses and doubles no line of a page's first millisecond", () => {
  for (const perMs of [1, 7, 60, 99]) {
    const { results } = fetchFrom({ id: null, atMs: START_MS + 1 }, { perMs, ids: false });
    const from = Number(results[0]?.texts[0]);
    assert.ok(from <= perMs, `from ${from}`);
    assert.deepEqual(results, [{ texts: numbers(from), cut: false }]);
  }
});

Deno.test("HistoryFetch ends where all lines of a page bear one time and no ids", () => {
  const { results } = fetchFrom({ id: null, atMs: START_MS }, { perMs: 300, ids: false });
  assert.equal(results[0]?.texts.length, 100);
  assert.equal(results[0]?.cut, true);
});

Deno.test("HistoryFetch reads one page where nothing was taken over yet", () => {
  const { results, asked } = fetchFrom(null, { perMs: 1, ids: true });
  assert.deepEqual(results, [{ texts: numbers(150), cut: false }]);
  assert.deepEqual(asked, ["LATEST *"]);
});

Deno.test("HistoryFetch asks by time where an id is forgotten without a word, and tells what is missing", () => {
  const known = { id: "m200" as MessageId, atMs: START_MS + 28 };
  const { results, asked } = fetchFrom(known, { perMs: 7, ids: true, knowsIds: "forgot" });
  assert.deepEqual(asked.slice(0, 2), ["LATEST msgid", "LATEST timestamp"]);
  assert.equal(results[0]?.texts.at(-1), "249");
  assert.equal(results[0]?.cut, false);
  // The server was restarted: what it has begins after the message that was taken over last.
  const lost = { id: "gone" as MessageId, atMs: START_MS - 60_000 };
  const restarted = fetchFrom(lost, { perMs: 7, ids: true, knowsIds: "forgot" });
  assert.deepEqual(restarted.results, [{ texts: numbers(0), cut: true }]);
});

Deno.test("HistoryFetch reads on where pages are smaller than asked for", () => {
  const cursor = { id: "m100" as MessageId, atMs: START_MS + 14 };
  for (const token of ["CHATHISTORY=40", "draft/CHATHISTORY=40", null]) {
    const server = { perMs: 7, ids: true, page: { size: 40, token } };
    const { results } = fetchFrom(cursor, server);
    assert.deepEqual(results[0]?.texts.slice(-149), numbers(101), token ?? "no limit told");
  }
});
