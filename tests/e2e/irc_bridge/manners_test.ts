import assert from "node:assert/strict";
import { cursorAt, start, textsIn } from "./running_bridge.ts";
import { echo, FULL, ScriptedServer } from "./scripted_server.ts";

/** What the relay does unasked, and what it leaves, by what the server offers. */

const BOB = { id: "u" as never, nick: "Bob", userId: "u" };
const SENDER = { sender: { person: BOB, account: "kosmi.x" as never } };

const lines = (server: ScriptedServer, command: string) =>
  server.lines.filter((line) => line.command === command).map(({ params }) => params.join(" "));

const BOT_MODES: readonly (readonly [
  caps: readonly string[],
  features: string,
  botMode: boolean,
  modes: readonly string[],
])[] = [
  [FULL, "BOT=B", true, ["relay +B"]],
  [FULL, "BOT=b", true, ["relay +b"]],
  [FULL, "BOT=B", false, []],
  [FULL, "CASEMAPPING=ascii", true, []],
  [[...FULL, "znc.in/self-message"], "BOT=B", true, []],
];
for (const [caps, features, botMode, modes] of BOT_MODES) {
  const title = `${features}, BotMode=${botMode}, ${caps.at(-1)}`;
  Deno.test(`marked as a program where the server knows such a mode: ${title}`, async () => {
    await using server = new ScriptedServer({ caps, features });
    await using relay = start(server.asServer, { botMode });
    await relay.up();
    assert.deepEqual(lines(server, "MODE"), modes);
  });
}

const RELAYED:
  readonly (readonly [relayMsg: boolean, offered: boolean, sent: readonly string[]])[] = [
    [true, true, ["RELAYMSG #test Bob/kosmi hello"]],
    [true, false, ["PRIVMSG #test <bob> hello"]],
    [false, true, ["PRIVMSG #test <bob> hello"]],
  ];
for (const [useRelayMsg, isOffered, sent] of RELAYED) {
  Deno.test(`RELAYMSG: UseRelayMsg=${useRelayMsg}, offered: ${isOffered}`, async () => {
    const caps = isOffered ? [...FULL, "draft/relaymsg=/"] : FULL;
    await using server = new ScriptedServer({ caps, onLine: echo });
    await using relay = start(server.asServer, { useRelayMsg });
    await relay.up();
    const receipts = await relay.say("hello", SENDER);
    assert.deepEqual(receipts.map(({ outcome }) => outcome), ["confirmed"]);
    const told = ["RELAYMSG", "PRIVMSG"].flatMap((command) =>
      lines(server, command).map((params) => `${command} ${params}`)
    );
    assert.deepEqual(told, sent);
  });
}

Deno.test("an answer of several lines bears its label once, around them", async () => {
  await using server = new ScriptedServer({
    caps: FULL,
    onLine: (line, self) => {
      if (line.command !== "PRIVMSG") return false;
      self.send(
        `@label=${line.tags["label"]} BATCH +1 labeled-response`,
        "@batch=1 :server.example NOTE PRIVMSG INFO :Taken",
        "@batch=1;msgid=m1 :relay!relay@host.example PRIVMSG #test :altered by the server",
        "BATCH -1",
      );
      return true;
    },
  });
  await using relay = start(server.asServer);
  await relay.up();
  assert.deepEqual((await relay.say("hello")).map((one) => "id" in one && one.id), ["m1"]);
  assert.deepEqual(relay.texts, []);
});

Deno.test("lines that come together are from before our entry only where the server says so", async () => {
  const inBatch = (type: string, id: string) => [
    `BATCH +${id} ${type} #test`,
    `@batch=${id};msgid=${id};time=2030-01-01T00:00:00.000Z :alice!a@host PRIVMSG #test :in ${type}`,
    `BATCH -${id}`,
  ];
  await using server = new ScriptedServer({
    caps: [...FULL, "draft/chathistory"],
    onLine: (line, self) => {
      if (line.command !== "CHATHISTORY") return false;
      self.send(...inBatch("example/other", "x"), ...inBatch("chathistory", "h"));
      return true;
    },
  });
  const cursors = new Map([["#test", cursorAt("old", Date.parse("2029-12-31T00:00:00Z"))]]);
  await using relay = start(server.asServer, { cursors });
  const history = await relay.up();
  assert.deepEqual(textsIn(history), [
    "in chathistory",
  ]);
  assert.equal((await relay.message("in example/other")).late, false);
});
