import assert from "node:assert/strict";
import { textOf } from "../../../src/relay/port/rich_text.ts";
import { cursorAt, start, textsIn } from "./running_bridge.ts";
import { echo, FULL, ScriptedServer, SELF } from "./scripted_server.ts";

/** Habits of servers that Debian does not have: UnrealIRCd, Ergo, soju, IRCnet's ircd, each in a few lines. */

const ALICE = "alice!a@host";
const BOB = { id: "u" as never, nick: "Bob Ross", userId: "u" };
const SENDER = { sender: { person: BOB, account: "kosmi.x" as never } };

function sent(server: ScriptedServer, command = "PRIVMSG"): string[] {
  return server.lines.filter((line) => line.command === command).map((line) => line.text);
}

const PASSING = [
  "404 relay #test :Channel is being flooded. Message not delivered.",
  "404 relay #test :You must wait at least 5 seconds. Try again later",
  "437 relay #test :Nick/channel is temporarily unavailable",
];
for (const refusal of PASSING) {
  Deno.test(`a refusal that passes by itself is waited for: ${refusal}`, async () => {
    let refusals = 2;
    await using server = new ScriptedServer({
      onLine: (line, self) => {
        if (line.command !== "PRIVMSG" || refusals === 0) return false;
        refusals--;
        self.send(`:server.example ${refusal}`);
        return true;
      },
    });
    await using relay = start(server.asServer, { messageDelayMs: 0, limits: { refusedMs: 10 } });
    await relay.up();
    const receipts = await relay.say("one\ntwo");
    assert.deepEqual(receipts.map((one) => one.outcome), ["confirmed", "confirmed"]);
    const lines = ["<bob> one", "<bob> one", "<bob> one", "<bob> two"];
    assert.deepEqual(sent(server), lines);
  });
}

Deno.test("RELAYMSG without the right falls back to the name before the text, for good in that channel", async () => {
  await using server = new ScriptedServer({
    caps: [...FULL, "draft/relaymsg=/"],
    onLine: (line, self) => {
      if (line.command !== "RELAYMSG") return echo(line, self);
      self.send(
        `@label=${
          line.tags["label"]
        } :server.example FAIL RELAYMSG PRIVS_NEEDED :You cannot relay messages to this channel`,
      );
      return true;
    },
  });
  await using relay = start(server.asServer, { useRelayMsg: true });
  await relay.up();
  const first = await relay.say("hello", SENDER);
  const second = await relay.say("again", SENDER);
  assert.deepEqual([...first, ...second].map((one) => one.outcome), ["confirmed", "confirmed"]);
  assert.deepEqual(sent(server), ["<bob> hello", "<bob> again"]);
  assert.equal(sent(server, "RELAYMSG").length, 1);
  assert.deepEqual(relay.texts, []);
});

Deno.test("RELAYMSG has the server's separator, and a name that is refused is mended", async () => {
  const names: string[] = [];
  await using server = new ScriptedServer({
    caps: [...FULL, "draft/relaymsg=~"],
    onLine: (line, self) => {
      if (line.command !== "RELAYMSG") return echo(line, self);
      const name = line.params[1] ?? "";
      names.push(name);
      const label = `label=${line.tags["label"]}`;
      if (names.length === 1) {
        self.send(`@${label} :server.example FAIL RELAYMSG INVALID_NICK :Invalid nickname`);
      } else {
        self.send(`@${label};draft/relaymsg=relay :${name}!~u@host PRIVMSG #test :${line.text}`);
      }
      return true;
    },
  });
  await using relay = start(server.asServer, { useRelayMsg: true });
  await relay.up();
  const person = { ...BOB, nick: "Zoë ★" };
  const receipts = await relay.say("hello", { sender: { ...SENDER.sender, person } });
  assert.deepEqual(receipts.map((one) => one.outcome), ["confirmed"]);
  assert.deepEqual(names, ["Zoë_★~kosmi", "Zoe~kosmi"]);
});

Deno.test("our own JOIN seen again while the channel is up doubles nothing", async () => {
  await using server = new ScriptedServer({
    caps: FULL,
    onLine: (line, self) => {
      if (line.command !== "PRIVMSG") return false;
      self.send(`:${SELF} JOIN #test`, ":server.example 366 relay #test :End");
      return echo(line, self);
    },
  });
  await using relay = start(server.asServer, { messageDelayMs: 0 });
  await relay.up();
  const receipts = await relay.say("once");
  assert.deepEqual(receipts.map((one) => one.outcome), ["confirmed"]);
  await relay.up("#test", 2);
  assert.deepEqual(sent(server), ["<bob> once"]);
});

Deno.test("what an earlier connection of ours still says is ours, and is waited for", async () => {
  await using server = new ScriptedServer({
    caps: ["server-time", "userhost-in-names"],
    onLine: (line, self) => {
      if (line.command === "NICK" && line.params[0] === "relay") {
        self.send(":server.example 433 * relay :Nickname is already in use");
        return true;
      }
      if (line.command === "CAP" && line.params[0] === "END") {
        self.send(":server.example 001 relay_ :Welcome", ":server.example 422 relay_ :No MOTD");
        return true;
      }
      if (line.command !== "JOIN") return false;
      self.send(
        ":relay_!relay@host.example JOIN #test",
        `:server.example 353 relay_ = #test :relay_!relay@host.example relay!relay@host.example ${ALICE}`,
        ":server.example 366 relay_ #test :End",
      );
      return true;
    },
  });
  await using relay = start(server.asServer, { limits: { ghostMs: 60_000 } });
  await server.waitFor((line) => line.command === "JOIN", "the JOIN");
  server.send(
    ":relay!relay@host.example PRIVMSG #test :<bob> from before",
    `:${ALICE} PRIVMSG #test :hello`,
    ":relay!relay@host.example QUIT :Connection closed",
  );
  const history = await relay.up();
  assert.deepEqual(history?.messages.map((one) => one.own && one.wire), ["<bob> from before"]);
  await relay.message("hello");
  assert.deepEqual(relay.texts, ["hello"]);
  assert.deepEqual(relay.events.map((event) => event.kind), ["message"]);
});

Deno.test("a nick that was changed before the welcome is complete is ours", async () => {
  await using server = new ScriptedServer({
    onLine: (line, self) => {
      if (line.command === "JOIN") return true;
      if (line.command !== "CAP" || line.params[0] !== "END") return false;
      self.send(
        ":server.example 001 relay :Welcome",
        ":relay!relay@host.example NICK :owner",
        ":server.example 422 owner :No MOTD",
      );
      return true;
    },
  });
  await using relay = start(server.asServer);
  await server.waitFor((line) => line.command === "JOIN", "the JOIN");
  server.send(":owner!o@host JOIN #test", ":server.example 366 owner #test :End");
  await relay.up();
  // And one that changes without a word.
  server.send(":server.example 404 other #nowhere :No", ":other!o@host PRIVMSG #test :mine");
  server.send(`:${ALICE} PRIVMSG #test :hers`);
  await relay.message("hers");
  assert.deepEqual(relay.texts, ["hers"]);
});

Deno.test("channels of every kind are entered, a kind that the server does not have is told", async () => {
  await using server = new ScriptedServer({
    features: "CHANTYPES=+!& IDCHAN=!:5 STATUSMSG=@+ CASEMAPPING=ascii",
    onLine: (line, self) => {
      if (line.command !== "JOIN") return false;
      for (const name of (line.params[0] ?? "").split(",")) {
        const full = name.replace(/^!/, "!ABCDE");
        self.send(`:${SELF} JOIN ${full}`, `:server.example 366 relay ${full} :End`);
      }
      return true;
    },
  });
  const channels = ["+open", "!safe", "&local", "#none"];
  await using relay = start(server.asServer, { channels });
  for (const name of channels.slice(0, 3)) await relay.up(name);
  const why = await relay.down("#none");
  assert.deepEqual([why.mend, /no channels that begin with "#"/.test(why.reason)], [
    "person",
    true,
  ]);
  server.send(`:${ALICE} PRIVMSG +open :one`, `:${ALICE} PRIVMSG !ABCDEsafe :two`);
  server.send(`:${ALICE} PRIVMSG @&local :for operators`, `:${ALICE} PRIVMSG &local :three`);
  await relay.message("three");
  const told = relay.messages.map((one) => [one.channel, textOf(one.text)]);
  assert.deepEqual(told, [["+open", "one"], ["!safe", "two"], ["&local", "three"]]);
  await relay.say("back", {}, "!safe");
  await server.waitFor((line) => line.params[0] === "!ABCDEsafe", "a line to the full name");
});

Deno.test("a channel that is renamed is followed", async () => {
  await using server = new ScriptedServer({ caps: ["draft/channel-rename"], onLine: echo });
  await using relay = start(server.asServer);
  await relay.up();
  server.send(`:${ALICE} RENAME #test #films :better`, `:${ALICE} PRIVMSG #films :here`);
  assert.equal((await relay.message("here")).channel, "#test");
  void relay.say("there");
  await server.waitFor((line) => line.params[0] === "#films", "a line to the new name");
});

Deno.test("a channel that we did not ask for is left alone", async () => {
  await using server = new ScriptedServer({ onLine: echo });
  await using relay = start(server.asServer);
  await relay.up();
  server.send(`:${SELF} JOIN #owners`, `:${ALICE} PRIVMSG #test :fence`);
  await relay.message("fence");
  await relay.say("fence");
  assert.deepEqual(sent(server, "PART"), []);
});

Deno.test("soju without its upstream: nothing is lost, the channel comes back", async () => {
  let isAway = false;
  await using server = new ScriptedServer({
    caps: ["message-tags", "echo-message", "soju.im/bouncer-networks"],
    onLine: (line, self) => {
      if (line.command !== "PRIVMSG" || !isAway) return echo(line, self);
      self.send(":soju 403 relay #test :Disconnected from upstream network");
      return true;
    },
  });
  await using relay = start(server.asServer, { limits: { rejoinMs: 20 } });
  await relay.up();
  isAway = true;
  assert.deepEqual((await relay.say("wait")).map((one) => one.outcome), ["unsent"]);
  assert.equal((await relay.down()).mend, "wait");
  isAway = false;
  await relay.up("#test", 2);
  assert.deepEqual((await relay.say("wait")).map((one) => one.outcome), ["confirmed"]);
});

Deno.test("what is heard while the bouncer seems to be away is relayed once the channel is up", async () => {
  let isAway = false;
  await using server = new ScriptedServer({
    caps: ["message-tags", "echo-message", "soju.im/bouncer-networks"],
    onLine: (line, self) => {
      if (line.command === "JOIN" && isAway) {
        isAway = false;
        self.send(`:${ALICE} PRIVMSG #test :lol`);
      }
      if (line.command !== "PRIVMSG" || !isAway) return echo(line, self);
      self.send(
        ":soju 403 relay #test :Disconnected from upstream network",
        `:${ALICE} PRIVMSG #test :lol`,
      );
      return true;
    },
  });
  await using relay = start(server.asServer, { limits: { rejoinMs: 20 } });
  await relay.up();
  isAway = true;
  await relay.say("wait");
  await relay.down();
  await relay.up("#test", 2);
  server.send(`:${ALICE} PRIVMSG #test :after`);
  await relay.message("after");
  assert.deepEqual(relay.texts, ["lol", "lol", "after"]);
});

Deno.test("a live line with a slow clock is no answer to CHATHISTORY", async () => {
  const asked: string[] = [];
  const at = (second: number) => new Date(Date.parse("2020-01-01T00:00:00Z") + second * 1_000);
  const line = (second: number, text: string) =>
    `time=${at(second).toISOString()} :${ALICE} PRIVMSG #test :${text}`;
  await using server = new ScriptedServer({
    caps: [...FULL, "draft/chathistory"],
    onLine: ({ command, params }, self) => {
      if (command !== "CHATHISTORY") return false;
      asked.push(params[0] ?? "");
      // Said while the answer is being made.
      if (asked.length === 1) self.send(`@${line(2, "two")}`);
      const page = asked.length === 1 ? [[1, "one"], [2, "two"], [3, "three"]] as const : [];
      self.send(
        "BATCH +1 chathistory #test",
        ...page.map(([second, text]) => `@batch=1;${line(second, text)}`),
        "BATCH -1",
      );
      return true;
    },
  });
  const cursors = new Map([["#test", cursorAt(null, at(0).getTime())]]);
  await using relay = start(server.asServer, { cursors });
  const history = await relay.up();
  const texts = textsIn(history, "own");
  assert.deepEqual([texts, relay.texts], [["one", "two", "three"], []]);
});

Deno.test("a line of ours that is shown after all, though it was refused, is nobody's", async () => {
  await using server = new ScriptedServer({
    caps: ["message-tags", "echo-message", "soju.im/bouncer-networks"],
    onLine: (line, self) => {
      if (line.command !== "PRIVMSG") return false;
      self.send(
        ":server.example 404 relay #test :Cannot send to channel (+m)",
        `:${SELF} PRIVMSG #test :${line.text}`,
        `:${SELF} PRIVMSG #test :by the owner`,
      );
      return true;
    },
  });
  await using relay = start(server.asServer);
  await relay.up();
  assert.deepEqual((await relay.say("hello")).map((one) => one.outcome), ["rejected"]);
  await relay.message("by the owner");
  assert.deepEqual(relay.texts, ["by the owner"]);
});

Deno.test("pseudo-users of playback are nobody", async () => {
  await using server = new ScriptedServer({
    caps: [...FULL, "draft/chathistory", "draft/event-playback"],
    features: "draft/CHATHISTORY=50",
    onLine: (line, self) => {
      if (line.command !== "CHATHISTORY") return echo(line, self);
      self.send(
        "BATCH +1 chathistory #test",
        "@batch=1;time=2030-01-01T00:00:00.000Z :HistServ!HistServ@localhost PRIVMSG #test :bea joined",
        "@batch=1;time=2030-01-01T00:00:01.000Z :bea!b@host JOIN #test",
        `@batch=1;time=2030-01-01T00:00:02.000Z :${ALICE} PRIVMSG #test :hello`,
        "BATCH -1",
      );
      return true;
    },
  });
  const cursors = new Map([["#test", cursorAt(null, Date.parse("2029-12-31T00:00:00Z"))]]);
  await using relay = start(server.asServer, { cursors });
  const history = await relay.up();
  assert.deepEqual(history?.messages.map((one) => !one.own && one.event.sender.nick), ["alice"]);
  server.send(":*buffextras!b@znc.in PRIVMSG #test :bea quit", `:${ALICE} PRIVMSG #test :live`);
  await relay.message("live");
  assert.deepEqual(relay.texts, ["live"]);
});

Deno.test("a live line is live, whatever time the server gives it", async () => {
  await using server = new ScriptedServer({ caps: FULL });
  await using relay = start(server.asServer);
  await relay.up();
  server.send(`@time=2020-01-01T00:00:00.000Z :${ALICE} PRIVMSG #test :by a slow clock`);
  await relay.message("by a slow clock");
});

Deno.test("a server that answers no PING is left, though others go on talking", async () => {
  await using server = new ScriptedServer({ onLine: (line) => line.command === "PING" });
  await using relay = start(server.asServer, { limits: { deadMs: 300 } });
  await relay.up();
  const receipts = relay.say("hello");
  const talk = setInterval(() => server.send(`:${ALICE} PRIVMSG #test :still here`), 50);
  const end = await relay.ended;
  clearInterval(talk);
  assert.match(end.reason, /does not answer PING/);
  assert.deepEqual((await receipts).map((one) => one.outcome), ["unknown"]);
});

Deno.test("without labels one line is under way, so that a refusal finds its own", async () => {
  const open: string[] = [];
  await using server = new ScriptedServer({
    onLine: (line, self) => {
      if (line.command !== "PRIVMSG") return false;
      open.push(line.text);
      if (line.text.endsWith("two")) self.send(":server.example 404 relay #test :No");
      return true;
    },
  });
  await using relay = start(server.asServer, { messageDelayMs: 0 });
  await relay.up();
  const receipts = await relay.say("one\ntwo\nthree");
  const outcomes = receipts.map((one) => one.outcome);
  assert.deepEqual(outcomes, ["confirmed", "rejected", "confirmed"]);
});
