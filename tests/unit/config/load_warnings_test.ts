import assert from "node:assert/strict";
import { faultsOf, GATEWAY, load, sample, warningsOf } from "./sample.ts";

/** What is tried, the file, and every warning of it; none has a fault. */
const CASES: readonly (readonly [string, string, readonly string[]])[] = [
  ["nothing is wrong", sample(), []],
  ["an Email without Password", sample({ kosmi: 'Email="a@b.c"' }), [
    "m.toml:6: kosmi.movies.Email: is set without Password: only an imported token (kosmi-relay token import) can be used; set Password (or MATTERBRIDGE_KOSMI_MOVIES_PASSWORD in the environment) to log in, or leave both out for an anonymous visitor",
  ]],
  [
    "keys that are unknown, elsewhere at home or without effect",
    sample({
      general: 'LogFile="x"\nNonsense=1\nRemoteNickFromat="x"',
      irc: 'Passwrd="hunter2"\nOutboxMaxAge="1h"\nRoomURL="x"\nMessageQueue=30\nDebug=true',
      gateway: GATEWAY.replace("enable = true", "enable = true\nenabled = true"),
    }),
    [
      "m.toml:2: general.LogFile: has no effect: the relay logs to standard error: let the journal, the container engine or 2>> FILE keep it",
      "m.toml:3: general.Nonsense: there is no such key, so it has no effect",
      'm.toml:4: general.RemoteNickFromat: there is no such key, so it has no effect; did you mean "RemoteNickFormat"?',
      'm.toml:8: irc.libera.Passwrd: there is no such key, so it has no effect; did you mean "Password"?',
      "m.toml:9: irc.libera.OutboxMaxAge: has no effect here: this key belongs in [general]",
      "m.toml:10: irc.libera.RoomURL: has no effect here: this key belongs in [kosmi.NAME]",
      "m.toml:11: irc.libera.MessageQueue: has no effect: nothing is dropped from the queue; see OutboxMaxMessages in [general]",
      "m.toml:12: irc.libera.Debug: has no effect: an account has none of its own: set it in [general]",
      'm.toml:18: gateway.movies.enabled: there is no such key, so it has no effect; did you mean "enable"?',
    ],
  ],
  [
    "sections of others",
    `Nick = "x"\n${sample()}\n[discord.a]\nToken="hunter2"\n[zulip.b]\nx=1\n[tengo]\nmessage="x"\n[ircc.x]\nA=1\n[discord.c]`,
    [
      "m.toml:1: Nick: is outside any section, so it has no effect; put it below [general], [irc.NAME] or [kosmi.NAME]",
      "m.toml:16: discord.a: discord is not a service of this relay, so this account has no effect",
      "m.toml:18: zulip.b: zulip is not a service of this relay, so this account has no effect",
      "m.toml:20: tengo: has no effect: the relay runs no scripts; use ReplaceMessages",
      'm.toml:22: ircc: there is no such section or service (did you mean "irc"?), so it has no effect',
      "m.toml:24: discord.c: discord is not a service of this relay, so this account has no effect",
    ],
  ],
  ["placeholders", sample({ general: 'RemoteNickFormat="{TENGO} {NIK} {NICK} {x}"' }), [
    'm.toml:2: general.RemoteNickFormat: {TENGO} has no effect, because the relay runs no scripts; there is no placeholder {NIK}, so it stays as it is written; did you mean "NICK"?; there is no placeholder {x}, so it stays as it is written',
  ]],
  [
    "a token beside a login",
    sample({ kosmi: 'Email="a@b.c"\nPassword="hunter2"\nToken="hunter3"' }),
    [
      "m.toml:8: kosmi.movies.Token: stands together with Email: the token is used, and Email and Password only when it is refused",
    ],
  ],
  [
    "SASL with nothing to show",
    sample({ irc: "UseTLS=true\nUseSASL=true" }).replace("6667", "6697"),
    [
      "m.toml:5: irc.libera.UseSASL: has no password, so the login will fail: set NickServPassword (or MATTERBRIDGE_IRC_LIBERA_NICKSERVPASSWORD in the environment)",
    ],
  ],
  ["a port that does not go with UseTLS", sample().replace("6667", "6697"), [
    "m.toml:2: irc.libera.Server: port 6697 is for TLS nearly everywhere: set UseTLS=true, or the connection will fail",
  ]],
  [
    "secrets in plain text, but not to this machine",
    sample({ irc: 'Password="a"\nNickServPassword="b"' }),
    [
      "m.toml:4: irc.libera.Password: is not sent, because without TLS others can read it: set UseTLS=true, or AllowPlainText=true to send it all the same",
      "m.toml:5: irc.libera.NickServPassword: is not sent, because without TLS others can read it: set UseTLS=true, or AllowPlainText=true to send it all the same",
    ],
  ],
  [
    "secrets to this machine",
    sample({ irc: 'Password="a"' }).replace("irc.example.org", "127.0.0.1"),
    [],
  ],
  [
    "keys of puppets without puppets",
    sample({ irc: 'PuppetMax=5\nPuppetWebIRCGateway="x"' }),
    [
      "m.toml:4: irc.libera.PuppetMax: has no effect without Puppets=true",
      "m.toml:5: irc.libera.PuppetWebIRCGateway: has no effect without PuppetWebIRCPassword",
    ],
  ],
  ["a port that does not go with TLS", sample({ irc: "UseTLS=true" }), [
    "m.toml:2: irc.libera.Server: port 6667 is without TLS nearly everywhere: with UseTLS=true use 6697",
  ]],
  [
    "keys that need another",
    sample({
      irc: `SkipTLSVerify=true\nTLSFingerprint="${
        "ab".repeat(32)
      }"\nSASLLogin="x"\nNickServNick="nickserv"\nMessageClipped="…"\nPingDelay="5m"`,
    }),
    [
      "m.toml:4: irc.libera.SkipTLSVerify: has no effect without UseTLS=true",
      "m.toml:6: irc.libera.SASLLogin: has no effect without UseSASL=true",
      "m.toml:7: irc.libera.NickServNick: has no effect without NickServPassword",
      "m.toml:8: irc.libera.MessageClipped: has no effect without MessageSplit=false",
      "m.toml:9: irc.libera.PingDelay: is taken as 1m, so that a dead link is noticed in time",
    ],
  ],
  ["a room of another site", sample().replace("app.kosmi.io", "kosmi.example"), [
    "m.toml:5: kosmi.movies.RoomURL: found a room of kosmi.example, not of app.kosmi.io (AppURL): its id @movies is used",
  ]],
  ["an account that is not used", `${sample()}\n[irc.oftc]\nNick=5`, [
    "m.toml:15: irc.oftc: no enabled gateway uses this account, so it does not connect",
    "m.toml:15: irc.oftc.Server: is missing: the IRC server as host:port, an IPv6 address in brackets; several of one network as a list, tried in turn (or set MATTERBRIDGE_IRC_OFTC_SERVER in the environment)",
    "m.toml:16: irc.oftc.Nick: found a number (5), expected a nick: no spaces and none of , * ? ! @ . in it, no digit, sign or # at its start",
  ]],
  [
    "gateways that relay nothing",
    sample({
      gateway: `${GATEWAY}
[[gateway]]
name = "two"
enable = true
[[gateway.in]]
account = "irc.libera"
channel = "#a"
[[gateway.in]]
account = "kosmi.movies"
channel = "@a"
[[gateway]]
name = "three"
enable = true
[[gateway]]
name = "four"
enable = true
[[gateway.inout]]
account = "irc.libera"
channel = "#a"
[[gateway]]
name = "five"
[[gateway.inout]]
account = "irc.nowhere"
channel = "#a"`,
    }),
    [
      'm.toml:15: gateway.two: has only endpoints under "in", so nothing can be relayed through it: put one of them under "inout"',
      "m.toml:24: gateway.three: has no endpoint, so nothing can be relayed through it: add a [[gateway.inout]]",
      "m.toml:27: gateway.four: has only one endpoint, so nothing can be relayed through it: add a [[gateway.inout]]",
      "m.toml:33: gateway.five: is not enabled, so nothing is relayed through it: set enable=true to use it",
    ],
  ],
  [
    "a channel that is set twice, and options of others",
    sample({
      gateway: `${GATEWAY}
[gateway.inout.options]
key = "x"
webhookurl = "x"
kee = "hunter2"
[[gateway.inout]]
account = "IRC.Libera"
channel = "#MOVIES"`,
    }),
    [
      "m.toml:12: gateway.movies.inout: options.key has no effect: a Kosmi room has no key",
      "m.toml:17: gateway.movies.inout.options.webhookurl: has no effect: neither Kosmi nor IRC has webhooks",
      'm.toml:18: gateway.movies.inout.options.kee: there is no such key, so it has no effect; did you mean "key"?',
      "m.toml:19: gateway.movies.inout: this channel stands in the gateway already, on line 9",
    ],
  ],
];

for (const [name, text, expected] of CASES) {
  Deno.test(`loadConfig() warns: ${name}`, async () => {
    const loaded = await load(text);
    assert.deepEqual(faultsOf(loaded), []);
    assert.deepEqual(warningsOf(loaded), expected);
  });
}

Deno.test("loadConfig() warns of variables that nothing reads", async () => {
  const loaded = await load(sample(), {
    MATTERBRIDGE_IRC_LIBERA_PASWORD: "hunter2",
    MATTERBRIDGE_IRC_OFTC_NICK: "x",
    MATTERBRIDGE_GENERAL_CATCHUPMAXAG: "x",
    MATTERBRIDGE_FOO: "x",
    MATTERBRIDGE_DATA_DIR: "/data",
    MATTERBRIDGE_PORT_9180_TCP_ADDR: "10.0.0.1",
    MATTERBRIDGE_SERVICE_HOST: "10.0.0.1",
    PATH: "/bin",
  });
  assert.deepEqual(faultsOf(loaded), []);
  assert.deepEqual(warningsOf(loaded), [
    "environment: MATTERBRIDGE_IRC_LIBERA_PASWORD: [irc.libera] has no such key; did you mean MATTERBRIDGE_IRC_LIBERA_PASSWORD?",
    "environment: MATTERBRIDGE_IRC_OFTC_NICK: the file has no account [irc.NAME] that this could be for",
    "environment: MATTERBRIDGE_GENERAL_CATCHUPMAXAG: [general] has no such key; did you mean MATTERBRIDGE_GENERAL_CATCHUPMAXAGE?",
    "environment: MATTERBRIDGE_FOO: nothing reads this variable",
  ]);
});

Deno.test("loadConfig() overlooks variables of services whose accounts it leaves out, and outer spaces", async () => {
  const text = sample({ general: 'RemoteNickFormat="{NICK}:\\n"' })
    .replace('account = "irc.libera"', 'account = "irc.libera "');
  const loaded = await load(text, { MATTERBRIDGE_DISCORD_WORK_TOKEN: "hunter2" });
  assert.deepEqual(faultsOf(loaded), []);
  assert.deepEqual(warningsOf(loaded), [
    "m.toml:2: general.RemoteNickFormat: a line break in it is taken as a space",
  ]);
  assert.equal(loaded.config?.accounts[0]?.settings.remoteNickFormat, "{NICK}: ");
});
