import assert from "node:assert/strict";
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
}
