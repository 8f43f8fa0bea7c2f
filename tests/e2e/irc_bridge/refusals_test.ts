import assert from "node:assert/strict";
import type { Receipt } from "../../../src/relay/port/bridge.ts";
import { start } from "./running_bridge.ts";
import { ScriptedServer } from "./scripted_server.ts";

/** What each answer of a server makes of the one line that is under way to #test. `{}`: nothing is told of the channel. */
type Fate =
  | { readonly outcome: Receipt["outcome"]; readonly reason?: RegExp; readonly down?: RegExp }
  /** Sent once more, and shown then. */
  | "again";

const FATES: readonly (readonly [answer: string, fate: Fate])[] = [
  ["401 relay #test :No such nick/channel", { outcome: "rejected", reason: /^#test: .*\(401\)$/ }],
  ["404 relay #test :Cannot send to channel", { outcome: "rejected", reason: /\(404\)$/ }],
  ["412 relay #test :No text to send", { outcome: "rejected" }],
  ["415 relay #test :Registered nicks only", { outcome: "rejected" }],
  ["417 relay :Input line was too long", { outcome: "rejected", reason: /^Input line.*\(417\)$/ }],
  ["477 relay #test :You need a registered nick", { outcome: "rejected" }],
  ["489 relay #test :You need voice (+v)", { outcome: "rejected" }],
  ["531 relay #test :You are not permitted to send", { outcome: "rejected" }],
  ["408 relay #test :You cannot use colors on this channel", { outcome: "rejected" }],
  ["573 relay #test :You may not relay here", { outcome: "rejected" }],
  ["FAIL PRIVMSG CANNOT_SEND #test :No", { outcome: "rejected", reason: /^No \(CANNOT_SEND\)$/ }],
  ["421 relay PRIVMSG :Unknown command", { outcome: "rejected", reason: /\(421\)$/ }],
  ["403 relay #test :No such channel", { outcome: "unsent", down: /No such channel/ }],
  ["442 relay #test :You're not on that channel", { outcome: "unsent", down: /not on that/ }],
  ["404 relay #test :No external messages", { outcome: "unsent", down: /external/ }],
  ["404 relay #test :Slow down, you are talking too fast", "again"],
  ["437 relay #test :Not available", "again"],
  ["FAIL PRIVMSG RATE_LIMITED #test :Slowly", "again"],
  ["FAIL PRIVMSG TEMPORARILY_UNAVAILABLE #test :Not now", "again"],
  ["FAIL PRIVMSG OTHER #test :Please wait", "again"],
  ["439 relay #test :Target change too fast", "again"],
  // Of no line of ours.
  ["404 relay #other :Cannot send to channel", { outcome: "confirmed" }],
  ["499 relay #test :Something else", { outcome: "confirmed" }],
  ["FAIL PRIVMSG CANNOT_SEND #other :No", { outcome: "confirmed" }],
  ["FAIL PRIVMSG CANNOT_SEND :No", { outcome: "confirmed" }],
  ["421 relay TAGMSG :Unknown command", { outcome: "confirmed" }],
];

for (const [answer, fate] of FATES) {
  Deno.test(`a line that is answered with ${answer}`, async () => {
    let isFirst = true;
    const says: string[] = [];
    await using server = new ScriptedServer({
      onLine: (line, self) => {
        if (line.command !== "PRIVMSG") return false;
        says.push(line.text);
        if (isFirst) self.send(`:server.example ${answer}`);
        isFirst = false;
        return true;
      },
    });
    await using relay = start(server.asServer, { messageDelayMs: 0, limits: { refusedMs: 10 } });
    await relay.up();
    const [receipt] = await relay.say("hello");
    assert.equal(says.length, fate === "again" ? 2 : 1);
    assert.equal(receipt?.outcome, fate === "again" ? "confirmed" : fate.outcome);
    if (fate === "again") return;
    if (fate.reason !== undefined) {
      assert.match(receipt !== undefined && "reason" in receipt ? receipt.reason : "", fate.reason);
    }
    if (fate.down !== undefined) assert.match((await relay.down()).reason, fate.down);
    else assert.ok(!relay.told.some(({ kind }) => kind === "down"));
  });
}
