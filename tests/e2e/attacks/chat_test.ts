import assert from "node:assert/strict";
import { CHANNEL, ROOM, SandboxWorld } from "../support/sandbox_world.ts";

const SECRET = "s3cr3t-word";

Deno.test("attack: nobody in chat can keep the relay out", async () => {
  await using world = await SandboxWorld.create();
  for (let times = 0; times < 5; times++) {
    world.irc.say("alice", CHANNEL, "!reconnect");
    world.kosmi.say(ROOM, { name: "mallory" }, "!kreconnect");
  }
  // What is no command for these people is said like anything else.
  assert.equal((await world.inKosmi()).filter((text) => text.endsWith("!reconnect")).length, 5);
  assert.equal((await world.inIrc()).filter((text) => text.endsWith("!kreconnect")).length, 5);
  assert.doesNotMatch(world.relay.output, /reconnecting|connected again/i);
});

Deno.test("attack: who may reconnect can do so once in five minutes, and it is no failure", async () => {
  await using world = await SandboxWorld.create({
    general: 'CommandUsers=["irc.test:alice!*@*"]',
  });
  const since = world.relay.mark();
  for (let times = 0; times < 3; times++) world.irc.say("alice", CHANNEL, "!kreconnect");
  await world.irc.waitForMessage(CHANNEL, /^Reconnecting Kosmi\.\.\.$/);
  await world.relay.waitForLog(/connected again as .*account=kosmi\.test/, { since });
  await world.relay.waitForLog(/msg="in main"/, { since });
  await world.irc.waitForMessage(CHANNEL, /^Reconnected only recently\. Try again in [45] min\.$/);
  await world.inKosmi();
  assert.equal(world.relay.output.slice(since).match(/connected again/g)?.length, 1);
  assert.doesNotMatch(world.relay.output.slice(since), /not connected|refused/);
});

Deno.test("attack: a mask counts on its own network only, and a nick is no login", async () => {
  await using world = await SandboxWorld.create({
    general: 'CommandUsers=["irc.other:*!*@*", "kosmi.test:nobody", "irc.test:alice"]',
  });
  // Alice is called so, but the server does not say that she is logged in as alice.
  world.irc.say("alice", CHANNEL, "!reconnect");
  world.kosmi.say(ROOM, { name: "nobody" }, "!reconnect");
  assert.deepEqual((await world.inKosmi()).map((text) => text.replace(/^.*> /, "")), [
    "!reconnect",
  ]);
  assert.deepEqual((await world.inIrc()).map((text) => text.replace(/^.*> /, "")), ["!reconnect"]);
  assert.doesNotMatch(world.relay.output, /reconnecting|connected again/i);
  assert.match(world.relay.output, /there is no account \\"irc\.other\\"/);
});

Deno.test("attack: !status tells states of this gateway's accounts, and no server's words", async () => {
  await using hidden = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const answering = answerAll(hidden, `ERROR :PASS ${SECRET} was wrong, ask boss@corp.example\r\n`);
  await using world = await SandboxWorld.create({
    // Another gateway, whose account is refused in words that hold secrets.
    irc: `
[irc.hidden]
Server="127.0.0.1:${hidden.addr.port}"
Nick="relay"
[[gateway]]
name="other"
enable=true
[[gateway.inout]]
account="irc.hidden"
channel="#hidden"
[[gateway.inout]]
account="irc.test"
channel="#corp"
`,
  });
  await world.relay.waitForLog(/not connected: .*account=irc\.hidden/);
  world.kosmi.say(ROOM, { name: "mallory" }, "!status");
  const { text } = await world.kosmi.waitForMessage(ROOM, ({ text }) => /^kosmi-relay /.test(text));
  assert.match(
    text,
    /^kosmi-relay \S+ \| kosmi\.test: connected for \d+ s \| irc\.test: connected for \d+ s$/,
  );
  world.irc.addUser("eve", { channels: ["#corp"] });
  world.irc.say("eve", "#corp", "!status");
  const answer = await world.irc.waitForMessage("#corp", /irc\.hidden: /);
  assert.match(answer.text, /irc\.hidden: (?:connecting|not connected, next try in \d+ s)$/);
  assert.equal(answer.text.includes(SECRET) || answer.text.includes("boss@"), false);
  assert.equal(world.relay.output.includes(SECRET), false, "in the log");
  hidden.close();
  await answering;
});

Deno.test("attack: questions have a bound for each channel", async () => {
  await using world = await SandboxWorld.create();
  for (let times = 0; times < 20; times++) world.irc.say("alice", CHANNEL, "!help");
  await world.inKosmi();
  const answers = (await world.inIrc(), world.irc.messages(CHANNEL))
    .filter(({ nick, text }) => nick === "relay" && text.startsWith("!status: "));
  assert.ok(answers.length >= 1 && answers.length <= 4, `${answers.length} answers`);
  assert.equal(answers[0]?.text.includes("reconnect"), false);
});

/** A server that says one line and hangs up. */
async function answerAll(listener: Deno.TcpListener, line: string): Promise<void> {
  for await (const conn of listener) {
    await conn.write(new TextEncoder().encode(line)).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 50));
    conn.close();
  }
}
