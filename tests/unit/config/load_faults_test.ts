import assert from "node:assert/strict";
import { faultsOf, GATEWAY, load, sample } from "./sample.ts";

const TWO_GATEWAYS = `${GATEWAY}
[gateway.inout.options]
key = "one"
[[gateway]]
name = "two"
enable = true
[[gateway.in]]
account = "irc.libera"
channel = "#movies"
options = { key = "first" }
[[gateway.out]]
account = "irc.libera"
channel = "#b"
options = { key = "a b" }
[[gateway]]
name = "three"
enable = true
[[gateway.in]]
account = "irc.libera"
channel = "#movies"
options = { key = "second" }`;

/** What is tried, the file, and every fault of it. */
const CASES: readonly (readonly [string, string, readonly string[]])[] = [
  ["an empty file", "", [
    "m.toml: gateway: there is no [[gateway]], so nothing would be relayed: add one with two [[gateway.inout]]",
  ]],
  ["no enabled gateway", sample({ gateway: GATEWAY.replace("true", "false") }), [
    "m.toml: gateway: no gateway is enabled, so nothing would be relayed: set enable=true in one",
  ]],
  ["wrong types", sample().replace('"relay"', "5"), [
    "m.toml:3: irc.libera.Nick: found a number (5), expected a nick: no spaces and none of , * ? ! @ . in it, no digit, sign or # at its start",
  ]],
  [
    "values out of bounds",
    sample({
      irc:
        'UseTLS="yes"\nMessageDelay=-1\nPingDelay="0s"\nBurst=0\nRealName=["a"]\nRejoinDelay=false',
    }),
    [
      'm.toml:4: irc.libera.UseTLS: found text ("yes"), expected true or false without quotes',
      'm.toml:5: irc.libera.MessageDelay: found a number (-1), expected a number of milliseconds or a duration such as "1m30s", from 0s to 1h',
      'm.toml:6: irc.libera.PingDelay: found text ("0s"), expected a duration in quotes such as "1m30s", from 1s to 1d',
      "m.toml:7: irc.libera.Burst: found a number (0), expected a whole number from 1 to 1000 without quotes",
      "m.toml:8: irc.libera.RealName: found a list, expected text in quotes",
      'm.toml:9: irc.libera.RejoinDelay: found false, expected a number of seconds or a duration such as "1m30s", from 0s to 1d',
    ],
  ],
  [
    "what an account needs",
    sample().replace('Server = "irc.example.org:6667"\nNick = "relay"', ""),
    [
      "m.toml:1: irc.libera.Server: is missing: the IRC server as host:port, an IPv6 address in brackets; several of one network as a list, tried in turn (or set MATTERBRIDGE_IRC_LIBERA_SERVER in the environment)",
      "m.toml:1: irc.libera.Nick: is missing: the relay's own nick (or set MATTERBRIDGE_IRC_LIBERA_NICK in the environment)",
    ],
  ],
  ["what is empty", sample().replace('"irc.example.org:6667"', '""').replace('"relay"', '""'), [
    "m.toml:2: irc.libera.Server: is empty: the IRC server as host:port, an IPv6 address in brackets; several of one network as a list, tried in turn (or set MATTERBRIDGE_IRC_LIBERA_SERVER in the environment)",
    "m.toml:3: irc.libera.Nick: found empty text, expected a nick",
  ]],
  ["a server with credentials", sample().replace('"irc.e', '"irc://user:hunter2@irc.e'), [
    'm.toml:2: irc.libera.Server: found text ("irc://irc.example.org:6667"), expected host:port such as "irc.libera.chat:6697"',
  ]],
  ["a line break in a name", sample({ irc: 'RealName="a\\r\\nQUIT"' }), [
    'm.toml:4: irc.libera.RealName: found text ("a\\r\\nQUIT"), expected text on one line',
  ]],
  [
    "regular expressions",
    sample({
      irc:
        'IgnoreNicks="ok (?=x)"\nReplaceMessages=[["a","b"],["c"]]\nReplaceNicks=[["(","b"]]\nExtractNicks="x"\nIgnoreMessages=5',
    }),
    [
      'm.toml:4: irc.libera.IgnoreNicks: found "(?=x)", which is no regular expression that works here: Go\'s regular expressions have no look-ahead and look-behind such as (?=…) and (?!…)',
      "m.toml:5: irc.libera.ReplaceMessages: item 2: found a list, expected [regular expression, replacement], both in quotes",
      'm.toml:6: irc.libera.ReplaceNicks: item 1: found "(", which is no regular expression that works here: missing closing ): `(`',
      'm.toml:7: irc.libera.ExtractNicks: found text ("x"), expected a list such as [ ["otherbot", "<(.*?)>\\\\s+(.*)"] ]',
      "m.toml:8: irc.libera.IgnoreMessages: found a number (5), expected text in quotes",
    ],
  ],
  ["what IRC can't do", sample({ irc: 'Bind="here"\nCharset="utf-16"\nTLSFingerprint="ab:cd"' }), [
    'm.toml:4: irc.libera.Bind: found text ("here"), expected an IP address of this machine',
    'm.toml:5: irc.libera.Charset: found text ("utf-16"), expected the name of a character set such as "windows-1251"',
    'm.toml:6: irc.libera.TLSFingerprint: found text ("ab:cd"), expected a SHA-256 fingerprint: 64 hexadecimal digits, with or without colons',
  ]],
  [
    "SASL EXTERNAL without a certificate",
    sample({ irc: 'UseSASL=true\nSASLMechanism="EXTERNAL"' }),
    [
      'm.toml:5: irc.libera.SASLMechanism: found "external", which needs UseTLS=true and a TLSClientCertificate',
    ],
  ],
  ["a Password without Email", sample({ kosmi: 'Password="hunter2"' }), [
    "m.toml:6: kosmi.movies.Password: stands without Email: set both to log in, or none for an anonymous visitor",
  ]],
  [
    "addresses of the wrong scheme",
    sample({
      kosmi:
        'AppURL="app.kosmi.io"\nHTTPEndpoint="wss://a/"\nWSEndpoint="https://u:pw@a/x?token=hunter2"\nBrowserURL="ftp://x?token=hunter2"\nMarkup="html"',
    }),
    [
      'm.toml:6: kosmi.movies.AppURL: found text ("app.kosmi.io"), expected an address that begins with https:// or http://, such as "https://app.kosmi.io"',
      'm.toml:7: kosmi.movies.HTTPEndpoint: found text ("wss://a/"), expected an address that begins with https:// or http://, such as "https://engine.kosmi.io/"',
      'm.toml:8: kosmi.movies.WSEndpoint: found text ("https://a/x"), expected an address that begins with wss:// or ws://, such as "wss://engine.kosmi.io/gql-ws"',
      'm.toml:9: kosmi.movies.BrowserURL: found text, expected an address that begins with ws:// or wss:// or http:// or https://, such as "ws://browser:3000"',
      'm.toml:10: kosmi.movies.Markup: found text ("html"), expected "plain" or "markdown"',
    ],
  ],
  ["a RoomURL without room", sample().replace("/room/@movies", "/"), [
    'm.toml:5: kosmi.movies.RoomURL: Cannot use "https://app.kosmi.io/" as a Kosmi room: expected a room\'s address such as https://app.kosmi.io/room/@name, or its last part (@name or a code such as 956fp3)',
  ]],
  [
    "a RoomURL that refers to itself",
    sample().replace("https://app.kosmi.io/room/@movies", "main"),
    [
      'm.toml:5: kosmi.movies.RoomURL: found "main", which is the word for RoomURL itself; expected the room\'s address',
    ],
  ],
  ["main without RoomURL", sample().replace('RoomURL = "https://app.kosmi.io/room/@movies"', ""), [
    "m.toml:14: gateway.movies.inout.channel: stands for the RoomURL of [kosmi.movies], which is not set: set it, or name a room here",
  ]],
  [
    "channels",
    sample({ gateway: GATEWAY.replace("#movies", "movies").replace('"main"', '"a room"') }),
    [
      'm.toml:11: gateway.movies.inout.channel: Cannot use "movies" as an IRC channel: its name must begin with #; write it as #name',
      'm.toml:14: gateway.movies.inout.channel: Cannot use "a room" as a Kosmi room: expected a room\'s address such as https://app.kosmi.io/room/@name, or its last part (@name or a code such as 956fp3)',
    ],
  ],
  ["a missing channel", sample({ gateway: GATEWAY.replace('channel = "#movies"', "") }), [
    'm.toml:9: gateway.movies.inout.channel: Cannot use "" as an IRC channel: it is empty; write its name, such as #cinema',
  ]],
  ["a misspelt account", sample({ gateway: GATEWAY.replace("irc.libera", "irc.liberra") }), [
    'm.toml:10: gateway.movies.inout.account: found "irc.liberra", but the file has no such account; did you mean "irc.libera"?',
  ]],
  ["an account without its service", sample({ gateway: GATEWAY.replace("irc.libera", "libera") }), [
    'm.toml:10: gateway.movies.inout.account: found "libera", but the file has no such account; did you mean "irc.libera"?',
  ]],
  [
    "an account that nothing resembles",
    sample({ gateway: GATEWAY.replace("irc.libera", "irc.undernet") }),
    [
      'm.toml:10: gateway.movies.inout.account: found "irc.undernet", but the file has no such account; there are "irc.libera", "kosmi.movies"',
    ],
  ],
  [
    "an account of another service",
    `${sample({ gateway: GATEWAY.replace("irc.libera", "discord.x") })}\n[discord.x]`,
    [
      "m.toml:6: gateway: without the endpoints of other services no gateway can relay anything: add one of irc or kosmi, as docs/migrating-from-matterbridge.md shows",
    ],
  ],
  ["no account", sample({ gateway: GATEWAY.replace('account = "irc.libera"', "") }), [
    "m.toml:9: gateway.movies.inout.account: is missing: the account, as its section is named: `irc.NAME` or `kosmi.NAME`",
  ]],
  [
    "faults of accounts when a gateway names none that is there",
    sample({ irc: "Burst=0", gateway: GATEWAY.replace("irc.libera", "irc.x") }),
    [
      "m.toml:4: irc.libera.Burst: found a number (0), expected a whole number from 1 to 1000 without quotes",
      'm.toml:11: gateway.movies.inout.account: found "irc.x", but the file has no such account; there are "irc.libera", "kosmi.movies"',
    ],
  ],
  ["two gateways of one name", sample({ gateway: `${GATEWAY}\n${GATEWAY}` }), [
    "m.toml:15: gateway.movies: there is a gateway of this name already, on line 6: give each its own",
  ]],
  ["keys of channels", sample({ gateway: TWO_GATEWAYS }), [
    "m.toml:24: gateway.two.out.options.key: found text, expected a channel's key without spaces and commas",
    "m.toml:31: gateway.three.in: the channel #movies has another key further up: a channel has one key",
  ]],
  [
    "gateways through which nothing can flow",
    sample({ gateway: GATEWAY.replaceAll("inout", "out") }),
    [
      "m.toml: gateway: no gateway can relay anything: an enabled one needs two endpoints",
    ],
  ],
  ["samechannel at an endpoint", sample({ gateway: `${GATEWAY}\nsamechannel = true` }), [
    "m.toml:15: gateway.movies.inout.samechannel: found true, which is not possible for a single endpoint; use a [[samechannelgateway]] instead",
  ]],
  [
    "a samechannelgateway",
    sample({
      gateway:
        '[[samechannelgateway]]\nname="s"\nenable=true\naccounts=["irc.libera","kosmi.x"]\nchannels=["#a","b"]',
    }),
    [
      'm.toml:9: samechannelgateway.s.accounts: found "kosmi.x", but the file has no such account; there are "irc.libera", "kosmi.movies"',
      'm.toml:10: samechannelgateway.s.channels: Cannot use "b" as an IRC channel: its name must begin with #; write it as #name',
    ],
  ],
  [
    "keys that differ in letter case",
    `${sample({ irc: 'nick="b"\nUSETLS=false\nusetls=false' })}\n[irc.LIBERA]`,
    [
      "m.toml:4: irc.libera.nick: is set twice, also as Nick on line 3: letter case makes no difference, so remove one of them",
      "m.toml:6: irc.libera.usetls: is set twice, also as USETLS on line 5: letter case makes no difference, so remove one of them",
      "m.toml:18: irc.LIBERA: is set twice, also as libera on line 1: letter case makes no difference, so spell both alike",
    ],
  ],
  ["accounts without a usable name", `${sample()}\n[irc."a.b"]\nNick="x"\n[irc]\nServer="x"`, [
    'm.toml:15: irc."a.b": the name of an account can only have letters, digits, - and _',
    "m.toml:18: irc.Server: stands in [irc]: an account needs a name of your choice, as in [irc.NAME]",
  ]],
  ["sections that are none", "general = 5", [
    "m.toml:1: general: found a number, expected a section [general]",
    "m.toml: gateway: there is no [[gateway]], so nothing would be relayed: add one with two [[gateway.inout]]",
  ]],
  ["a value in [general] for accounts, once", sample({ general: 'MessageDelay="fast"' }), [
    'm.toml:2: general.MessageDelay: found text ("fast"), expected a number of milliseconds or a duration such as "1m30s", from 0s to 1h',
  ]],
  [
    "[general]",
    sample({
      general:
        'StatusListen="nope"\nStatusToken=5\nLogLevels=["x"]\nOutboxMaxAge="1y"\nOutboxMaxMessages=1.5',
    }),
    [
      'm.toml:2: general.StatusListen: found text ("nope"), expected host:port such as "127.0.0.1:9180"',
      'm.toml:4: general.LogLevels: item 1: found text ("x"), expected text such as "irc.libera=debug"',
      'm.toml:5: general.OutboxMaxAge: found text ("1y"), expected a duration in quotes such as "1m30s", from 1s to 3650d',
      "m.toml:6: general.OutboxMaxMessages: found a number (1.5), expected a whole number from 1 to 10000000 without quotes",
    ],
  ],
  ["TOML: text without quotes", "[a]\nb = hunter2", [
    'm.toml:2: expected a value: text needs quotes, as in Nick="relay" (column 5)',
  ]],
  ["TOML: an open quote", '[irc.x]\nPassword = "hunter2', [
    "m.toml:2: the text is not closed: a quote is missing at its end (column 12)",
  ]],
  ["TOML: a quote within", '[irc.x]\nPassword = "hunter2" "', [
    'm.toml:2: there is a quote within the text: write \\" for it, or put the text in single quotes (column 22)',
  ]],
  ["TOML: a key twice", '[irc.x]\nPassword = "a"\nPassword = "hunter2"', [
    "m.toml:3: Password is set twice in this section, first on line 2: remove one of them (column 1)",
  ]],
  ["TOML: an open section", '[irc.x\nPassword = "a"', [
    "m.toml:1: a section's name can only have letters, digits, - and _, and ] stands at its end (column 7)",
  ]],
  ["TOML: a section twice", "[irc.x]\n[irc.x]", [
    "m.toml:2: [irc.x] is set twice, first on line 1: remove this line (column 2)",
  ]],
  ["TOML: a backslash", '[irc.x]\nPassword = "hunter2\\q"', [
    "m.toml:2: a backslash (\\) in text begins an escape: write \\\\ or use single quotes (column 21)",
  ]],
  ["TOML: a key alone", "[irc.x]\nNick", [
    "m.toml:2: a key needs = and a value, a section needs ] at its end (column 1)",
  ]],
];

for (const [name, text, expected] of CASES) {
  Deno.test(`loadConfig() tells all faults: ${name}`, async () => {
    const loaded = await load(text);
    assert.deepEqual(faultsOf(loaded), expected);
    assert.equal(loaded.config, null);
  });
}

Deno.test("loadConfig() tells faults of variables", async () => {
  const loaded = await load(sample(), {
    MATTERBRIDGE_IRC_LIBERA_NICK: "a b",
    MATTERBRIDGE_IRC_LIBERA_USETLS: "maybe",
    MATTERBRIDGE_KOSMI_MOVIES_REPLACENICKS: "[[",
    MATTERBRIDGE_KOSMI_MOVIES_PASSWORD: "hunter2",
    MATTERBRIDGE_GENERAL_OUTBOXMAXMESSAGES: "many",
  });
  assert.deepEqual(faultsOf(loaded).sort(), [
    'environment: MATTERBRIDGE_GENERAL_OUTBOXMAXMESSAGES: found text ("many"), expected a whole number from 1 to 10000000 without quotes',
    'environment: MATTERBRIDGE_IRC_LIBERA_NICK: found text ("a b"), expected a nick: no spaces and none of , * ? ! @ . in it, no digit, sign or # at its start',
    'environment: MATTERBRIDGE_IRC_LIBERA_USETLS: found text ("maybe"), expected true or false without quotes',
    "environment: MATTERBRIDGE_KOSMI_MOVIES_PASSWORD: stands without Email: set both to log in, or none for an anonymous visitor",
    'environment: MATTERBRIDGE_KOSMI_MOVIES_REPLACENICKS: found text ("[["), expected a list such as [ ["cat", "dog"] ]',
  ]);
});
