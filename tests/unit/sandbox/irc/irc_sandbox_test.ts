import assert from "node:assert/strict";
import { makeCertificate } from "../../../support/irc_servers/certificate.ts";
import { needs } from "../../../support/skip.ts";
import { tempDir } from "../../../support/temp_dir.ts";
import {
  type IrcSandbox,
  type IrcServerOptions,
  startIrcServer,
} from "../../../sandbox/irc/irc_sandbox.ts";
import { IrcClient, type IrcClientOptions } from "../../../support/irc_client.ts";

const CAPS = [
  "batch",
  "echo-message",
  "labeled-response",
  "message-tags",
  "server-time",
  "account-tag",
  "extended-join",
  "multi-prefix",
  "setname",
  "away-notify",
  "chghost",
  "draft/chathistory",
  "draft/message-redaction",
];

function connect(
  server: IrcSandbox,
  nick: string,
  options: Partial<IrcClientOptions> = {},
): Promise<IrcClient> {
  return IrcClient.connect({ host: server.host, port: server.port, nick, ...options });
}

/** A server with a client in #room and somebody that the test speaks for. */
async function room(options: IrcServerOptions = {}, caps: readonly string[] = CAPS) {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await startIrcServer(options));
  server.addUser("eve", { channels: ["#room"] });
  const ada = stack.use(await connect(server, "ada", caps.length === 0 ? {} : { caps }));
  await ada.join("#room");
  return { server, ada, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

Deno.test("the sandbox carries messages between clients and virtual users", async () => {
  await using place = await room();
  const { server, ada } = place;
  await using bob = await connect(server, "bob");
  await bob.join("#ROOM");
  await ada.say("#room", "hello, wörld");
  await bob.action("#room", "waves");
  server.say("eve", "#room", "welcome 👋");
  assert.equal((await bob.waitForMessage("#room", /hello/)).text, "hello, wörld");
  assert.equal((await ada.waitForMessage("#room", "waves")).action, true);
  assert.equal((await bob.waitForMessage("#room", "welcome 👋")).nick, "eve");
  assert.deepEqual((await bob.names("#room")).sort(), ["ada", "bob", "eve"]);
  const texts = server.messages("#room").map(({ nick, text, action }) => [nick, text, action]);
  assert.deepEqual(texts.sort(), [
    ["ada", "hello, wörld", false],
    ["bob", "waves", true],
    ["eve", "welcome 👋", false],
  ]);
});

Deno.test("the sandbox echoes with label, msgid and time", async () => {
  await using place = await room();
  const { server, ada } = place;
  await ada.raw("@label=l1;+draft/reply=x;unknown=y PRIVMSG #room :hi");
  const { tags } = await ada.waitForMessage("#room", "hi");
  const [said] = await server.waitForMessages("#room", 1);
  assert.equal(tags["label"], "l1");
  assert.equal(tags["+draft/reply"], "x");
  assert.equal(tags["unknown"], undefined);
  assert.equal(tags["msgid"], said?.msgid);
  assert.match(tags["time"] ?? "", /^\d{4}-.*Z$/);
  assert.deepEqual(said?.tags, { "+draft/reply": "x" });
});

Deno.test("the sandbox answers labels with ACK, one line, or a batch", async () => {
  await using place = await room();
  const { ada } = place;
  await ada.raw("@label=a PONG x");
  await ada.raw("@label=b PING y");
  await ada.raw("@label=c WHOIS eve");
  const ack = await ada.waitFor((line) => line.tags["label"] === "a", "a");
  const pong = await ada.waitFor((line) => line.tags["label"] === "b", "b");
  const batch = await ada.waitFor((line) => line.tags["label"] === "c", "c");
  assert.deepEqual([ack.command, pong.command, batch.command], ["ACK", "PONG", "BATCH"]);
  const id = batch.params[0]?.slice(1) ?? "";
  await ada.waitFor((line) => line.command === "BATCH" && line.params[0] === `-${id}`, "its end");
  const inside = ada.lines.filter((line) => line.tags["batch"] === id).map((line) => line.command);
  assert.deepEqual(inside, ["311", "319", "312", "317", "318"]);
});

Deno.test("the sandbox serves clients that negotiate nothing without a tag", async () => {
  await using place = await room({}, []);
  const { server, ada } = place;
  server.say("eve", "#room", "plain");
  const line = await ada.waitFor((seen) => seen.command === "PRIVMSG", "the message");
  assert.equal(line.raw, ":eve!person@home.example.test PRIVMSG #room :plain");
});

Deno.test("the sandbox without capabilities does not know CAP", async () => {
  await using server = await startIrcServer({ capabilities: [] });
  await using ada = await connect(server, "ada", { register: false });
  ada.raw("CAP LS 302");
  ada.raw("NICK ada");
  ada.raw("USER ada 0 * :Ada");
  await ada.waitFor((line) => line.command === "001", "001");
  assert.equal(ada.lines[0]?.command, "421");
});

Deno.test("the sandbox refuses nicks, passwords and unknown commands", async () => {
  await using server = await startIrcServer({ password: "sesame", nickLength: 9 });
  server.addUser("eve");
  const password = "sesame";
  await assert.rejects(connect(server, "ada", { password: "wrong" }), / 464 /);
  await assert.rejects(connect(server, "EVE", { password }), / 433 /);
  await assert.rejects(connect(server, "0ada", { password }), / 432 /);
  await assert.rejects(connect(server, "muchtoolong", { password }), / 432 /);
  server.faults.refuseNicks.set("held", "437");
  await assert.rejects(connect(server, "held", { password }), / 437 /);
  await using ada = await connect(server, "ada", { password });
  await ada.raw("FROBNICATE");
  await ada.raw("KICK");
  await ada.waitFor((line) => line.command === "421", "421");
  await ada.waitFor((line) => line.command === "461", "461");
});

Deno.test("the sandbox guards channels by key, ban, invitation, limit and modes", async () => {
  await using place = await room();
  const { server, ada } = place;
  for (const channel of ["#k", "#b", "#i", "#l", "#m"]) server.join("eve", channel);
  server.mode("#k", "+k", "secret");
  server.ban("#b", "ada");
  server.mode("#i", "+i");
  server.mode("#l", "+l", "1");
  server.mode("#m", "+m");
  await assert.rejects(ada.join("#k"), / 475 /);
  await ada.join("#k", "secret");
  await assert.rejects(ada.join("#b"), / 474 /);
  await assert.rejects(ada.join("#i"), / 473 /);
  await assert.rejects(ada.join("#l"), / 471 /);
  server.unban("#b", "ada");
  await ada.join("#b");
  await ada.join("#m");
  await ada.say("#m", "unheard");
  await ada.say("#elsewhere", "unheard");
  await ada.say("#l", "from outside");
  await ada.waitFor((line) => line.command === "404" && line.params[1] === "#m", "404");
  await ada.waitFor((line) => line.command === "403", "403");
  await ada.waitFor((line) => line.command === "404" && line.params[1] === "#l", "404");
  server.mode("#m", "+v", "ada");
  await ada.say("#m", "heard");
  await server.waitForMessage("#m", "heard");
});

Deno.test("the sandbox lets operators use MODE, TOPIC and KICK", async () => {
  await using server = await startIrcServer();
  await using ada = await connect(server, "ada");
  await ada.join("#new");
  server.addUser("eve", { channels: ["#new"] });
  await ada.raw("MODE #new +mk-t+v key eve");
  const change = await ada.waitFor((line) => line.command === "MODE", "MODE");
  assert.deepEqual(change.params, ["#new", "+m+k-t+v", "key", "eve"]);
  await ada.raw("MODE #new");
  const modes = await ada.waitFor((line) => line.command === "324", "324");
  assert.deepEqual(modes.params.slice(2), ["+mnk", "key"]);
  await ada.raw("TOPIC #new :what we talk of");
  await ada.waitFor((line) => line.command === "TOPIC", "TOPIC");
  assert.equal(server.topic("#new"), "what we talk of");
  await ada.raw("KICK #new eve :away with you");
  await server.waitForGone("#new", "eve");
  await ada.raw("MODE ada +B");
  await ada.raw("WHOIS ada");
  await ada.waitFor((line) => line.command === "335", "335");
});

Deno.test("the sandbox offers SASL PLAIN and its failures", async () => {
  await using server = await startIrcServer({ accounts: { relay: "pässword" }, requireSasl: true });
  const login = async (nick: string, password: string) => {
    const client = await connect(server, nick, { register: false });
    for (const line of ["CAP LS 302", `NICK ${nick}`, "USER relay 0 * :R", "CAP REQ :sasl"]) {
      client.raw(line);
    }
    client.raw("AUTHENTICATE PLAIN");
    await client.waitFor((line) => line.command === "AUTHENTICATE", "+");
    const bytes = new TextEncoder().encode(`\0relay\0${password}`);
    client.raw(`AUTHENTICATE ${btoa(String.fromCharCode(...bytes))}`);
    return client;
  };
  await using good = await login("good", "pässword");
  await good.waitFor((line) => line.command === "903", "903");
  good.raw("CAP END");
  await good.waitFor((line) => line.command === "001", "001");
  assert.match(good.lines.find((line) => line.command === "CAP")?.text ?? "", /\bsasl=PLAIN\b/);
  await using bad = await login("bad", "wrong");
  await bad.waitFor((line) => line.command === "904", "904");
  bad.raw("CAP END");
  await bad.waitForClose();
  server.faults.sasl = "aborts";
  await using aborted = await login("aborted", "pässword");
  await aborted.waitFor((line) => line.command === "906", "906");
  server.faults.sasl = "silent";
  await using silent = await connect(server, "mute", { register: false });
  for (const line of ["CAP REQ :sasl", "AUTHENTICATE PLAIN", "PING x"]) silent.raw(line);
  await silent.waitFor((line) => line.command === "PONG", "PONG");
  assert.equal(silent.lines.some((line) => line.command === "AUTHENTICATE"), false);
});

Deno.test("the sandbox plays history back by message, time and limit", async () => {
  await using place = await room({ chatHistory: true });
  const { server, ada } = place;
  const ids = Array.from({ length: 10 }, (_, i) => server.say("eve", "#room", `line ${i}`));
  const ask = async (request: string) => {
    const since = ada.mark();
    await ada.raw(`CHATHISTORY ${request}`);
    await ada.sync();
    const lines = ada.lines.slice(since);
    const batch = lines.find((line) => line.command === "BATCH")?.params[0]?.slice(1);
    return lines.filter((line) => batch !== undefined && line.tags["batch"] === batch)
      .map((line) => line.text.replace("line ", "")).join(" ");
  };
  assert.equal(await ask("LATEST #room * 3"), "7 8 9");
  assert.equal(await ask(`LATEST #room msgid=${ids[5]} 3`), "7 8 9");
  assert.equal(await ask(`AFTER #room msgid=${ids[5]} 2`), "6 7");
  assert.equal(await ask(`BEFORE #room msgid=${ids[5]} 2`), "3 4");
  assert.equal(await ask(`BETWEEN #room msgid=${ids[2]} msgid=${ids[5]} 9`), "3 4");
  assert.equal(await ask(`BETWEEN #room msgid=${ids[5]} msgid=${ids[2]} 9`), "3 4");
  assert.equal(await ask(`AROUND #room msgid=${ids[5]} 3`), "4 5 6");
  assert.equal(await ask("AFTER #room timestamp=2000-01-01T00:00:00.000Z 2"), "0 1");
  assert.equal(await ask("AFTER #room msgid=unknown 5"), "");
  assert.equal(await ask("LATEST #elsewhere * 5"), "");
  const fails = ada.lines.filter((line) => line.command === "FAIL").map((line) => line.params[1]);
  assert.deepEqual(fails, ["MESSAGE_ERROR", "INVALID_TARGET"]);
});

Deno.test("the sandbox redacts messages for those who can see it", async () => {
  await using place = await room({ redaction: true });
  const { server, ada } = place;
  await ada.say("#room", "oops");
  const { msgid } = await server.waitForMessage("#room", "oops");
  await ada.raw(`REDACT #room ${msgid} :wrong window`);
  await ada.waitFor((line) => line.command === "REDACT" && line.params[1] === msgid, "REDACT");
  assert.deepEqual(server.messages("#room"), []);
});

Deno.test("the sandbox cuts what others see at 512 bytes, in the middle of a letter", async () => {
  await using place = await room();
  const { server, ada } = place;
  await ada.say("#room", "ü".repeat(400));
  const [said] = await server.waitForMessages("#room", 1);
  const echo = await ada.waitFor((line) => line.command === "PRIVMSG", "the echo");
  // Tags have room of their own: they end at the first space.
  const bare = echo.bytes.subarray(echo.bytes.indexOf(32) + 1);
  assert.equal(bare.length + 2, 512);
  assert.match(said?.text ?? "", /^ü+\uFFFD?$/);
});

Deno.test("the sandbox cuts, refuses or punishes lines that are too long", async () => {
  const long = `PRIVMSG #room :${"x".repeat(100_000)}`;
  {
    await using place = await room();
    await place.ada.raw(long);
    await place.ada.say("#room", "after");
    await place.server.waitForMessage("#room", "after");
    assert.equal(place.server.messageCount("#room"), 2);
  }
  {
    await using place = await room({ longLines: "refuse" });
    await place.ada.raw(long);
    await place.ada.waitFor((line) => line.command === "417", "417");
  }
  await using place = await room({ longLines: "close" });
  await place.ada.raw(long);
  await place.ada.waitFor((line) => line.command === "ERROR", "ERROR");
  await place.ada.waitForClose();
});

Deno.test("the sandbox takes a lone CR or LF for a line's end", async () => {
  await using place = await room();
  const { server, ada } = place;
  await ada.raw(new TextEncoder().encode("PRIVMSG #room :one\rPRIVMSG #room :two\nQUIT :bye\r\n"));
  await server.waitForGone("#room", "ada");
  assert.deepEqual(server.messages("#room").map((message) => message.text), ["one", "two"]);
});

Deno.test("the sandbox passes invalid UTF-8 and long lines on as they are", async () => {
  await using place = await room({}, []);
  const { server, ada } = place;
  server.say("eve", "#room", new Uint8Array([0x66, 0xfc, 0x72, 0xff]));
  const line = await ada.waitFor((seen) => seen.command === "PRIVMSG", "the message");
  assert.deepEqual([...line.bytes.slice(-4)], [0x66, 0xfc, 0x72, 0xff]);
  server.sendRaw("ada", `:eve PRIVMSG #room :${"y".repeat(100_000)}`);
  const long = await ada.waitFor((seen) => seen.text.startsWith("yy"), "100 kB");
  assert.equal(long.text.length, 100_000);
});

Deno.test("the sandbox kills floods, or makes them wait", async () => {
  {
    await using place = await room({ flood: { burst: 20, linesPerSecond: 1, action: "kill" } });
    for (let i = 0; i < 40; i++) place.ada.say("#room", `line ${i}`);
    const error = await place.ada.waitFor((line) => line.command === "ERROR", "ERROR");
    assert.match(error.text, /Excess Flood/);
  }
  await using place = await room({
    flood: { burst: 10, linesPerSecond: 100, action: "delay", recvQ: 100_000 },
  });
  const startedMs = performance.now();
  for (let i = 0; i < 40; i++) place.ada.say("#room", `line ${i}`);
  const messages = await place.server.waitForMessages("#room", 40);
  assert.deepEqual(
    messages.map(({ text }) => text),
    Array.from({ length: 40 }, (_, i) => `line ${i}`),
  );
  assert.ok(performance.now() - startedMs >= 290);
});

Deno.test("the sandbox can lose echoes, messages and connections", async () => {
  await using place = await room();
  const { server, ada } = place;
  server.faults.dropEchoes = 1;
  await ada.raw("@label=e1 PRIVMSG #room :not echoed");
  await server.waitForMessage("#room", "not echoed");
  await ada.sync();
  server.faults.dropMessages = 1;
  await ada.raw("@label=d1 PRIVMSG #room :vanishes");
  await ada.sync();
  const labels = ada.lines.flatMap((line) => line.tags["label"] ?? []);
  assert.deepEqual(labels, []);
  server.faults.refuseMessages = { numeric: "408", text: "no colours" };
  await ada.say("#room", "refused");
  await ada.waitFor((line) => line.command === "408", "408");
  server.faults.refuseMessages = null;
  server.faults.cutBeforeEcho = 1;
  await ada.say("#room", "last words");
  await ada.waitForClose();
  assert.deepEqual(server.messages("#room").map(({ text }) => text), ["not echoed", "last words"]);
  assert.equal(ada.lines.some((line) => line.text === "last words"), false);
});

Deno.test("the sandbox refuses connections and registrations as it is told", async () => {
  await using server = await startIrcServer();
  server.faults.refuseConnections = "Trying to reconnect too fast";
  await assert.rejects(connect(server, "ada"), /ERROR :Trying to reconnect too fast/);
  server.faults.refuseConnections = null;
  server.faults.refuseRegistration = { numeric: "465", text: "You are banned" };
  await assert.rejects(connect(server, "ada"), / 465 .*banned/);
  server.faults.refuseRegistration = null;
  server.faults.connectLimit = { count: 1, windowMs: 60_000 };
  await using ada = await connect(server, "ada");
  await assert.rejects(connect(server, "bob"), /throttled/);
  assert.equal(ada.closed, false);
  server.faults.connectLimit = null;
  server.faults.registrationDelayMs = 80;
  const startedMs = performance.now();
  await using bob = await connect(server, "bob");
  assert.ok(performance.now() - startedMs >= 79, bob.nick);
  assert.equal(server.counters.refused, 2);
  server.refuse();
  await assert.rejects(connect(server, "cy"), Deno.errors.ConnectionRefused);
  await server.listen();
  await using cy = await connect(server, "cy");
  assert.equal(cy.nick, "cy");
});

Deno.test("the sandbox kicks, kills, renames, cloaks and cuts", async () => {
  await using place = await room();
  const { server, ada } = place;
  server.changeNick("ada", "Guest1");
  await ada.waitFor((line) => line.command === "NICK" && line.text === "Guest1", "NICK");
  server.changeHost("Guest1", "a.cloak");
  await ada.waitFor((line) => line.command === "CHGHOST", "CHGHOST");
  server.kick("#room", "Guest1", "out");
  const kick = await ada.waitFor((line) => line.command === "KICK", "KICK");
  assert.deepEqual(kick.params, ["#room", "Guest1", "out"]);
  server.kill("Guest1", "spam");
  await ada.waitFor((line) => line.command === "KILL", "KILL");
  await ada.waitForClose();
  await using bob = await connect(server, "bob");
  server.cut("bob");
  await bob.waitForClose();
  await using cy = await connect(server, "cy");
  await server.restart();
  await cy.waitFor((line) => line.command === "ERROR", "ERROR");
  await using again = await connect(server, "cy");
  await again.join("#room");
  assert.deepEqual((await again.names("#room")).sort(), ["cy", "eve"]);
});

Deno.test("the sandbox shows a netsplit as quits, batched for those who can", async () => {
  await using place = await room();
  const { server, ada } = place;
  const nicks = Array.from({ length: 50 }, (_, i) => `n${i}`);
  for (const nick of nicks) server.addUser(nick, { channels: ["#room"] });
  server.netsplit(nicks);
  const begin = await ada.waitFor((line) => line.command === "BATCH", "BATCH");
  assert.deepEqual(begin.params.slice(1), ["netsplit", "hub.sandbox.test", "leaf.sandbox.test"]);
  await ada.sync();
  const quits = ada.lines.filter((line) => line.command === "QUIT");
  assert.equal(quits.length, 50);
  assert.equal(quits.every((line) => line.tags["batch"] === begin.params[0]?.slice(1)), true);
  assert.deepEqual(server.members("#room"), ["eve", "ada"]);
  const since = ada.mark();
  server.netjoin(nicks, "#room");
  await ada.sync();
  const back = ada.lines.slice(since).filter((line) => line.command === "JOIN");
  assert.equal(back.length, 50);
  assert.notEqual(back[0]?.tags["batch"] ?? "", "");
  assert.equal(new Set(back.map((line) => line.tags["batch"])).size, 1);
});

Deno.test("the sandbox relays under other nicks for operators (RELAYMSG)", async () => {
  await using place = await room({ relayMsg: true });
  const { server, ada } = place;
  await ada.raw("RELAYMSG #room dan/kosmi :too early");
  await ada.waitFor((line) => line.command === "FAIL" && line.params[1] === "PRIVS_NEEDED", "FAIL");
  server.mode("#room", "+o", "ada");
  await ada.raw("RELAYMSG #room dan :no network");
  await ada.waitFor((line) => line.command === "FAIL" && line.params[1] === "INVALID_NICK", "FAIL");
  await ada.raw("@label=r1 RELAYMSG #room dan/kosmi :hello");
  const { nick, tags } = await ada.waitForMessage("#room", "hello");
  assert.deepEqual([nick, tags["draft/relaymsg"], tags["label"]], ["dan/kosmi", "ada", "r1"]);
});

Deno.test("the sandbox can do without msgid, and cut long nicks", async () => {
  await using server = await startIrcServer({
    msgids: false,
    nickLength: 5,
    longNicks: "truncate",
  });
  await using ada = await connect(server, "adalovelace", { caps: CAPS });
  assert.equal(ada.nick, "adalo");
  await ada.join("#room");
  await ada.say("#room", "hi");
  const { tags } = await ada.waitForMessage("#room", "hi");
  assert.deepEqual(Object.keys(tags), ["time"]);
});

Deno.test("the sandbox goes silent and comes back", async () => {
  await using place = await room();
  const { server, ada } = place;
  server.stall();
  server.say("eve", "#room", "held back");
  await assert.rejects(ada.sync(100), /in vain/);
  server.resume();
  await ada.waitForMessage("#room", "held back");
  await ada.sync();
});

Deno.test("the sandbox ends clients that do not answer PING", async () => {
  await using place = await room({ pingIntervalMs: 60 });
  place.ada.answersPings = false;
  await place.ada.waitFor((line) => /Ping timeout/.test(line.text), "the timeout");
  await place.server.waitForGone("#room", "ada");
});

Deno.test("the sandbox answers what common clients ask", async () => {
  await using place = await room();
  const { server, ada } = place;
  const answered = async (line: string, ...numerics: string[]) => {
    const since = ada.mark();
    await ada.raw(line);
    for (const numeric of numerics) {
      await ada.waitFor((seen) => seen.command === numeric, `${numeric} to ${line}`, { since });
    }
  };
  await answered("WHO #room", "352", "315");
  await answered("WHO ev*", "352", "315");
  await answered("USERHOST ada eve", "302");
  await answered("ISON eve nobody", "303");
  await answered("LIST", "321", "322", "323");
  await answered("MOTD", "375", "372", "376");
  await answered("LUSERS", "251");
  await answered("VERSION", "351", "005");
  await answered("AWAY :lunch", "306");
  await answered("AWAY", "305");
  await answered("MODE #room b", "368");
  await answered("MODE ada", "221");
  await answered("SETNAME :Ada L", "SETNAME");
  await answered("TAGMSG #room", "TAGMSG");
  await answered("PRIVMSG nobody :x", "401");
  await answered("PRIVMSG eve :psst", "PRIVMSG");
  assert.equal(server.inbox("eve")[0]?.text, "psst");
  await answered("TOPIC #room", "331");
  await answered("JOIN 0", "PART");
});

Deno.test("the sandbox carries 20,000 lines in seconds and keeps its memory flat", async () => {
  await using server = await startIrcServer({ historyLines: 100 });
  await using ada = await connect(server, "ada");
  await using bob = await connect(server, "bob", { maxLines: 100 });
  await ada.join("#room");
  await bob.join("#room");
  const block = Array.from({ length: 1_000 }, (_, i) => `PRIVMSG #room :line ${i}\r\n`).join("");
  const bytes = new TextEncoder().encode(block);
  const startedMs = performance.now();
  for (let i = 0; i < 20; i++) ada.raw(bytes);
  await ada.say("#room", "the end");
  await bob.waitForMessage("#room", "the end");
  const linesPerSecond = 20_000 / (performance.now() - startedMs) * 1_000;
  assert.ok(linesPerSecond >= 5_000, `${linesPerSecond} lines/s`);
  assert.equal(server.messages("#room").length, 100);
  assert.equal(server.messageCount("#room"), 20_001);
});

needs("openssl")("the sandbox serves TLS beside plain text", async () => {
  await using dir = await tempDir();
  const { certPath, keyPath, caPath } = await makeCertificate(dir.path);
  const [cert, key, ca] = await Promise.all(
    [certPath, keyPath, caPath].map((path) => Deno.readTextFile(path)),
  );
  assert.ok(cert !== undefined && key !== undefined && ca !== undefined);
  await using server = await startIrcServer({ tls: { cert, key } });
  const { tlsPort } = server;
  assert.ok(tlsPort !== null);
  const secure = { host: "localhost", port: tlsPort, tls: { caCerts: [ca] } };
  await using ada = await connect(server, "ada", secure);
  await using bob = await connect(server, "bob");
  await ada.join("#room");
  await bob.join("#room");
  await ada.say("#room", "sealed");
  await bob.waitForMessage("#room", "sealed");
  await assert.rejects(
    connect(server, "eve", { ...secure, tls: { caCerts: [] } }),
    /UnknownIssuer/,
  );
});

Deno.test("the sandbox offers capabilities with values to version 302 only", async () => {
  await using server = await startIrcServer({ capabilities: ["sts=port=6697", "batch"] });
  const list = async (request: string) => {
    await using client = await connect(server, "ada", { register: false });
    client.raw(request);
    return (await client.waitFor((line) => line.command === "CAP", "CAP")).text;
  };
  assert.equal(await list("CAP LS 302"), "sts=port=6697 batch");
  assert.equal(await list("CAP LS"), "sts batch");
});

Deno.test("the sandbox takes a message of several lines, and shows it to each as they can read it", async () => {
  const caps = [...CAPS, "draft/multiline"];
  const offer = ["batch", "echo-message", "labeled-response", "message-tags"];
  const capabilities = [...offer, "draft/multiline=max-bytes=100,max-lines=3"];
  await using place = await room({ capabilities }, caps);
  const { server, ada } = place;
  await using bob = await connect(server, "bob");
  await bob.join("#room");
  const send = async (label: string, lines: readonly string[]) => {
    await ada.raw(`@label=${label};+draft/reply=x BATCH +7 draft/multiline #room`);
    for (const line of lines) await ada.raw(`@batch=7 PRIVMSG #room :${line}`);
    await ada.raw("BATCH -7");
    return await ada.waitFor((line) => line.tags["label"] === label, label);
  };
  const opening = await send("l1", ["one", "two"]);
  assert.deepEqual(opening.params.slice(1), ["draft/multiline", "#room"]);
  assert.equal(opening.tags["+draft/reply"], "x");
  const [said] = await server.waitForMessages("#room", 1);
  assert.deepEqual([said?.text, opening.tags["msgid"]], ["one\ntwo", said?.msgid]);
  await ada.waitFor((line) => line.command === "BATCH" && line.params[0]?.[0] === "-", "end");
  for (const text of ["one", "two"]) await bob.waitForMessage("#room", text);
  assert.equal((await send("l2", ["1", "2", "3", "4"])).params[1], "MULTILINE_MAX_LINES");
  assert.equal((await send("l3", ["x".repeat(120)])).params[1], "MULTILINE_MAX_BYTES");
});

Deno.test("the sandbox tells who monitors a nick when it comes and goes", async () => {
  await using place = await room({ isupport: ["MONITOR=10"] });
  const { server, ada } = place;
  await ada.raw("MONITOR + bob");
  await ada.waitFor((line) => line.command === "731" && line.text === "bob", "bob is away");
  {
    await using bob = await connect(server, "bob");
    await ada.waitFor((line) => line.command === "730", "bob is there");
    await bob.raw("NICK robert");
    await ada.waitFor((line) => line.command === "731" && line.params[0] === "ada", "bob is away");
  }
});
