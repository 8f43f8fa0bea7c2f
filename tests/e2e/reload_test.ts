import assert from "node:assert/strict";
import { whoHolds } from "../../src/store/files/lock.ts";
import { startIrcServer } from "../sandbox/irc/irc_sandbox.ts";
import { type KosmiSandbox, startKosmi } from "../sandbox/kosmi/mod.ts";
import { type RelayProcess, startRelay } from "../support/relay_process.ts";
import { needs } from "../support/skip.ts";
import { tempDir } from "../support/temp_dir.ts";
import { until } from "../support/wait.ts";
import { PseudoTerminal } from "./support/pseudo_terminal.ts";

interface Place {
  readonly account: string;
  readonly channel: string;
}

/** What the tests change of a configuration. */
interface Plan {
  readonly format?: string;
  /** Lines of [irc.side]; null: no such account in any gateway. */
  readonly side?: string | null;
  /** Channels of irc.main beside #films, in the same gateway. */
  readonly channels?: readonly string[];
  /** Rooms of kosmi.test beside @movienight, in the same gateway. */
  readonly rooms?: readonly string[];
  readonly general?: string;
}

const ROOM = "@movienight";

async function world() {
  await using stack = new AsyncDisposableStack();
  const irc = stack.use(await startIrcServer({ chatHistory: true }));
  const side = stack.use(await startIrcServer());
  const kosmi = stack.use(await startKosmi());
  for (const channel of ["#films", "#more", "#side"]) {
    for (const server of [irc, side]) {
      if (server.members(channel).length > 0) continue;
      const nick = `ann${channel.slice(1)}`;
      server.addUser(nick);
      server.join(nick, channel);
    }
  }
  const config = (plan: Plan = {}) => configOf(plan, { irc: irc.port, side: side.port }, kosmi);
  const data = { MATTERBRIDGE_DATA_DIR: "./data" };
  const relay = stack.use(await startRelay({ config: config(), env: data }));
  await relay.waitForLog(/msg="in main"/);
  await relay.waitForLog(/msg="in #films"/);
  const running = stack.move();
  return {
    irc,
    side,
    kosmi,
    relay,
    config,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function configOf(
  plan: Plan,
  ports: { readonly irc: number; readonly side: number },
  kosmi: KosmiSandbox,
): string {
  const places: Place[] = [
    { account: "irc.main", channel: "#films" },
    { account: "kosmi.test", channel: "main" },
    ...(plan.channels ?? []).map((channel) => ({ account: "irc.main", channel })),
    ...(plan.rooms ?? []).map((room) => ({ account: "kosmi.test", channel: kosmi.roomUrl(room) })),
    ...(typeof plan.side === "string" ? [{ account: "irc.side", channel: "#side" }] : []),
  ];
  return `
[general]
${plan.general ?? ""}
[irc.main]
Server="127.0.0.1:${ports.irc}"
Nick="relay"
MessageDelay=1
RemoteNickFormat="${plan.format ?? "<{NICK}> "}"
${
    typeof plan.side === "string"
      ? `[irc.side]\nServer="127.0.0.1:${ports.side}"\nNick="relay"\nMessageDelay=1\n${plan.side}`
      : ""
  }
[kosmi.test]
RoomURL="${kosmi.roomUrl(ROOM)}"
AppURL="${kosmi.appUrl}"
HTTPEndpoint="${kosmi.httpEndpoint}"
WSEndpoint="${kosmi.wsEndpoint}"
ImageEndpoint="${kosmi.imageEndpoint}"
MessageDelay=0
RemoteNickFormat="<{NICK}> "
[[gateway]]
name="films"
enable=true
${
    places.map(({ account, channel }) =>
      `[[gateway.inout]]\naccount="${account}"\nchannel="${channel}"`
    ).join("\n")
  }
`;
}

/** Writes the configuration and has it read again; waits for what the log says of it. */
async function reload(relay: RelayProcess, config: string): Promise<string> {
  const since = relay.mark();
  await relay.writeConfig(config);
  relay.signal("SIGHUP");
  await relay.waitForLog(/is in effect|the current one stays in use/, { since });
  return relay.output.slice(since);
}

Deno.test("reload takes a new format over and keeps every link", async () => {
  await using bench = await world();
  const { irc, kosmi, relay, config } = bench;
  const said = await reload(relay, config({ format: "[K] {NICK}: " }));
  assert.match(said, /2 of 2 accounts keep their connection/);
  kosmi.say(ROOM, { name: "Ada" }, "hello");
  const message = await irc.waitForMessage("#films", /hello/);
  assert.equal(message.text.replaceAll("\u200b", ""), "[K] Ada: hello");
  assert.equal(irc.counters.registrations, 1);
  assert.equal(kosmi.connections().length, 1);
});

Deno.test("reload enters and leaves channels and rooms on the links that there are", async () => {
  await using bench = await world();
  const { irc, kosmi, relay, config } = bench;
  await reload(relay, config({ channels: ["#more"], rooms: ["956fp3"] }));
  await irc.waitForMember("#more", "relay");
  await relay.waitForLog(/msg="in http\S+956fp3"/);
  kosmi.say("956fp3", { name: "Ada" }, "from the other room");
  await irc.waitForMessage("#more", /from the other room/);
  irc.say("annmore", "#more", "from the other channel");
  await kosmi.waitForMessage("956fp3", (one) => /from the other channel/.test(one.text));
  const since = relay.mark();
  await reload(relay, config());
  await irc.waitForGone("#more", "relay");
  irc.say("annmore", "#more", "nobody hears this");
  irc.say("annfilms", "#films", "but this");
  await kosmi.waitForMessage(ROOM, (one) => /but this/.test(one.text));
  assert.ok(!kosmi.messages(ROOM).some((one) => /nobody hears/.test(one.text)));
  // Again, at once: the goodbye and the new entry must not get into each other's way.
  await reload(relay, config({ channels: ["#more"], rooms: ["956fp3"] }));
  await irc.waitForMember("#more", "relay");
  await relay.waitForLog(/msg="in http\S+956fp3"/, { since });
  kosmi.say("956fp3", { name: "Ada" }, "back again");
  await irc.waitForMessage("#more", /back again/);
  assert.equal(irc.counters.registrations, 1);
  assert.doesNotMatch(relay.output.slice(since), /not connected|not in #/);
});

Deno.test("reload adds, changes and removes an account without touching the others", async () => {
  await using bench = await world();
  const { irc, side, kosmi, relay, config } = bench;
  await reload(relay, config({ side: "" }));
  await side.waitForMember("#side", "relay");
  kosmi.say(ROOM, { name: "Ada" }, "one");
  await side.waitForMessage("#side", /one/);
  const changed = await reload(relay, config({ side: 'RealName="another"' }));
  assert.match(changed, /irc\.side: options changed, reconnecting/);
  await side.waitFor(() => side.counters.registrations === 2, "the second login");
  await side.waitForMember("#side", "relay");
  kosmi.say(ROOM, { name: "Ada" }, "two");
  await side.waitForMessage("#side", /two/);
  const removed = await reload(relay, config());
  assert.match(removed, /irc\.side: removed, disconnected/);
  await side.waitForGone("#side", "relay");
  kosmi.say(ROOM, { name: "Ada" }, "three");
  await irc.waitForMessage("#films", /three/);
  assert.equal(irc.counters.registrations, 1);
  assert.equal(side.messages("#side").filter((one) => /three/.test(one.text)).length, 0);
});

Deno.test("reload refuses a faulty configuration, tells all its faults, and goes on with the old one", async () => {
  await using bench = await world();
  const { irc, kosmi, relay, config } = bench;
  const faulty = config({ format: "[new] ", general: "OutboxMaxMessages=-1" })
    .replace("MessageDelay=1", 'MessageDelay="soon"');
  const said = await reload(relay, faulty);
  assert.match(said, /level=error .*matterbridge\.toml:\d+: general\.OutboxMaxMessages/);
  assert.match(said, /level=error .*irc\.main\.MessageDelay/);
  assert.match(said, /the current one stays in use/);
  kosmi.say(ROOM, { name: "Ada" }, "still");
  const message = await irc.waitForMessage("#films", /still/);
  assert.equal(message.text.replaceAll("\u200b", ""), "<Ada> still");
});

Deno.test("kosmi-relay reload prints what came of it", async () => {
  await using bench = await world();
  const { relay, config } = bench;
  const ask = async () => {
    await using asking = await startRelay({
      config: null,
      args: ["reload"],
      env: { MATTERBRIDGE_DATA_DIR: `${relay.dir}/data` },
    });
    const { code } = await asking.waitForExit(20_000);
    return { code, stdout: asking.stdout, stderr: asking.stderr };
  };
  await relay.writeConfig(config({ format: "new ", general: 'LogFormat="json"' }));
  const good = await ask();
  assert.equal(good.code, 0, good.stderr);
  assert.match(good.stdout, /2 of 2 accounts keep their connection/);
  assert.match(good.stdout, /LogFormat takes effect at the next start/);
  await relay.writeConfig("[general\n");
  const bad = await ask();
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /matterbridge\.toml:\d+: .*\n.*goes on with the old configuration/s);
  await relay.stop("SIGKILL");
  const nobody = await ask();
  assert.equal(nobody.code, 1);
  assert.match(nobody.stderr, /No relay runs on/);
});

Deno.test("100 reloads under traffic lose and double nothing, and untouched links never drop", async () => {
  await using bench = await world();
  const { irc, side, kosmi, relay, config } = bench;
  const plans: Plan[] = [
    { side: "" },
    { side: "", format: "x {NICK}: " },
    { side: 'RealName="b"', channels: ["#more"] },
    { rooms: ["956fp3"] },
    { side: "", channels: ["#more"], rooms: ["956fp3"] },
    {},
  ];
  let count = 0;
  // So many a reload, however long a reload takes: the sandbox keeps 2,000 messages of a channel.
  const talk = async (): Promise<void> => {
    for (let message = 0; message < 8; message++) {
      count++;
      kosmi.say(ROOM, { name: "Ada" }, `k${count}.`);
      irc.say("annfilms", "#films", `i${count}.`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  for (let round = 0; round < 100; round++) {
    await Promise.all([talk(), reload(relay, config(plans[round % plans.length]))]);
  }
  kosmi.say(ROOM, { name: "Ada" }, "the end k");
  irc.say("annfilms", "#films", "the end i");
  await irc.waitForMessage("#films", /the end k/, 20_000);
  await kosmi.waitForMessage(ROOM, (one) => /the end i/.test(one.text), 20_000);
  const numbers = (texts: readonly string[], letter: string) =>
    texts.flatMap((text) => text.match(new RegExp(`\\b${letter}(\\d+)\\.`))?.[1] ?? []).map(Number);
  const all = Array.from({ length: count }, (_, at) => at + 1);
  const fromKosmi = irc.messages("#films").filter((one) => one.nick === "relay");
  const fromIrc = kosmi.messages(ROOM).filter((one) => one.author.anonymous);
  assert.deepEqual(numbers(fromKosmi.map((one) => one.text), "k"), all);
  assert.deepEqual(numbers(fromIrc.map((one) => one.text), "i"), all);
  for (const [server, channel] of [[irc, "#more"], [side, "#side"]] as const) {
    const seen = numbers(server.messages(channel).map((one) => one.text), "k");
    assert.ok(seen.length > 0, `nothing came to ${channel}`);
    assert.deepEqual(seen, [...new Set(seen)].sort((a, b) => a - b));
  }
  assert.equal(irc.counters.registrations, 1);
  assert.equal(kosmi.counters.upgrades, 1);
  assert.ok(side.counters.registrations >= 30);
  assert.doesNotMatch(relay.output, /not connected|internal error/);
});

needs("script")("a relay whose terminal is closed ends, and does not reload", async () => {
  await using bench = await world();
  const { relay, config } = bench;
  await relay.stop();
  await using home = await tempDir("closed-");
  await Deno.writeTextFile(home.file("matterbridge.toml"), config());
  const main = new URL("../../src/main.ts", import.meta.url).pathname;
  await using terminal = new PseudoTerminal({
    command: [Deno.execPath(), "run", "-A", "--no-prompt", main],
    cwd: home.path,
    env: { MATTERBRIDGE_DATA_DIR: home.file("data") },
  });
  await terminal.see(/in main/);
  assert.notEqual(await whoHolds(home.file("data")), null);
  terminal.closeWindow();
  await until(async () => await whoHolds(home.file("data")) === null, "the end of the relay");
});
