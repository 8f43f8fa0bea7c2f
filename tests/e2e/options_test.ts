import assert from "node:assert/strict";
import { IrcSandbox } from "../sandbox/irc/irc_sandbox.ts";
import { startRelay } from "../support/relay_process.ts";
import { CHANNEL, ROOM, SandboxWorld } from "./support/sandbox_world.ts";

Deno.test("options: what a sending account filters, replaces and extracts", async () => {
  await using world = await SandboxWorld.create({
    irc: String.raw`
IgnoreNicks="^spam ^troll$"
IgnoreMessages="^~~ badword"
ReplaceMessages=[["cat","dog"],["(\\d+) EUR","$1 euros"]]
ReplaceNicks=[["_+$",""],["^carol$","Carol"]]
ExtractNicks=[["^bridge$","<(.*?)>\\s+"],["^mirror$","^(\\w+) said: (.*)$"]]
Label="libera"`,
    kosmi: `
RemoteNickFormat="[{LABEL}] <{NICK}> "
IgnoreNicks="bore"
ReplaceMessages=[["hund","dog"]]`,
  });
  const { irc, kosmi } = world;
  for (const nick of ["spammer", "troll", "trolley", "carol", "dave__", "bridge", "mirror"]) {
    irc.addUser(nick, { channels: [CHANNEL] });
  }
  irc.say("spammer", CHANNEL, "buy this");
  irc.say("troll", CHANNEL, "grr");
  irc.say("trolley", CHANNEL, "is no troll");
  irc.say("alice", CHANNEL, "~~ for us only");
  irc.say("alice", CHANNEL, "a badword in the middle");
  irc.say("alice", CHANNEL, "cats cost 20 EUR");
  irc.say("carol", CHANNEL, "hello");
  irc.say("dave__", CHANNEL, "hello");
  irc.say("bridge", CHANNEL, "<erin> from far away");
  irc.say("bridge", CHANNEL, "no nick here");
  irc.say("mirror", CHANNEL, "frank said: hi");
  assert.deepEqual(await world.inKosmi(), [
    "[libera] <trolley> is no troll",
    "[libera] <alice> dogs cost 20 euros",
    "[libera] <Carol> hello",
    "[libera] <dave> hello",
    "[libera] <erin> from far away",
    "[libera] <bridge> no nick here",
    "[libera] <frank> hi",
  ]);
  kosmi.say(ROOM, { name: "The bore" }, "zzz");
  kosmi.say(ROOM, { name: "Zoë" }, "mein hund");
  assert.deepEqual(await world.inIrc(), ["<Zoë> mein dog"]);
});

Deno.test("options: StripNick, ColorNicks and the placeholders, in one pass", async () => {
  await using world = await SandboxWorld.create({
    irc: `
StripNick=true
ColorNicks=true
RemoteNickFormat="[{PROTOCOL}/{BRIDGE}/{GATEWAY}/{CHANNEL}] <{NICK}> "`,
    kosmi: 'RemoteNickFormat="{NOPINGNICK}!{USERID}: "',
  });
  world.kosmi.say(ROOM, { name: "🎬 Zoë_{USERID} 7🍿" }, "hello");
  const [line = ""] = await world.inIrc();
  // deno-lint-ignore no-control-regex
  assert.match(line, /^\[kosmi\/test\/films\/main\] <\x03\d\dZoëUSERID7\x0f> hello$/);
  world.kosmi.say(ROOM, { name: "🎬 Zoë_{USERID} 7🍿" }, "again");
  const [, again = ""] = await world.inIrc();
  assert.equal(again, line.replace("hello", "again"), "the same colour each time");
  world.irc.say("alice", CHANNEL, "hi");
  assert.deepEqual(await world.inKosmi(), ["a\u200blice!person@home.example.test: hi"]);
});

/** Everything that can happen in IRC besides talking. */
function happenings(world: SandboxWorld): void {
  const { irc } = world;
  irc.addUser("bob", { channels: [CHANNEL] });
  irc.part("bob", CHANNEL, "bye");
  irc.join("bob", CHANNEL);
  irc.changeNick("bob", "rob");
  irc.kick(CHANNEL, "rob", "out", "alice");
  irc.addUser("carol", { channels: [CHANNEL] });
  irc.quit("carol", "gone home");
  irc.setTopic(CHANNEL, "Tonight: Stalker", "alice");
}

const TOLD: readonly (readonly [options: string, told: readonly string[]])[] = [
  ["", []],
  ["ShowJoinPart=true", [
    "<system> bob joins",
    "<system> bob parts (bye)",
    "<system> bob joins",
    "<system> rob was kicked by alice (out)",
    "<system> carol joins",
    "<system> carol quits (gone home)",
  ]],
  ["ShowJoinPart=true\nVerboseJoinPart=true", [
    "<system> bob (person@home.example.test) joins",
    "<system> bob (person@home.example.test) parts (bye)",
    "<system> bob (person@home.example.test) joins",
    "<system> rob (person@home.example.test) was kicked by alice (out)",
    "<system> carol (person@home.example.test) joins",
    "<system> carol (person@home.example.test) quits (gone home)",
  ]],
  ["ShowQuit=true", ["<system> carol quits (gone home)"]],
  ["ShowNickChange=true", ["<system> bob is now known as rob"]],
  ["ShowTopicChange=true", ["<system> alice changes topic to: Tonight: Stalker"]],
];

for (const [options, told] of TOLD) {
  const name = options === "" ? "nothing is told by default" : options.replace("\n", ", ");
  Deno.test(`options: of what happens in a channel, ${name}`, async () => {
    await using world = await SandboxWorld.create({ kosmi: options });
    happenings(world);
    assert.deepEqual(await world.inKosmi(), told);
  });
}

Deno.test("options: ShowJoinPart tells IRC of Kosmi's members; with speakers only of those who spoke", async () => {
  await using world = await SandboxWorld.create({
    irc: 'ShowJoinPart=true\nShowJoinPartFor="speakers"',
    kosmi: "ShowJoinPart=true",
  });
  const { kosmi } = world;
  kosmi.join(ROOM, { name: "Silent" });
  kosmi.leave(ROOM, { name: "Silent" });
  kosmi.join(ROOM, { name: "Zoë" });
  kosmi.say(ROOM, { name: "Zoë" }, "hello");
  kosmi.leave(ROOM, { name: "Zoë" });
  assert.deepEqual(await world.inIrc(), ["<Zoë> hello", "<system> Zoë parts"]);
});

Deno.test("options: NoSendJoinPart and IgnoreNicks keep to themselves who comes and goes", async () => {
  await using quiet = await SandboxWorld.create({
    irc: "NoSendJoinPart=true",
    kosmi: "ShowJoinPart=true\nShowNickChange=true",
  });
  happenings(quiet);
  assert.deepEqual(await quiet.inKosmi(), ["<system> bob is now known as rob"]);
  await using world = await SandboxWorld.create({
    irc: 'IgnoreNicks="^[br]ob$"',
    kosmi: "ShowJoinPart=true\nShowNickChange=true",
  });
  happenings(world);
  assert.deepEqual(await world.inKosmi(), [
    "<system> carol joins",
    "<system> carol quits (gone home)",
  ]);
});

Deno.test("options: SyncTopic sets the other channel's topic", async () => {
  await using irc = await IrcSandbox.start();
  irc.addUser("alice", { channels: ["#one", "#two"] });
  await using relay = await startRelay({
    config: `
[irc.test]
Server="${irc.host}:${irc.port}"
Nick="relay"
SyncTopic=true
[[gateway]]
name="topics"
enable=true
[[gateway.inout]]
account="irc.test"
channel="#one"
[[gateway.inout]]
account="irc.test"
channel="#two"
`,
  });
  for (const channel of ["#one", "#two"]) {
    await relay.waitForLog(new RegExp(`msg="in ${channel}"`), { timeoutMs: 30_000 });
    irc.mode(channel, "+o", "relay");
  }
  irc.setTopic("#one", "Solaris at nine", "alice");
  await irc.waitFor(() => irc.topic("#two") === "Solaris at nine", "the topic of #two");
  assert.equal(irc.messageCount("#two"), 0);
});

/** An edit, a deletion, a reaction and a reply in Kosmi, of messages that were relayed. */
async function afterthoughts(world: SandboxWorld): Promise<string[]> {
  const { kosmi } = world;
  const zoe = { name: "Zoë" };
  const edited = kosmi.say(ROOM, zoe, "a tpyo");
  const deleted = kosmi.say(ROOM, zoe, "a slip");
  const liked = kosmi.say(ROOM, zoe, "a joke");
  await world.inIrc();
  kosmi.edit(ROOM, edited.id, "a typo");
  kosmi.delete(ROOM, deleted.id);
  kosmi.react(ROOM, liked.id, { name: "Max" }, "😂");
  kosmi.say(ROOM, { name: "Max" }, "ha", { replyTo: liked.id });
  return (await world.inIrc()).slice(3);
}

/** A server without reply tags and REDACT, so that words must do. */
const PLAIN_SERVER = { capabilities: ["echo-message", "labeled-response", "batch"] };

Deno.test("options: edits, deletions, reactions and replies are told by default", async () => {
  await using world = await SandboxWorld.create({
    irc: 'EditSuffix=" (edited)"',
    ircServer: PLAIN_SERVER,
  });
  assert.deepEqual(await afterthoughts(world), [
    "<Zoë> a typo (edited)",
    "<Zoë> deleted a message",
    "<Max> reacts with 😂 to Zoë: a joke",
    "<Max> (re Zoë: a joke) ha",
  ]);
});

Deno.test("options: EditDisable, ShowDeletes, ShowReactions and ShowReplies switch that off", async () => {
  await using world = await SandboxWorld.create({
    irc: "EditDisable=true\nShowDeletes=false\nShowReactions=false\nShowReplies=false",
    ircServer: PLAIN_SERVER,
  });
  assert.deepEqual(await afterthoughts(world), ["<Max> ha"]);
});

Deno.test("options: a samechannel gateway joins channels of one name, and only those", async () => {
  await using left = await IrcSandbox.start();
  await using right = await IrcSandbox.start();
  for (const server of [left, right]) server.addUser("alice", { channels: ["#a", "#b"] });
  await using relay = await startRelay({
    config: `
[irc.left]
Server="${left.host}:${left.port}"
Nick="relay"
MessageDelay=1
[irc.right]
Server="${right.host}:${right.port}"
Nick="relay"
MessageDelay=1
RemoteNickFormat="[{CHANNEL}] <{NICK}> "
[[samechannelgateway]]
name="same"
enable=true
accounts=["irc.left","irc.right"]
channels=["#a","#B"]
`,
  });
  for (const account of ["left", "right"]) {
    for (const channel of ["#a", "#b"]) {
      await relay.waitForLog(new RegExp(`msg="in ${channel}".*irc\\.${account}`, "i"), {
        timeoutMs: 30_000,
      });
    }
  }
  left.say("alice", "#a", "in a");
  left.say("alice", "#b", "in b");
  await right.waitForMessage("#a", "[#a] <alice> in a");
  await right.waitForMessage("#b", /^\[#b\] <alice> in b$/i);
  assert.equal(right.messageCount("#a"), 1);
  assert.equal(right.messageCount("#b"), 1);
});

Deno.test("options: the environment goes before the file, and [general] behind the account", async () => {
  await using world = await SandboxWorld.create({
    general: 'Label="of all"\nStripNick=true',
    irc: 'Label="of the file"',
    kosmi: 'RemoteNickFormat="file {NICK}: "',
    env: {
      MATTERBRIDGE_KOSMI_TEST_REMOTENICKFORMAT: "env {LABEL} {NICK}: ",
      MATTERBRIDGE_IRC_TEST_IGNORENICKS: "mallory",
      MATTERBRIDGE_KOSMI_TEST_REPLACEMESSAGES: '[["cat","dog"]]',
    },
  });
  world.irc.addUser("mallory", { channels: [CHANNEL] });
  world.irc.say("mallory", CHANNEL, "psst");
  world.irc.say("alice", CHANNEL, "hello");
  assert.deepEqual(await world.inKosmi(), ["env of the file alice: hello"]);
  world.kosmi.say(ROOM, { name: "Zoë 🎬" }, "a cat");
  assert.deepEqual(await world.inIrc(), ["<Zoë> a dog"]);
});

Deno.test("options: a long message of Kosmi is bounded by MaxLines, and the rest is told in one line", async () => {
  await using world = await SandboxWorld.create({ irc: "MessageDelay=1\nMaxLines=5" });
  const lines = Array.from({ length: 16 }, (_, n) => `line ${n + 1}`);
  world.kosmi.say(ROOM, { name: "Zoë" }, `\`\`\`\n${lines.join("\n")}\n\`\`\``);
  assert.deepEqual(await world.inIrc(), [
    ...lines.slice(0, 4).map((line) => `<Zoë> \x11${line}`),
    "<Zoë> … 12 more lines",
  ]);
});
