import assert from "node:assert/strict";
import type { ChannelId } from "../../src/relay/port/ids.ts";
import { plainText } from "../../src/relay/port/rich_text.ts";
import { IrcClient } from "../support/irc_client.ts";
import { startInspircd, startNgircd, type TestIrcServer } from "../support/irc_servers.ts";
import { needs } from "../support/skip.ts";
import { start } from "./irc_bridge/running_bridge.ts";

const SERVERS: readonly (readonly [string, () => Promise<TestIrcServer>])[] = [
  ["ngircd", () => startNgircd({ password: "sekrit" })],
  ["inspircd", () => startInspircd()],
];

function client(server: TestIrcServer, nick: string, caps?: readonly string[]): Promise<IrcClient> {
  const { host, port, password } = server;
  const pass = password === null ? {} : { password };
  return IrcClient.connect({ host, port, nick, ...pass, ...(caps ? { caps } : {}) });
}

for (const [name, startServer] of SERVERS) {
  needs(name)(`${name}: messages and actions cross both ways`, async () => {
    await using server = await startServer();
    await using relay = start(server);
    await relay.up();
    await using alice = await client(server, "alice");
    await alice.join("#test");
    await alice.say("#test", "hello \x02bold\x02 \u200bword");
    const event = await relay.message("hello bold word");
    assert.equal(event.sender.nick, "alice");
    assert.match(event.sender.userId, /^~?tester@/);
    assert.equal(event.text.find((span) => span.style.bold)?.text, "bold");
    await alice.action("#test", "waves");
    assert.equal((await relay.message("waves")).action, true);

    const [receipt] = await relay.say("good evening ÄÖ 😸");
    assert.equal(receipt?.outcome, "confirmed");
    await alice.waitForMessage("#test", "<bob> good evening ÄÖ 😸");
    await relay.say("dances", { action: true });
    const seen = await alice.waitForMessage("#test", "<bob> dances");
    assert.equal(seen.action, true);
    assert.equal((await relay.stop()).kind, "stopped");
    await alice.waitFor((line) => line.command === "QUIT" && line.nick === "relay", "our QUIT");
  });

  needs(name)(`${name}: long lines arrive whole, each within the server's limit`, async () => {
    await using server = await startServer();
    await using relay = start(server, { messageDelayMs: 0 });
    await using alice = await client(server, "alice");
    await alice.join("#test");
    await relay.up();
    const text = "Größe 😸👨‍👩‍👧 漢字 ".repeat(60).trim();
    const receipts = await relay.say(text);
    assert.ok(receipts.length > 3);
    assert.ok(
      receipts.every((receipt) => receipt.outcome === "confirmed"),
      JSON.stringify(receipts),
    );
    const seen = await alice.waitForMessages("#test", receipts.length);
    const joined = seen.map((one) => one.text.slice("<bob> ".length)).join("");
    // ngircd takes away the space at the end of a line.
    if (name === "ngircd") assert.equal(joined.replaceAll(" ", ""), text.replaceAll(" ", ""));
    else assert.equal(joined, text);
    for (const line of alice.lines) assert.ok(line.bytes.length <= 510);
  });

  needs(name)(`${name}: a kick takes the channel down, then it comes back`, async () => {
    await using server = await startServer();
    await using alice = await client(server, "alice");
    await alice.join("#test");
    await using relay = start(server);
    await relay.up();
    await alice.raw("KICK #test relay :out");
    const why = await relay.down();
    assert.equal(why.mend, "wait");
    assert.match(why.reason, /alice kicked us from #test \(out\)/);
    await relay.up("#test", 2);
    await alice.say("#test", "back?");
    await relay.message("back?");
  });

  needs(name)(`${name}: channel keys are used, a wrong one is a refusal for a person`, async () => {
    await using server = await startServer();
    await using alice = await client(server, "alice");
    await alice.join("#locked");
    await alice.join("#test");
    await alice.raw("MODE #locked +k sesame");
    await alice.sync();
    await using relay = start(server, {
      channels: ["#test", "#locked"],
      keys: { "#locked": "sesame" },
    });
    await relay.up("#test");
    await relay.up("#locked");
    await using other = start(server, {
      nick: "other",
      channels: ["#locked"],
      keys: { "#locked": "wrong" },
    });
    const why = await other.down("#locked");
    assert.deepEqual([why.mend, /key/.test(why.reason)], ["person", true]);
    assert.doesNotMatch(why.reason, /sesame|wrong\b.*\bwrong/);
  });

  needs(name)(`${name}: no text carries a second command`, async () => {
    await using server = await startServer();
    await using alice = await client(server, "alice");
    await alice.join("#test");
    await using relay = start(server, { messageDelayMs: 0 });
    await relay.up();
    const evil = "a\r\nQUIT :pwned\rQUIT\0QUIT";
    await relay.say(evil, { prefix: plainText("<x\r\nQUIT> ") });
    await relay.say(evil, { action: true });
    const channel = "#test" as ChannelId;
    const never = new AbortController().signal;
    for (const part of relay.bridge.render(channel, { kind: "topic", topic: evil })) {
      await relay.bridge.transmit(channel, part, never);
    }
    const [stored] = relay.bridge.render(channel, { kind: "topic", topic: "x" });
    assert.ok(stored);
    await relay.bridge.transmit(channel, {
      ...stored,
      kind: "message",
      wire: evil as typeof stored.wire,
    }, never);
    await relay.say("still here");
    await alice.waitForMessage("#test", "<bob> still here");
    assert.ok(!alice.lines.some((line) => line.command === "QUIT"));
  });

  needs(name)(`${name}: a server that crashes leaves nothing open`, async () => {
    await using server = await startServer();
    await using relay = start(server);
    await relay.up();
    await server.process.freeze();
    const sent = relay.say("one\ntwo\nthree\nfour\nfive\nsix\nseven\neight");
    await relay.waitFor(() => true, "now");
    await server.process.thaw();
    await server.stop("SIGKILL");
    const end = await relay.ended;
    assert.equal(end.kind, "lost");
    const outcomes = (await sent).map((receipt) => receipt.outcome);
    assert.equal(outcomes.length, 8);
    assert.ok(outcomes.slice(-2).every((outcome) => outcome === "unsent"), outcomes.join());
    await server.start();
    await using again = start(server, {}, relay.bridge);
    await again.up();
  });
}

needs("ngircd")("ngircd: a wrong server password is a refusal", async () => {
  await using server = await startNgircd({ password: "sekrit" });
  await using relay = start(server, { password: "wrong-secret" });
  const end = await relay.ended;
  assert.equal(end.kind, "refused");
  assert.doesNotMatch(end.reason + relay.log.texts().join(), /wrong-secret/);
});
