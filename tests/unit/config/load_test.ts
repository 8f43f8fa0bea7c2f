import assert from "node:assert/strict";
import { secretsOf } from "../../../src/config/options/secrets.ts";
import { parseSocksProxy } from "../../../src/config/values/net.ts";
import { configOf, GATEWAY, ircOf, kosmiOf, sample } from "./sample.ts";

Deno.test("loadConfig() answers accounts and gateways in the order of the file", async () => {
  const config = await configOf(sample());
  assert.deepEqual(
    config.accounts.map(({ protocol, id, name }) => ({ protocol, id, name })),
    [
      { protocol: "irc", id: "irc.libera", name: "libera" },
      { protocol: "kosmi", id: "kosmi.movies", name: "movies" },
    ],
  );
  assert.deepEqual(config.gateways, [{
    name: "movies",
    endpoints: [
      { account: "irc.libera", channel: "#movies", direction: "inout", key: null },
      { account: "kosmi.movies", channel: "main", direction: "inout", key: null },
    ],
  }]);
});

Deno.test("loadConfig() fills in Matterbridge's defaults", async () => {
  const config = await configOf(sample());
  const irc = ircOf(config);
  assert.equal(irc.remoteNickFormat, "[{PROTOCOL}] <{NICK}> ");
  assert.equal(irc.messageDelayMs, 1_300);
  assert.equal(irc.pingDelayMs, 60_000);
  assert.equal(irc.messageClipped, "<clipped message>");
  assert.equal(irc.password, null);
  const kosmi = kosmiOf(config);
  assert.equal(kosmi.httpEndpoint, "https://engine.kosmi.io/");
  assert.equal(kosmi.wsEndpoint, "wss://engine.kosmi.io/gql-ws");
  assert.equal(kosmi.email, null);
});

Deno.test("loadConfig() freezes all that it answers", async () => {
  const config = await configOf(
    sample({ kosmi: "[kosmi.movies.overrides]\na = { b = [1, { c = 2 }] }" }),
  );
  const visit = (value: unknown, path: string) => {
    if (typeof value !== "object" || value === null || value instanceof RegExp) return;
    assert(Object.isFrozen(value), path);
    for (const [key, inner] of Object.entries(value)) visit(inner, `${path}.${key}`);
  };
  visit(config, "config");
});

Deno.test("loadConfig() takes keys and sections in any letter case", async () => {
  const text = sample()
    .replace("[irc.libera]", "[IRC.Libera]").replace("Nick", "nICK").replace("Server", "SERVER")
    .replace("[[gateway]]", "[[Gateway]]").replaceAll("[[gateway.inout]]", "[[Gateway.InOut]]")
    .replace("account", "Account");
  const config = await configOf(text);
  assert.equal(config.accounts[0]?.id, "irc.Libera");
  assert.equal(ircOf(config).nick, "relay");
  assert.equal(config.gateways[0]?.endpoints[0]?.account, "irc.Libera");
});

Deno.test("a value is looked for in the account, then in [general], then it has its default", async () => {
  const text = sample({
    general: 'RemoteNickFormat = "G {NICK}"\nMessageDelay = 7\nBURST = 3',
    irc: 'RemoteNickFormat = "I {NICK}"',
  });
  const config = await configOf(text);
  assert.equal(ircOf(config).remoteNickFormat, "I {NICK}");
  assert.equal(kosmiOf(config).remoteNickFormat, "G {NICK}");
  assert.equal(ircOf(config).messageDelayMs, 7);
  assert.equal(kosmiOf(config).burst, 3);
});

Deno.test("a variable goes before the file, the account's before [general]'s", async () => {
  const text = sample({ irc: 'AllowPlainText = true\nPassword = "file"' }).replaceAll(
    "libera",
    "my-net",
  );
  const config = await configOf(text, {
    MATTERBRIDGE_IRC_MY_NET_PASSWORD: "variable",
    MATTERBRIDGE_IRC_MY_NET_NICK: "",
    MATTERBRIDGE_IRC_MY_NET_MESSAGEDELAY: "50",
    MATTERBRIDGE_IRC_MY_NET_IGNORENICKS: "^bot spam",
    MATTERBRIDGE_IRC_MY_NET_REPLACENICKS: '[["a", "b"]]',
    MATTERBRIDGE_GENERAL_LABEL: "general",
    MATTERBRIDGE_GENERAL_STRIPNICK: "TRUE",
    MATTERBRIDGE_GENERAL_OUTBOXMAXAGE: "2h",
    MATTERBRIDGE_KOSMI_MOVIES_LABEL: "kosmi",
  });
  const irc = ircOf(config);
  assert.equal(irc.password, "variable");
  assert.equal(irc.nick, "relay");
  assert.equal(irc.messageDelayMs, 50);
  assert.deepEqual(irc.ignoreNicks.map(String), ["/^bot/u", "/spam/u"]);
  assert.equal("alfa".replace(...pair(irc.replaceNicks[0])), "blfb");
  assert.equal(irc.label, "general");
  assert.equal(irc.stripNick, true);
  assert.equal(kosmiOf(config).label, "kosmi");
  assert.equal(config.general.outboxMaxAgeMs, 7_200_000);
});

function pair(row: readonly [RegExp, string] | undefined): [RegExp, string] {
  assert(row !== undefined);
  return [...row];
}

const SERVERS: readonly (readonly [string, string, { host: string; port: number }])[] = [
  ["irc.example.org", "", { host: "irc.example.org", port: 6667 }],
  ["irc.example.org", "UseTLS = true", { host: "irc.example.org", port: 6697 }],
  ["irc.example.org:7000", "UseTLS = true", { host: "irc.example.org", port: 7000 }],
  ["127.0.0.1:1", "", { host: "127.0.0.1", port: 1 }],
  ["[2001:db8::1]:6697", "UseTLS = true", { host: "2001:db8::1", port: 6697 }],
  ["[::1]", "", { host: "::1", port: 6667 }],
  ["::1", "", { host: "::1", port: 6667 }],
];

for (const [written, irc, expected] of SERVERS) {
  Deno.test(`Server "${written}" ${irc}`, async () => {
    const config = await configOf(sample({ irc }).replace("irc.example.org:6667", written));
    assert.deepEqual(ircOf(config).server, expected);
  });
}

Deno.test("Server may be a list: the first, and further ones", async () => {
  for (const written of ['["a.test", "b.test:7000"]', '"a.test, b.test:7000"']) {
    const toml = sample({ irc: "UseTLS = true" }).replace('"irc.example.org:6667"', written);
    const { server, moreServers } = ircOf(await configOf(toml));
    assert.deepEqual([server, ...moreServers], [
      { host: "a.test", port: 6697 },
      { host: "b.test", port: 7000 },
    ]);
  }
});

Deno.test("Proxy is a secret address that leads to a host, a port and perhaps a login", async () => {
  const written = "socks5://me:p%40ss@127.0.0.1:9050";
  const config = await configOf(sample({ irc: `Proxy = "${written}"` }));
  assert.equal(ircOf(config).proxy, written);
  for (const secret of [written, "p@ss"]) {
    assert.ok(secretsOf(config).includes(secret));
  }
  assert.deepEqual(parseSocksProxy(written), {
    host: "127.0.0.1",
    port: 9050,
    login: { user: "me", password: "p@ss" },
  });
  assert.deepEqual(parseSocksProxy("socks5h://[::1]"), { host: "::1", port: 1080, login: null });
  for (
    const wrong of ["127.0.0.1:9050", "http://a:1", "socks4://a:1", "socks5://", "socks5://a/b"]
  ) {
    assert.equal(parseSocksProxy(wrong), null, wrong);
  }
});

Deno.test("the same channel under in and out is inout, in any spelling", async () => {
  const config = await configOf(sample({
    gateway: `[[gateway]]
name = "g"
enable = true
[[gateway.in]]
account = "irc.libera"
channel = "#movies"
[[gateway.out]]
account = "irc.libera"
channel = "#Movies"
[[gateway.out]]
account = "kosmi.movies"
channel = ""
[[gateway.in]]
account = "kosmi.movies"
channel = "https://app.kosmi.io/room/@movies"
[[gateway.in]]
account = "kosmi.movies"
channel = "@other"`,
  }));
  assert.deepEqual(
    config.gateways[0]?.endpoints.map(({ channel, direction }) => [channel, direction]),
    [["#movies", "inout"], ["https://app.kosmi.io/room/@movies", "inout"], ["@other", "in"]],
  );
});

Deno.test("a samechannelgateway becomes a gateway for each of its channels", async () => {
  const text = `${sample()}
[irc.oftc]
Server = "irc.oftc.net:6667"
Nick = "relay"
[[samechannelgateway]]
name = "same"
enable = true
accounts = ["irc.libera", "irc.oftc"]
channels = ["#a", "#b"]`;
  const gateways = (await configOf(text)).gateways.slice(1);
  assert.deepEqual(gateways.map(({ name }) => name), ["same #a", "same #b"]);
  assert.deepEqual(
    gateways[1]?.endpoints.map(({ account, channel, direction }) => [account, channel, direction]),
    [["irc.libera", "#b", "inout"], ["irc.oftc", "#b", "inout"]],
  );
});

Deno.test("a channel's key holds in every gateway that has the channel", async () => {
  const config = await configOf(sample({
    gateway: `${GATEWAY}
[[gateway]]
name = "two"
enable = true
[[gateway.inout]]
account = "irc.libera"
channel = "#Movies"
[gateway.inout.options]
Key = "sesame"
[[gateway.inout]]
account = "irc.libera"
channel = "#b"`,
  }));
  assert.deepEqual(
    config.gateways.map(({ endpoints }) => endpoints.map(({ key }) => key)),
    [["sesame", null], ["sesame", null]],
  );
});

Deno.test("overrides are handed on as they stand", async () => {
  const config = await configOf(
    sample({ kosmi: '[kosmi.movies.overrides.login]\nbutton = ["Log in"]' }),
  );
  assert.deepEqual(JSON.parse(JSON.stringify(kosmiOf(config).overrides)), {
    login: { button: ["Log in"] },
  });
});

Deno.test("secretsOf() finds every secret of a configuration", async () => {
  const config = await configOf(
    sample({
      irc: 'AllowPlainText = true\nPassword = "s1"',
      kosmi: 'Email = "a@b.c"\nPassword = "s2"\nToken = "s3"\nBrowserURL = "ws://h/?token=s4"',
      gateway: GATEWAY.replace(
        'channel = "#movies"',
        'channel = "#movies"\noptions = { key = "s5" }',
      ),
    }),
  );
  assert.deepEqual([...secretsOf(config)].sort(), ["s1", "s2", "s3", "s5", "ws://h/?token=s4"]);
});
