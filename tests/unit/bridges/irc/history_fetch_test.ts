import assert from "node:assert/strict";
import { HistoryFetch } from "../../../../src/bridges/irc/history_fetch.ts";
import { ServerFeatures } from "../../../../src/bridges/irc/isupport.ts";
import { type IrcMessage, param } from "../../../../src/bridges/irc/wire/message.ts";
import type { Cursor } from "../../../../src/relay/bridge.ts";
import type { MessageId } from "../../../../src/relay/ids.ts";

const START_MS = Date.UTC(2026, 0, 2);

/** Line number `n`, said in millisecond `n / perMs` after the start. */
function line(n: number, perMs: number, ids: boolean): IrcMessage {
  const tags = new Map([["time", new Date(START_MS + Math.floor(n / perMs)).toISOString()]]);
  if (ids) tags.set("msgid", `m${n}`);
  const sender = { nick: "alice", user: "a", host: "h" };
  return { tags, ...sender, command: "PRIVMSG", params: ["#c", `${n}`] };
}

/** A server with 250 lines of which each millisecond saw `perMs`; answers at once, at most 100 lines. */
function fetchFrom(cursor: Cursor, server: { perMs: number; ids: boolean; knowsIds?: boolean }) {
  const all = Array.from({ length: 250 }, (_, n) => line(n, server.perMs, server.ids));
  const asked: string[] = [];
  let result: { texts: string[]; cut: boolean } | null = null;
  const answers: string[] = [];
  let fetch: HistoryFetch | null = null;
  const pump = () => {
    for (let next = answers.shift(); next !== undefined; next = answers.shift()) {
      const [kind = "", value = ""] = next.split("=");
      if (kind === "msgid") {
        const at = all.findIndex((one) => one.tags.get("msgid") === value);
        if (at === -1 || server.knowsIds === false) fetch?.failed();
        else fetch?.page(all.slice(at + 1, at + 101));
      } else {
        const later = all.filter((one) =>
          Date.parse(one.tags.get("time") ?? "") > Date.parse(value)
        );
        fetch?.page(later.slice(0, 100));
      }
    }
  };
  fetch = new HistoryFetch({
    channel: "#c",
    cursor,
    features: new ServerFeatures(),
    maxMessages: 500,
    send: ({ params }) => {
      asked.push(params[2] ?? "");
      answers.push(params[2] ?? "");
    },
    done: (lines, cut) => result = { texts: (lines ?? []).map((one) => param(one, 1)), cut },
  });
  pump();
  return { asked, result: result as { texts: string[]; cut: boolean } | null };
}

const numbers = (from: number) => Array.from({ length: 250 - from }, (_, at) => `${from + at}`);

Deno.test("HistoryFetch loses no line that bears the time of a page's last, or of the cursor", () => {
  const cursor = { id: null, atMs: START_MS + 10 };
  const { result, asked } = fetchFrom(cursor, { perMs: 7, ids: true });
  assert.deepEqual(result, { texts: numbers(70), cut: false });
  assert.match(asked[1] ?? "", /^msgid=/);
});

Deno.test("HistoryFetch goes on by time where the server does not know its ids any more", () => {
  const cursor = { id: "m69" as MessageId, atMs: START_MS + 9 };
  const { result, asked } = fetchFrom(cursor, { perMs: 7, ids: true, knowsIds: false });
  assert.deepEqual(result, { texts: numbers(63), cut: false });
  assert.deepEqual(asked.map((one) => one.split("=")[0]), [
    "msgid",
    "timestamp",
    "timestamp",
  ]);
});

Deno.test("HistoryFetch ends where all lines of a page bear one time and no ids", () => {
  const { result } = fetchFrom({ id: null, atMs: START_MS }, { perMs: 300, ids: false });
  assert.equal(result?.texts.length, 100);
});
