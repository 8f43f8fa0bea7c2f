import assert from "node:assert/strict";
import type { ChannelId, MessageId } from "../../../src/relay/port/ids.ts";
import { cursorAt, start, textsIn } from "./running_bridge.ts";
import { echo, FULL, ScriptedServer } from "./scripted_server.ts";

const ALICE = "alice!a@host";
const channel = "#test" as ChannelId;
const never = new AbortController().signal;

Deno.test("a line of 100 kB is one line in the log and nothing else", async () => {
  await using server = new ScriptedServer();
  await using relay = start(server.asServer);
  await relay.up();
  server.send(`:${ALICE} PRIVMSG #test :${"x".repeat(100_000)}`, `:${ALICE} PRIVMSG #test :next`);
  await relay.message("next");
  assert.deepEqual(relay.texts, ["next"]);
  assert.equal(relay.log.texts("warn").length, 1);
  assert.match(relay.log.texts("warn").join(), /100\d{3} bytes/);
});

Deno.test("text that is not UTF-8 is read by the fallback charset", async () => {
  await using server = new ScriptedServer();
  await using relay = start(server.asServer, { charset: null });
  await relay.up();
  const start8bit = new TextEncoder().encode(`:${ALICE} PRIVMSG #test :5 `);
  server.bytes(Uint8Array.from([...start8bit, 0x80, 0x20, 0xe5, 0x73, 0xe5, 0x0d, 0x0a]));
  server.send(`:${ALICE} PRIVMSG #test :åså 5 €`);
  await relay.message("åså 5 €");
  assert.deepEqual(relay.texts, ["5 € åså", "åså 5 €"]);
});

Deno.test("a configured charset is written too", async () => {
  await using server = new ScriptedServer();
  await using relay = start(server.asServer, { charset: "koi8-r" });
  await relay.up();
  await relay.say("привет");
  const line = await server.waitFor((one) => one.command === "PRIVMSG", "the line");
  assert.equal(new TextDecoder("koi8-r").decode(line.bytes), "PRIVMSG #test :<bob> привет");
});

Deno.test("a configured charset is left aside where the server takes UTF-8 alone", async () => {
  await using server = new ScriptedServer({ features: "UTF8ONLY NICKLEN=30" });
  await using relay = start(server.asServer, { charset: "koi8-r" });
  await relay.up();
  await relay.say("привет");
  const line = await server.waitFor((one) => one.command === "PRIVMSG", "the line");
  assert.equal(new TextDecoder().decode(line.bytes), "PRIVMSG #test :<bob> привет");
});

Deno.test("malformed lines change nothing", async () => {
  await using server = new ScriptedServer({ caps: FULL });
  await using relay = start(server.asServer);
  await relay.up();
  const odd = [
    ":",
    "@",
    "@a",
    ":x",
    "@;=;= :",
    ": PRIVMSG",
    ":a!b@c PRIVMSG",
    "JOIN",
    ":relay JOIN",
    "353",
    "353 a b c",
    "KICK",
  ];
  const more = [
    "BATCH",
    "BATCH +",
    "BATCH -x",
    "PRIVMSG #test",
    ":a NICK",
    "005",
    "433",
    "CAP",
    "CAP * ACK",
    "CAP * NEW :",
    "\x01\x02",
    "TOPIC #test",
  ];
  const rest = [
    "FAIL",
    "FAIL * X",
    "NOTE",
    "PONG",
    "QUIT",
    ":a QUIT",
    "366 relay",
    "404",
    "404 relay #test",
    "REDACT #test",
    "TAGMSG #test",
    "TAGMSG",
    ":a TOPIC",
    "ACCOUNT",
    "CHGHOST",
  ];
  server.send(...odd, ...more, ...rest, "@time=yesterday :alice!a@b PRIVMSG #test :still fine");
  await relay.message("still fine");
  assert.deepEqual(relay.log.texts("error"), []);
  assert.equal((await relay.event("message")).kind, "message");
});

Deno.test("echoes confirm by label, in any order", async () => {
  const held: string[] = [];
  await using server = new ScriptedServer({
    caps: FULL,
    onLine: (line, self) => {
      if (line.command !== "PRIVMSG") return false;
      held.push(
        `@label=${line.tags["label"]};msgid=id-${
          line.text.at(-1)
        } :relay!relay@host.example PRIVMSG #test :${line.text}`,
      );
      if (held.length === 2) self.send(...held.reverse());
      return true;
    },
  });
  await using relay = start(server.asServer, { messageDelayMs: 0 });
  await relay.up();
  const receipts = await relay.say("a\nb");
  assert.deepEqual(receipts, [
    { outcome: "confirmed", id: "id-a" as MessageId },
    { outcome: "confirmed", id: "id-b" as MessageId },
  ]);
});

Deno.test("echoes without labels confirm by text, then by order", async () => {
  await using server = new ScriptedServer({
    caps: ["echo-message", "message-tags"],
    onLine: (line, self) => {
      if (line.command !== "PRIVMSG") return false;
      const shown = line.text.replace("secret", "******");
      self.send(`@msgid=m-${shown.length} :relay!relay@host.example PRIVMSG #test :${shown}`);
      return true;
    },
  });
  await using relay = start(server.asServer, { messageDelayMs: 0 });
  await relay.up();
  assert.deepEqual(await relay.say("my secret"), [{
    outcome: "confirmed",
    id: "m-15" as MessageId,
  }]);
  assert.deepEqual(relay.texts, []);
});

Deno.test("the late echo of a line that was given up confirms no other line", async () => {
  await using server = new ScriptedServer({
    caps: ["echo-message", "message-tags"],
    onLine: (line, self) => {
      if (line.command !== "PRIVMSG") return false;
      if (line.text.includes("one")) return true;
      // Of the second line nothing is ever shown.
      self.send(":relay!relay@host.example PRIVMSG #test :<bob> one");
      return true;
    },
  });
  await using relay = start(server.asServer, { messageDelayMs: 0, limits: { echoMs: 30 } });
  await relay.up();
  assert.deepEqual((await relay.say("one")).map((part) => part.outcome), ["unknown"]);
  assert.deepEqual((await relay.say("two")).map((part) => part.outcome), ["unknown"]);
});

Deno.test("an echo that never comes leaves the line in doubt; on a second link the server shows it to nobody", async () => {
  await using server = new ScriptedServer({ caps: FULL });
  const relay = start(server.asServer, { limits: { echoMs: 30 } });
  await relay.up();
  const lines = [...await relay.say("into the void"), ...await relay.say("into the void")];
  assert.deepEqual(lines.map((one) => one.outcome), ["unknown", "unknown"]);
  await relay.stop();
  await using again = start(server.asServer, {}, relay.bridge);
  await again.up();
  assert.deepEqual((await again.say("into the void")).map((one) => one.outcome), ["rejected"]);
});

Deno.test("what was said while a channel was being entered is told, though the link ends before", async () => {
  await using server = new ScriptedServer({
    onLine: (line, self) => {
      if (line.command !== "JOIN") return false;
      self.send(":relay!relay@host.example JOIN #test", `:${ALICE} PRIVMSG #test :hello`);
      self.hangUp();
      return true;
    },
  });
  await using relay = start(server.asServer);
  await relay.ended;
  assert.deepEqual(relay.texts, ["hello"]);
});

Deno.test("a labelled refusal rejects its own line", async () => {
  await using server = new ScriptedServer({
    caps: FULL,
    onLine: (line, self) => {
      if (line.command !== "PRIVMSG" || !line.text.includes("bad")) return echo(line, self);
      self.send(
        `@label=${line.tags["label"]} :server.example 404 relay #test :Cannot send to channel`,
      );
      return true;
    },
  });
  await using relay = start(server.asServer, { messageDelayMs: 0 });
  await relay.up();
  const receipts = await relay.say("good\nbad\nfine");
  assert.deepEqual(receipts.map((receipt) => receipt.outcome), [
    "confirmed",
    "rejected",
    "confirmed",
  ]);
});

Deno.test("a server that asks for a slower pace gets the line again, later", async () => {
  let refusals = 0;
  await using server = new ScriptedServer({
    onLine: (line, self) => {
      if (line.command !== "PRIVMSG" || refusals > 0) return false;
      refusals++;
      self.send(":server.example 439 relay #test :Message throttled");
      return true;
    },
  });
  await using relay = start(server.asServer, { messageDelayMs: 20 });
  await relay.up();
  assert.equal((await relay.say("patience"))[0]?.outcome, "confirmed");
  assert.equal(server.lines.filter((line) => line.command === "PRIVMSG").length, 2);
});

Deno.test("what is taken back while a channel is being entered is told to nobody; all else is told in its turn", async () => {
  await using server = new ScriptedServer({
    caps: [...FULL, "draft/message-redaction"],
    onLine: (line, self) => {
      if (line.command !== "JOIN") return false;
      self.send(
        ":relay!relay@host.example JOIN #test",
        `@msgid=a1 :${ALICE} PRIVMSG #test :oops`,
        `@msgid=a2;+draft/reply=a1 :${ALICE} PRIVMSG #test :yes`,
        `:${ALICE} REDACT #test a1`,
        `:${ALICE} REDACT #test earlier`,
        `@msgid=a3;+draft/reply=a2;+draft/react=🎉 :${ALICE} TAGMSG #test`,
        `:${ALICE} TOPIC #test :tonight`,
      );
      return true;
    },
  });
  await using relay = start(server.asServer);
  await relay.up();
  assert.equal((await relay.event("topic")).topic, "tonight");
  assert.deepEqual(relay.texts, ["yes"]);
  assert.equal((await relay.event("reaction")).key, "🎉");
  const deletions = relay.events.filter((event) => event.kind === "deletion");
  assert.deepEqual(deletions.map((event) => event.id), ["a1", "earlier"]);
});

Deno.test("CHATHISTORY is read page by page from the cursor", async () => {
  const said = Array.from(
    { length: 5 },
    (_, i) => ({ id: `h${i}`, at: new Date(1_700_000_000_000 + i * 1000).toISOString() }),
  );
  await using server = new ScriptedServer({
    caps: [...FULL, "draft/chathistory"],
    features: "CHATHISTORY=2 CASEMAPPING=ascii",
    onLine: (line, self) => {
      if (line.command !== "CHATHISTORY") return false;
      const [command, , reference] = line.params;
      const at = said.findIndex((one) => `msgid=${one.id}` === reference);
      // LATEST: the newest behind the reference; BEFORE: the newest in front of it. Two of them at most.
      const page = (command === "LATEST" ? said.slice(at + 1) : said.slice(0, at)).slice(-2);
      const lines = page.map((one) =>
        `@batch=1;msgid=${one.id};time=${one.at} :${ALICE} PRIVMSG #test :text ${one.id}`
      );
      self.send("BATCH +1 chathistory #test", ...lines, "BATCH -1");
      return true;
    },
  });
  const cursors = new Map([["#test", cursorAt("h0", 1_700_000_000_000)]]);
  const limits = { maxMessages: 100, maxAgeMs: Infinity };
  await using relay = start(server.asServer, { cursors, history: limits, messageDelayMs: 0 });
  const history = await relay.up();
  assert.equal(history?.complete, true);
  const texts = textsIn(history);
  // The page that reaches the cursor comes whole: the core recognises by its id what it has.
  assert.deepEqual(texts, ["text h0", "text h1", "text h2", "text h3", "text h4"]);
});

Deno.test("a history tells what time the server has, but at the first visit", async () => {
  const behindMs = 3_600_000;
  const timeOf = async (cursors: ReadonlyMap<string, ReturnType<typeof cursorAt>>) => {
    await using server = new ScriptedServer({
      caps: [...FULL, "draft/chathistory"],
      onLine: (line, self) => {
        if (line.command === "CHATHISTORY") {
          self.send("BATCH +1 chathistory #test", "BATCH -1");
        } else if (line.command === "PING") {
          const time = new Date(Date.now() - behindMs).toISOString();
          self.send(`@time=${time} :server.example PONG server.example :${line.params[0]}`);
        } else return false;
        return true;
      },
    });
    await using relay = start(server.asServer, { cursors: new Map(cursors) });
    return (await relay.up())?.atMs;
  };
  const knownMs = Date.now() - behindMs - 60_000;
  const atMs = await timeOf(new Map([["#test", cursorAt("h0", knownMs)]]));
  const offMs = (atMs ?? 0) - (Date.now() - behindMs);
  assert.ok(Math.abs(offMs) < 30_000, `${offMs} ms off`);
  assert.equal(await timeOf(new Map()), undefined);
});

Deno.test("CHATHISTORY that does not know the message is asked by time", async () => {
  await using server = new ScriptedServer({
    caps: [...FULL, "draft/chathistory", "standard-replies"],
    onLine: (line, self) => {
      if (line.command !== "CHATHISTORY") return false;
      if (line.params[2]?.startsWith("msgid=")) {
        self.send("FAIL CHATHISTORY MESSAGE_ERROR LATEST #test msgid=gone :Unknown message");
      } else {
        self.send(
          "BATCH +1 chathistory #test",
          `@batch=1;msgid=new;time=2030-01-01T00:00:00.000Z :${ALICE} PRIVMSG #test :found`,
          "BATCH -1",
        );
      }
      return true;
    },
  });
  const cursors = new Map([["#test", cursorAt("gone", Date.parse("2029-12-31T00:00:00Z"))]]);
  await using relay = start(server.asServer, { cursors });
  const history = await relay.up();
  assert.deepEqual(textsIn(history), [
    "found",
  ]);
  assert.ok(server.lines.some((line) => line.params[2] === "timestamp=2029-12-30T23:59:59.999Z"));
});

Deno.test("CHATHISTORY that is answered late, as all else, is waited for", async () => {
  const held: string[] = [];
  await using server = new ScriptedServer({
    caps: [...FULL, "draft/chathistory"],
    onLine: (line, self) => {
      // Nothing is answered before the relay asks whether there is anybody: as on a link that stood still.
      if (line.command === "CHATHISTORY") {
        held.push(
          "BATCH +1 chathistory #test",
          `@batch=1;msgid=new;time=2030-01-01T00:00:00.000Z :${ALICE} PRIVMSG #test :found`,
          "BATCH -1",
        );
        return true;
      }
      if (line.command !== "PING" || held.length === 0) return false;
      self.send(...held.splice(0), `PONG server.example :${line.params[0]}`);
      return true;
    },
  });
  const cursors = new Map([["#test", cursorAt("old", Date.parse("2029-12-31T00:00:00Z"))]]);
  await using relay = start(server.asServer, { cursors, limits: { historyMs: 30 } });
  const history = await relay.up();
  assert.deepEqual(textsIn(history), [
    "found",
  ]);
  assert.equal(history?.lost, false);
});

Deno.test("CHATHISTORY that is never answered is a gap, in the log too", async () => {
  await using server = new ScriptedServer({
    caps: [...FULL, "draft/chathistory"],
    onLine: (line) => line.command === "CHATHISTORY",
  });
  const cursors = new Map([["#test", cursorAt("old", Date.parse("2029-12-31T00:00:00Z"))]]);
  await using relay = start(server.asServer, { cursors, limits: { historyMs: 30 } });
  const history = await relay.up();
  assert.deepEqual([history?.messages, history?.complete, history?.lost], [[], false, true]);
  assert.ok(relay.log.texts().some((text) => /does not say what was said in #test/.test(text)));
});

Deno.test("a bouncer's playback is history, never live", async () => {
  await using server = new ScriptedServer({
    caps: ["server-time", "message-tags", "znc.in/self-message"],
    onLine: (line, self) => {
      const now = new Date().toISOString();
      if (line.command === "PING") {
        self.send(`@time=${now} PONG server.example :${line.text}`);
        return true;
      }
      if (line.command !== "JOIN") return false;
      self.send(
        `:relay!relay@host.example JOIN #test`,
        `@time=2020-01-01T00:00:00.000Z :${ALICE} PRIVMSG #test :old news`,
      );
      return true;
    },
  });
  const cursors = new Map([["#test", cursorAt(null, Date.parse("2019-12-31T00:00:00Z"))]]);
  await using relay = start(server.asServer, {
    cursors,
    history: { maxMessages: 10 },
  });
  const history = await relay.up();
  assert.equal(history?.messages.length, 1);
  server.send(
    `@time=2020-01-01T00:00:01.000Z :${ALICE} PRIVMSG #test :older still`,
    `@time=${new Date().toISOString()} :${ALICE} PRIVMSG #test :live`,
  );
  await relay.message("live");
  assert.deepEqual(relay.texts, ["live"]);
});

Deno.test("soju gets its receipt when what it has shown is stored, not before", async () => {
  const questions: string[] = [];
  const answer = (self: ScriptedServer) => {
    for (const name of questions.splice(0)) self.send(`:server.example 366 relay ${name} :End`);
  };
  let isAway = true;
  await using server = new ScriptedServer({
    caps: ["batch", "server-time", "message-tags", "soju.im/read"],
    onLine: (line, self) => {
      if (line.command === "NAMES") {
        questions.push(line.params[0] ?? "");
        if (!isAway) answer(self);
        return true;
      }
      if (line.command !== "JOIN") return false;
      self.send(
        ":relay!relay@host.example JOIN #test",
        "BATCH +1 chathistory #test",
        `@batch=1;time=2030-01-01T00:00:00.000Z :${ALICE} PRIVMSG #test :while away`,
        "BATCH -1",
        "PING soju-msgid-1",
        "PING other",
      );
      return true;
    },
  });
  const cursors = new Map([["#test", cursorAt(null, Date.parse("2029-12-31T00:00:00Z"))]]);
  await using relay = start(server.asServer, { cursors });
  await server.waitFor((line) => line.command === "PONG" && line.text === "other", "a PONG");
  const receipt = (line: { command: string; text: string }) =>
    line.command === "PONG" && line.text === "soju-msgid-1";
  assert.ok(!server.lines.some(receipt));
  isAway = false;
  answer(server);
  assert.equal((await relay.up())?.messages.length, 1);
  await server.waitFor(receipt, "the receipt");
});

Deno.test("replies, reactions and redactions cross with their ids", async () => {
  await using server = new ScriptedServer({
    caps: [...FULL, "draft/message-redaction"],
    onLine: echo,
  });
  await using relay = start(server.asServer);
  await relay.up();
  assert.equal(relay.bridge.capabilities.deletions, true);
  server.send(`@msgid=a2;+draft/reply=a1;account=Alice :${ALICE} PRIVMSG #test :yes`);
  const reply = await relay.message("yes");
  assert.deepEqual([reply.id, reply.replyTo?.id, reply.sender.id], ["a2", "a1", "account:Alice"]);
  server.send(`@msgid=a3;+draft/reply=a1;+draft/react=🎉 :${ALICE} TAGMSG #test`);
  const reaction = await relay.event("reaction");
  assert.deepEqual([reaction.id, reaction.key, reaction.removed], ["a1", "🎉", false]);
  server.send(`:${ALICE} REDACT #test a2 :oops`);
  assert.equal((await relay.event("deletion")).id, "a2");

  await relay.say("no", { replyTo: "a2" as MessageId });
  await server.waitFor((line) => line.tags["+draft/reply"] === "a2", "the reply tag");
  const [part] = relay.bridge.render(channel, { kind: "deletion", target: "mine" as MessageId });
  assert.ok(part);
  const receipt = relay.bridge.transmit(channel, part, never);
  const redact = await server.waitFor((line) => line.command === "REDACT", "the redaction");
  assert.deepEqual(redact.params, ["#test", "mine"]);
  server.send(`@label=${redact.tags["label"]} :relay!relay@host.example REDACT #test mine`);
  assert.equal((await receipt).outcome, "confirmed");
});

Deno.test("RELAYMSG shows the sender's own name, and nothing twice", async () => {
  await using server = new ScriptedServer({
    caps: [...FULL, "draft/relaymsg=/"],
    onLine: (line, self) => {
      if (line.command !== "RELAYMSG") return false;
      self.send(
        `@label=${line.tags["label"]};msgid=r1;draft/relaymsg=relay :${
          line.params[1]
        }!x@y PRIVMSG #test :${line.text}`,
      );
      return true;
    },
  });
  await using relay = start(server.asServer, { useRelayMsg: true });
  await relay.up();
  const person = { id: "u" as never, nick: "Bob Ross", userId: "u" };
  const receipts = await relay.say("happy trees", {
    sender: { person, account: "kosmi.x" as never },
  });
  assert.deepEqual(receipts, [{ outcome: "confirmed", id: "r1" as MessageId }]);
  const line = server.lines.find((one) => one.command === "RELAYMSG");
  assert.deepEqual(line?.params, ["#test", "Bob_Ross/kosmi", "happy trees"]);
  assert.ok(!server.lines.some((one) => one.command === "PRIVMSG"));
  assert.deepEqual(relay.texts, []);
});

Deno.test("a message of several lines comes as one", async () => {
  await using server = new ScriptedServer({ caps: [...FULL, "draft/multiline"] });
  await using relay = start(server.asServer);
  await relay.up();
  const line = (tags: string, text: string) => `@batch=9${tags} :${ALICE} PRIVMSG #test :${text}`;
  server.send(
    `@msgid=ml :${ALICE} BATCH +9 draft/multiline #test`,
    line("", "one"),
    line("", "two "),
    line(";draft/multiline-concat", "more"),
    "BATCH -9",
  );
  assert.equal((await relay.message("one\ntwo more")).id, "ml");
});

Deno.test("a netsplit is not told as leaving and coming", async () => {
  await using server = new ScriptedServer();
  await using relay = start(server.asServer);
  await relay.up();
  server.send(
    `:${ALICE} QUIT :a.example.net b.example.net`,
    `:${ALICE} JOIN #test`,
    `:bea!b@host JOIN #test`,
  );
  assert.equal((await relay.event("join")).who.nick, "bea");
  assert.equal(relay.events.length, 1);
});

Deno.test("the server's last words decide what follows", async () => {
  const words: [string, string][] = [
    ["ERROR :Closing Link: relay[host] (Throttled: Reconnecting too fast)", "throttled"],
    ["ERROR :Closing Link: host (K-Lined)", "refused"],
    ["ERROR :Closing Link: host (Ping timeout)", "lost"],
  ];
  for (const [word, kind] of words) {
    await using server = new ScriptedServer();
    await using relay = start(server.asServer);
    await relay.up();
    server.send(word);
    server.hangUp();
    const end = await relay.ended;
    assert.equal(end.kind, kind, end.reason);
  }
});

Deno.test("SASL that is required and missing is a refusal, services that are silent are not", async () => {
  const sasl = { required: true, mechanism: null, login: "me", password: "hunter2!" };
  await using without = new ScriptedServer({ caps: ["batch"] });
  await using first = start(without.asServer, { sasl });
  const missing = await first.ended;
  assert.deepEqual([missing.kind, /does not offer SASL/.test(missing.reason)], ["refused", true]);
  await using silent = new ScriptedServer({ caps: ["sasl=PLAIN"] });
  await using second = start(silent.asServer, { sasl, limits: { saslMs: 50 } });
  const unanswered = await second.ended;
  assert.deepEqual([unanswered.kind, /do not answer/.test(unanswered.reason)], ["lost", true]);
  await using third = start(without.asServer, { sasl: { ...sasl, required: false } });
  await third.up();
  assert.match(third.log.texts("warn").join(), /Going on without/);
});

Deno.test("a login that can't succeed ends with a goodbye", async () => {
  const sasl = { required: true, mechanism: "PLAIN", login: "me", password: "hunter2!" } as const;
  await using server = new ScriptedServer({ caps: ["sasl=EXTERNAL"] });
  await using relay = start(server.asServer, { sasl });
  await server.waitFor((line) => line.command === "QUIT", "the goodbye");
  assert.match((await relay.ended).reason, /offers only EXTERNAL/);
});

Deno.test("services that come back are told again who we are", async () => {
  const sasl = { required: true, mechanism: "PLAIN", login: "me", password: "hunter2!" } as const;
  await using server = new ScriptedServer({
    caps: ["sasl=PLAIN", "cap-notify"],
    onLine: (line, self) => {
      if (line.command !== "AUTHENTICATE") return false;
      if (line.params[0] === "PLAIN") self.send("AUTHENTICATE +");
      else self.send("900 relay relay!r@h me :Logged in", "903 relay :SASL successful");
      return true;
    },
  });
  await using relay = start(server.asServer, { sasl });
  await relay.up();
  server.send(":server.example CAP relay DEL :sasl", ":server.example CAP relay NEW :sasl=PLAIN");
  const said = () => server.lines.filter((line) => line.command === "AUTHENTICATE").length;
  await server.waitFor(() => said() === 4, "a second login");
  server.send(`:${ALICE} PRIVMSG #test :hello`);
  await relay.message("hello");
  assert.match(relay.log.texts("info").join(), /Logged in again by SASL PLAIN/);
});

Deno.test("capabilities that are refused together are asked for one by one", async () => {
  await using server = new ScriptedServer({
    caps: FULL,
    onLine: (line, self) => {
      if (line.command !== "CAP" || line.params[0] !== "REQ") return echo(line, self);
      const refused = line.text.includes(" ") || line.text === "labeled-response";
      self.send(`CAP * ${refused ? "NAK" : "ACK"} :${line.text}`);
      return true;
    },
  });
  await using relay = start(server.asServer);
  await relay.up();
  assert.equal((await relay.say("hello"))[0]?.outcome, "confirmed");
  assert.equal(server.lines.find((line) => line.command === "PRIVMSG")?.tags["label"], undefined);
});

Deno.test("a line that the link took and never answered is of unknown fate, a waiting one has not left", async () => {
  await using server = new ScriptedServer({ caps: FULL });
  await using relay = start(server.asServer, { burst: 3, messageDelayMs: 60_000 });
  await relay.up();
  const receipts = relay.say("one\ntwo\nthree");
  await server.waitFor((line) => line.text === "<bob> two", "the second line");
  server.hangUp();
  assert.deepEqual((await receipts).map((one) => one.outcome), ["unknown", "unknown", "unsent"]);
  assert.equal((await relay.ended).kind, "lost");
  const [late] = await relay.say("too late");
  assert.equal(late?.outcome, "unsent");
});

Deno.test("giving up takes back only what has not left", async () => {
  await using server = new ScriptedServer({ caps: FULL });
  await using relay = start(server.asServer, { burst: 2, messageDelayMs: 60_000 });
  await relay.up();
  const [sent, waiting] = relay.bridge.render(channel, {
    kind: "message",
    prefix: [],
    text: [{ text: "a\nb", style: {} }],
    action: false,
    replyTo: null,
    sender: null,
  });
  assert.ok(sent && waiting);
  const abort = new AbortController();
  const first = relay.bridge.transmit(channel, sent, abort.signal);
  const second = relay.bridge.transmit(channel, waiting, abort.signal);
  await server.waitFor((line) => line.text === "a", "the first line");
  abort.abort();
  assert.equal((await second).outcome, "unsent");
  const line = server.lines.find((one) => one.text === "a");
  server.send(`@label=${line?.tags["label"]} :relay!relay@host.example PRIVMSG #test :a`);
  assert.equal((await first).outcome, "confirmed");
});

Deno.test("goodbye confirms what the server worked off before it", async () => {
  await using server = new ScriptedServer();
  await using relay = start(server.asServer, { burst: 9, messageDelayMs: 0 });
  await relay.up();
  const receipt = relay.say("last words");
  const end = await relay.stop();
  assert.equal(end.kind, "stopped");
  assert.equal((await receipt)[0]?.outcome, "confirmed");
  assert.equal(server.lines.at(-1)?.command, "QUIT");
});

Deno.test("a forward to another channel is a refusal of the wanted one", async () => {
  await using server = new ScriptedServer({
    onLine: (line, self) => {
      if (line.command !== "JOIN") return false;
      self.send(
        ":server.example 470 relay #test ##overflow :Forwarding to another channel",
        ":relay!relay@host.example JOIN ##overflow",
      );
      return true;
    },
  });
  await using relay = start(server.asServer);
  assert.match((await relay.down()).reason, /forwards/);
  await server.waitFor(
    (line) => line.command === "PART" && line.params[0] === "##overflow",
    "the PART",
  );
});

Deno.test("random lines raise no fault and send no command", async () => {
  const commands = [
    "PRIVMSG",
    "NOTICE",
    "JOIN",
    "PART",
    "KICK",
    "QUIT",
    "NICK",
    "TOPIC",
    "MODE",
    "TAGMSG",
    "REDACT",
  ];
  const others = [
    "BATCH",
    "CAP",
    "005",
    "353",
    "366",
    "396",
    "404",
    "433",
    "473",
    "900",
    "FAIL",
    "CHGHOST",
    "ACCOUNT",
    "INVITE",
    "PONG",
    "AUTHENTICATE",
  ];
  const words = [
    "#test",
    "relay",
    "alice",
    "bob!b@h",
    "#TEST",
    "*",
    "+1",
    "-1",
    "",
    ":",
    "\x01VERSION\x01",
    "\x01ACTION x",
    "\x0399,5\x04zzzzzz",
    "=",
    "@+relay",
    "😸",
    "\u0000",
    "chathistory",
    "x".repeat(600),
  ];
  const tags = [
    "",
    "@batch=1 ",
    "@time=2020-01-01T00:00:00Z ",
    "@label=r1 ",
    "@msgid=a;+draft/react=b;+draft/reply=c ",
    "@draft/relaymsg=relay ",
  ];
  let seed = 20_260_101;
  const pick = <T>(from: readonly T[]): T => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    const one = from[Math.floor(seed / 65_536) % from.length];
    if (one === undefined) throw new Error("Cannot pick from nothing");
    return one;
  };
  await using server = new ScriptedServer({ caps: [...FULL, "draft/chathistory"] });
  await using relay = start(server.asServer, {
    messageDelayMs: 0,
    limits: { historyMs: 10, rejoinMs: 5, ctcpMs: 60_000 },
  });
  await relay.up();
  const mark = server.lines.length;
  for (let i = 0; i < 5_000; i++) {
    const prefix = pick([
      "",
      ":alice!a@h ",
      ":relay!relay@host.example ",
      ":server.example ",
      ":x ",
    ]);
    server.send(
      `${pick(tags)}${prefix}${pick([...commands, ...others])} ${pick(words)} ${pick(words)} :${
        pick(words)
      } ${pick(words)}`,
    );
  }
  server.send("PING :the-end");
  await server.waitFor(
    (line) => line.command === "PONG" && line.text === "the-end",
    "the PONG to the last line",
  );
  assert.deepEqual(relay.log.texts("error"), []);
  const allowed = ["PONG", "PING", "JOIN", "PART", "NICK", "NOTICE", "CAP", "CHATHISTORY"];
  const sent = server.lines.slice(mark).map((line) => line.command);
  assert.deepEqual(sent.filter((command) => !allowed.includes(command)), []);
  assert.ok(sent.filter((command) => command === "NOTICE").length <= 1);
});

Deno.test("many channels are joined in few lines, keys first", async () => {
  await using server = new ScriptedServer();
  const channels = Array.from({ length: 25 }, (_, i) => `#c${i}`);
  await using relay = start(server.asServer, { channels, keys: { "#c20": "k20", "#c3": "k3" } });
  for (const name of channels) await relay.up(name);
  const joins = server.lines.filter((line) => line.command === "JOIN").map((line) => line.params);
  assert.deepEqual(joins.map((params) => params[0]?.split(",").length), [10, 10, 5]);
  assert.match(joins[0]?.join(" ") ?? "", /^#c3,#c20,#c0,.* k3,k20$/);
});

Deno.test("a configured delay joins one channel at a time", async () => {
  await using server = new ScriptedServer();
  await using relay = start(server.asServer, { channels: ["#a", "#b", "#c"], joinDelayMs: 30 });
  for (const name of ["#a", "#b", "#c"]) await relay.up(name);
  const joins = server.lines.filter((line) => line.command === "JOIN");
  assert.deepEqual(joins.map((line) => line.params[0]), ["#a", "#b", "#c"]);
  assert.ok((joins[2]?.atMs ?? 0) - (joins[0]?.atMs ?? 0) >= 50);
});

Deno.test("Excess Flood halves the pace of the next link", async () => {
  await using server = new ScriptedServer();
  await using relay = start(server.asServer, { burst: 4, messageDelayMs: 40 });
  await relay.up();
  server.send("ERROR :Closing Link: host (Excess Flood)");
  server.hangUp();
  assert.equal((await relay.ended).kind, "lost");
  await using again = start(server.asServer, {}, relay.bridge);
  await again.up();
  const mark = server.lines.length;
  const receipts = await again.say("1\n2");
  assert.ok(receipts.every((receipt) => receipt.outcome === "confirmed"));
  const sent = server.lines.slice(mark).filter((line) => line.command === "PRIVMSG");
  // Two at once at most, of which the JOIN took one; then one a second, where four in a row had been allowed.
  assert.ok((sent[1]?.atMs ?? 0) - (sent[0]?.atMs ?? 0) >= 500);
});

Deno.test("names are compared as the server says", async () => {
  await using server = new ScriptedServer({ features: "CASEMAPPING=rfc1459" });
  await using relay = start(server.asServer, { channels: ["#film{"] });
  await relay.up("#film{");
  server.send(`:${ALICE} PRIVMSG #FILM[ :same place`);
  assert.equal((await relay.message("same place")).channel, "#film{");
});
