import assert from "node:assert/strict";
import { mayTellPassword, settingsOf } from "../../../src/bridges/irc/link/options.ts";
import { type RelayProcess, startRelay } from "../../support/relay_process.ts";
import { type Script, ScriptedServer } from "../irc_bridge/scripted_server.ts";
import { ircOptions } from "../../support/irc_options.ts";

const SECRET = "s3cr3t!krone-Apfel";

/** The relay on a server that a test scripts; the password is found wherever it went, encoded or not. */
async function visit(
  script: Script,
  lines: string,
  check: (server: ScriptedServer, relay: RelayProcess) => Promise<void>,
): Promise<void> {
  await using server = new ScriptedServer(script);
  await using relay = await startRelay({
    config: `
[irc.hostile]
Server="127.0.0.1:${server.port}"
Nick="relay"
${lines}
[irc.quiet]
Server="127.0.0.1:1"
Nick="relay"
[[gateway]]
name="films"
enable=true
[[gateway.inout]]
account="irc.hostile"
channel="#films"
[[gateway.inout]]
account="irc.quiet"
channel="#films"
`,
  });
  await check(server, relay);
  assert.equal(relay.output.includes(SECRET), false, "in the log");
}

function told(server: ScriptedServer): boolean {
  const forms = [SECRET, btoa(SECRET), btoa(`relay\0relay\0${SECRET}`)];
  return server.lines.some(({ raw }) => forms.some((form) => raw.includes(form)));
}

Deno.test("attack: a server that refuses SCRAM does not get the password by PLAIN", async () => {
  const script: Script = {
    caps: ["sasl=SCRAM-SHA-256,PLAIN"],
    onLine: ({ command }, server) => {
      if (command !== "AUTHENTICATE") return false;
      server.send(":s 904 relay :SASL authentication failed");
      return true;
    },
  };
  await visit(script, `UseSASL=true\nNickServPassword="${SECRET}"`, async (server, relay) => {
    await relay.waitForLog(/refuses login or password.*SASLMechanism=.*plain/);
    const asked = server.lines.filter(({ command }) => command === "AUTHENTICATE");
    assert.deepEqual(asked.map(({ params }) => params[0]), ["SCRAM-SHA-256"]);
    assert.equal(told(server), false);
  });
});

/** What WHOIS NickServ answers, and whether the password may follow. */
const NICKSERVS: Record<string, { readonly whois: readonly string[]; readonly isOne: boolean }> = {
  "somebody who took the nick": {
    whois: ["311 relay NickServ mallory evil.example * :x", "312 relay NickServ irc.example :x"],
    isOne: false,
  },
  "somebody who is logged in to services": {
    whois: [
      "311 relay NickServ services services. * :Network Services",
      "312 relay NickServ irc.example :Services",
      "320 relay NickServ :is identified to services",
      "330 relay NickServ NickServ :is logged in as",
    ],
    isOne: false,
  },
  "an operator": {
    whois: ["313 relay NickServ :is an IRC Operator - Services Admin"],
    isOne: false,
  },
  "nobody": { whois: ["401 relay NickServ :No such nick/channel"], isOne: false },
  "a service by its mark": { whois: ["313 relay NickServ :is a Network Service"], isOne: true },
  "a service by its server": {
    whois: ["312 relay NickServ services.example :Atheme"],
    isOne: true,
  },
};

for (const [name, { whois, isOne }] of Object.entries(NICKSERVS)) {
  Deno.test(`attack: NickServ is ${name}: ${isOne ? "it gets" : "it does not get"} the password`, async () => {
    const script: Script = {
      onLine: ({ command, params }, server) => {
        if (command !== "WHOIS") return false;
        server.send(...whois.map((line) => `:s ${line}`), `:s 318 relay ${params[0]} :End`);
        return true;
      },
    };
    await visit(script, `NickServPassword="${SECRET}"`, async (server, relay) => {
      if (!isOne) await relay.waitForLog(/NickServ is not told the password: WHOIS does not show/);
      await server.waitFor(({ command }) => command === "JOIN", "the relay to go on");
      assert.equal(told(server), isOne);
    });
  });
}

Deno.test("attack: somebody with the nick NickServ gets no GHOST with the password either", async () => {
  let refused = false;
  const script: Script = {
    onLine: ({ command, params }, server) => {
      if (command === "NICK" && !refused) {
        refused = true;
        server.send(":s 433 * relay :Nickname is already in use");
        return true;
      }
      if (command === "CAP" && params[0] === "END") {
        server.send(":s 001 relay_ :Welcome", ":s 422 relay_ :No MOTD");
        return true;
      }
      if (command !== "WHOIS") return false;
      server.send(
        `:s 311 relay NickServ mallory evil.example * :x`,
        `:s 318 relay ${params[0]} :End`,
      );
      return true;
    },
  };
  await visit(script, `NickServPassword="${SECRET}"`, async (server, relay) => {
    await relay.waitForLog(/not told the password[^]*not told the password/);
    assert.equal(told(server), false);
  });
});

Deno.test("attack: who stands in the server's place is told no password", () => {
  const may = (host: string, changes: object) => {
    const clock = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };
    const log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };
    const account = "irc.a" as Parameters<typeof settingsOf>[0]["account"];
    const given = { account, host, port: 1, nick: "n", clock, log, random: () => 0, ...changes };
    return mayTellPassword(settingsOf(ircOptions(given)));
  };
  const pinSha256 = ["00".repeat(32)];
  assert.equal(may("irc.example", {}), false);
  assert.equal(may("irc.example", { tls: { verify: false } }), false);
  assert.equal(may("irc.example", { tls: { verify: true } }), true);
  assert.equal(may("irc.example", { tls: { verify: false, pinSha256 } }), true);
  assert.equal(may("irc.example", { allowPlainText: true }), true);
  assert.equal(may("127.0.0.1", {}), true);
  assert.equal(may("127.0.0.1.evil.example", {}), false);
});
