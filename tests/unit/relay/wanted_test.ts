import assert from "node:assert/strict";
import { isWanted } from "../../../src/relay/intake/filter.ts";
import { messageId, person, settings } from "./builders.ts";

type Shown = Parameters<typeof isWanted>[0];

const base = { channel: "#a" as Shown["channel"], atMs: 1, late: false };
const EVENTS: Readonly<Record<string, Shown>> = {
  join: { ...base, kind: "join", who: person("bot") } as Shown,
  leave: { ...base, kind: "leave", who: person("bot"), how: "quit", reason: null } as Shown,
  nick: { ...base, kind: "nick", who: person("bot"), newNick: "b2" } as unknown as Shown,
  topic: { ...base, kind: "topic", by: person("bot"), topic: "t" } as Shown,
  reaction: {
    ...base,
    ...{ kind: "reaction", id: messageId("1"), sender: person("bot"), key: "x", removed: false },
  } as Shown,
};

Deno.test("isWanted() leaves out what ignored people do, whatever it is", () => {
  for (const [kind, event] of Object.entries(EVENTS)) {
    assert.equal(isWanted(event, settings()), true, kind);
    assert.equal(isWanted(event, settings({ ignoreNicks: [/^bot$/] })), false, kind);
    assert.equal(isWanted(event, settings({ ignoreNicks: [/^alice$/] })), true, kind);
  }
});

Deno.test("isWanted() lets out neither joins nor leaves with NoSendJoinPart, and all else", () => {
  const wanted = Object.entries(EVENTS)
    .filter(([, event]) => isWanted(event, settings({ noSendJoinPart: true })))
    .map(([kind]) => kind);
  assert.deepEqual(wanted, ["nick", "topic", "reaction"]);
});

Deno.test("isWanted() lets out a topic that nobody is known to have set", () => {
  const topic = { ...EVENTS["topic"], by: null } as Shown;
  assert.equal(isWanted(topic, settings({ ignoreNicks: [/./] })), true);
});
