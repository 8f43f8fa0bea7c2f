import assert from "node:assert/strict";
import { startIrcServer } from "../sandbox/irc/irc_sandbox.ts";
import { startKosmi } from "../sandbox/kosmi/mod.ts";
import { startRelay } from "../support/relay_process.ts";

const ROOM = "@movienight";
const FILMS = "#films";

/** Two gateways: one that is fed bad input, and one that must not notice. */
async function twoGateways() {
  await using stack = new AsyncDisposableStack();
  const kosmi = stack.use(await startKosmi());
  const irc = stack.use(await startIrcServer());
  const other = stack.use(await startIrcServer());
  irc.addUser("alice", { channels: [FILMS, "#closed"] });
  irc.faults.refuseJoins.set("#closed", "474");
  other.addUser("bob", { channels: ["#one", "#two"] });
  const relay = stack.use(
    await startRelay({
      config: `
[irc.films]
Server="127.0.0.1:${irc.port}"
Nick="relay"
MessageDelay=1
[irc.other]
Server="127.0.0.1:${other.port}"
Nick="relay"
MessageDelay=1
[kosmi.test]
RoomURL="${kosmi.roomUrl(ROOM)}"
AppURL="${kosmi.appUrl}"
HTTPEndpoint="${kosmi.httpEndpoint}"
WSEndpoint="${kosmi.wsEndpoint}"
MessageDelay=0
[[gateway]]
name="films"
enable=true
[[gateway.inout]]
account="irc.films"
channel="${FILMS}"
[[gateway.inout]]
account="kosmi.test"
channel="main"
[[gateway]]
name="unlucky"
enable=true
[[gateway.inout]]
account="irc.films"
channel="#closed"
[[gateway.inout]]
account="kosmi.test"
channel="@nowhere"
[[gateway]]
name="other"
enable=true
[[gateway.inout]]
account="irc.other"
channel="#one"
[[gateway.inout]]
account="irc.other"
channel="#two"
`,
    }),
  );
  await relay.waitForLog(/msg="in main"/, { timeoutMs: 30_000 });
  await relay.waitForLog(/msg="in #films"/, { timeoutMs: 30_000 });
  await relay.waitForLog(/msg="in #two"/, { timeoutMs: 30_000 });
  const resources = stack.move();
  let count = 0;
  return {
    kosmi,
    irc,
    relay,
    /** Both gateways still carry messages, both ways, and exactly once. */
    async works(): Promise<void> {
      const n = ++count;
      other.say("bob", "#one", `other ${n}`);
      await other.waitForMessage("#two", new RegExp(`other ${n}$`), 20_000);
      kosmi.say(ROOM, { name: "Zoë" }, `from Kosmi ${n}`);
      await irc.waitForMessage(FILMS, new RegExp(`from Kosmi ${n}$`), 20_000);
      irc.say("alice", FILMS, `from IRC ${n}`);
      const arrived = (text: string) => text.endsWith(`from IRC ${n}`);
      await kosmi.waitForMessage(ROOM, ({ text }) => arrived(text), 20_000);
      assert.equal(kosmi.messages(ROOM).filter(({ text }) => arrived(text)).length, 1);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function countOf(text: string, pattern: RegExp): number {
  return text.match(new RegExp(pattern, "g"))?.length ?? 0;
}

Deno.test("a room that does not exist and a channel we are banned from stop nothing else", async () => {
  await using world = await twoGateways();
  await world.relay.waitForLog(/level=error msg="not in @nowhere: [^\n]*@nowhere/);
  await world.relay.waitForLog(/level=error msg="not in #closed: /);
  await world.works();
  assert.equal(countOf(world.relay.output, /not in @nowhere/), 1);
  assert.equal(countOf(world.relay.output, /not in #closed/), 1);
});

const JUNK = [
  "malformed-json",
  "truncated-json",
  "unknown-type",
  "not-an-object",
  "binary",
  "ten-megabytes",
] as const;

for (const junk of JUNK) {
  Deno.test(`Kosmi sends ${junk}: one line in the log, and everything goes on`, async () => {
    await using world = await twoGateways();
    const since = world.relay.mark();
    world.kosmi.sendJunk(junk);
    world.kosmi.sendJunk(junk);
    await world.relay.waitForLog(/level=(warning|error) /, { since, timeoutMs: 20_000 });
    await world.works();
    assert.ok(world.relay.running);
  });
}

Deno.test("IRC sends a line of 100 kB and bytes that are no UTF-8: everything goes on", async () => {
  await using world = await twoGateways();
  const since = world.relay.mark();
  world.irc.sendRaw("relay", `:alice!a@host PRIVMSG ${FILMS} :${"x".repeat(100_000)}`);
  await world.relay.waitForLog(/level=warning /, { since, timeoutMs: 20_000 });
  await world.works();
  world.irc.say("alice", FILMS, new Uint8Array([0x67, 0x72, 0xfc, 0xdf, 0x65]));
  await world.kosmi.waitForMessage(ROOM, ({ text }) => text.endsWith("grüße"), 20_000);
  await world.works();
});

Deno.test("line breaks and NUL in a message or a name never become an IRC command", async () => {
  await using world = await twoGateways();
  const texts = ["a\r\nQUIT :gone", "b\rQUIT", "c\0\nPRIVMSG #films :forged", "\r\n\r\n"];
  for (const text of texts) world.kosmi.say(ROOM, { name: "Eve\r\nQUIT :x" }, text);
  await world.works();
  const commands = world.irc.received.filter(({ nick }) => nick === "relay")
    .map(({ line }) => line.replace(/^@\S+ /, "").split(" ")[0]);
  assert.ok(!commands.includes("QUIT"), commands.join(" "));
  const forged = world.irc.messages(FILMS).filter(({ text }) => text === "forged");
  assert.deepEqual(forged, []);
});
