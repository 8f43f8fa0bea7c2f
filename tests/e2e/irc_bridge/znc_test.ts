import assert from "node:assert/strict";
import { IrcClient } from "../../support/irc_client.ts";
import { startInspircd, startNgircd, startZnc, type TestZnc } from "../../support/irc_servers.ts";
import { needs } from "../../support/skip.ts";
import type { TestIrcServer } from "../../support/irc_servers.ts";
import { cursorAt, type RunningOptions, start } from "./running_bridge.ts";
import { until } from "../../support/wait.ts";

const FAST = { burst: 50, rate: 0.1 };

function behind(znc: TestZnc, running: RunningOptions = {}) {
  const { host, port, password } = znc;
  return start({ host, port, password } as TestIrcServer, { messageDelayMs: 0, ...running });
}

async function alice(server: TestIrcServer): Promise<IrcClient> {
  const { host, port } = server;
  const client = await IrcClient.connect({ host, port, nick: "alice" });
  await client.join("#test");
  return client;
}

needs("znc", "inspircd")("behind ZNC messages cross both ways, each once", async () => {
  await using server = await startInspircd();
  await using znc = await startZnc(server, { flood: FAST });
  await using relay = behind(znc);
  await relay.up();
  await using person = await alice(server);
  await person.say("#test", "hello");
  assert.equal((await relay.message("hello")).sender.nick, "alice");
  const [receipt] = await relay.say("good evening");
  assert.equal(receipt?.outcome, "confirmed");
  await person.waitForMessage("#test", "<bob> good evening");
  await relay.say("last");
  assert.deepEqual(relay.texts, ["hello"]);
});

needs("znc", "inspircd")("behind ZNC a refusal after the echo is heard", async () => {
  await using server = await startInspircd();
  await using person = await alice(server);
  await using znc = await startZnc(server, { flood: FAST });
  await using relay = behind(znc);
  await relay.up();
  await person.raw("MODE #test +m");
  await person.sync();
  const [refused] = await relay.say("not now");
  assert.equal(refused?.outcome, "rejected", JSON.stringify(refused));
  await person.raw("MODE #test -m");
  await person.sync();
  assert.equal((await relay.say("now"))[0]?.outcome, "confirmed");
});

needs("znc", "inspircd")("behind ZNC nothing is confirmed while its server is away", async () => {
  await using server = await startInspircd();
  await using znc = await startZnc(server, { flood: FAST });
  await using relay = behind(znc, { limits: { throughMs: 4_000, rejoinMs: 200 } });
  await relay.up();
  assert.equal((await relay.say("before"))[0]?.outcome, "confirmed");
  await server.stop("SIGKILL");
  const [lost] = await relay.say("while away");
  assert.ok(lost?.outcome === "unsent" || lost?.outcome === "unknown", JSON.stringify(lost));
  assert.equal((await relay.down()).mend, "wait");
  await server.start();
  await relay.up("#test", 2);
  assert.equal((await relay.say("after"))[0]?.outcome, "confirmed");
  assert.deepEqual(relay.texts, []);
});

needs("znc", "inspircd")("behind ZNC a server that falls silent confirms nothing", async () => {
  await using server = await startInspircd();
  await using znc = await startZnc(server, { flood: FAST });
  await using relay = behind(znc, { limits: { throughMs: 4_000, rejoinMs: 200 } });
  await relay.up();
  server.process.freeze();
  const [doubtful] = await relay.say("into silence");
  assert.equal(doubtful?.outcome, "unknown");
  assert.match((await relay.down()).reason, /does not answer/);
  server.process.thaw();
  await relay.up("#test", 2);
  assert.equal((await relay.say("after"))[0]?.outcome, "confirmed");
});

needs("znc", "ngircd")(
  "behind ZNC its own nick is ours, and its channels are its owner's",
  async () => {
    await using server = await startNgircd();
    await using person = await alice(server);
    await using znc = await startZnc(server, {
      nick: "theowner",
      channels: ["#test", "#private"],
      flood: FAST,
    });
    await person.waitFor(
      (line) => line.command === "JOIN" && line.nick === "theowner",
      "the owner",
    );
    const relay = behind(znc);
    await relay.up();
    assert.equal((await relay.say("under the owner's nick"))[0]?.outcome, "confirmed");
    await relay.stop();
    const mark = person.mark();
    await person.raw("NAMES #private");
    const isList = (line: { command: string; params: readonly string[] }) =>
      line.command === "353" && line.params.includes("#private");
    const names = await person.waitFor(isList, "the names", { since: mark });
    assert.match(names.text, /theowner/);
  },
);

needs("znc", "ngircd")(
  "behind ZNC what was said while we were away comes, without a false gap",
  async () => {
    await using server = await startNgircd();
    await using znc = await startZnc(server, { flood: FAST });
    await using person = await alice(server);
    const first = behind(znc);
    await first.up();
    await person.say("#test", "before");
    const before = await first.message("before");
    await first.stop();
    await person.say("#test", "while away");
    await person.sync();
    const cursors = new Map([["#test", cursorAt(before.id, before.atMs)]]);
    await using again = behind(znc, { cursors });
    const history = await again.up();
    const told = history?.messages.map((one) =>
      one.own ? "own" : one.event.text.map((span) => span.text).join("")
    );
    // ZNC hears the line some 40 ms later than its speaker's server: as long as it has not noticed that the first has
    // left it shows it to that one, and when the second is there already it is nothing that was missed.
    await until(
      () => first.texts.length + (told?.length ?? 0) + again.texts.length > 1,
      "the line, wherever it comes",
    );
    const all = [...first.texts.slice(1), ...told ?? [], ...again.texts];
    assert.deepEqual(all, ["while away"]);
    assert.equal(history?.complete ?? true, true);
  },
);

needs("znc", "ngircd")("behind ZNC the owner's own words are relayed, ours are not", async () => {
  await using server = await startNgircd();
  await using znc = await startZnc(server, { flood: FAST });
  await using relay = behind(znc);
  await using silent = behind(znc, { relayOwnLines: false });
  await relay.up();
  await silent.up();
  const { host, port, password } = znc;
  await using owner = await IrcClient.connect({ host, port, nick: "relay", password });
  const said = Promise.all([relay.say("one"), relay.say("two")]);
  owner.raw("PRIVMSG #test :I am the owner");
  await relay.message("I am the owner");
  const receipts = (await said).flat();
  assert.ok(receipts.every((one) => one.outcome === "confirmed"), JSON.stringify(receipts));
  await relay.say("three");
  assert.deepEqual(relay.texts, ["I am the owner"]);
  assert.deepEqual(silent.texts, []);
});
