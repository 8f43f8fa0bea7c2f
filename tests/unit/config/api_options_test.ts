import assert from "node:assert/strict";
import { CHANNEL_RULES } from "../../../src/commands/shared/read_configuration.ts";
import { formatFault, loadConfig } from "../../../src/config/load.ts";
import { secretsOf } from "../../../src/config/options/secrets.ts";

const GATEWAY = (account: string, channel = "api") => `
[irc.a]
Server="localhost:6667"
Nick="n"
[[gateway]]
name="g"
enable=true
[[gateway.inout]]
account="irc.a"
channel="#c"
[[gateway.inout]]
account="${account}"
channel="${channel}"
`;

function load(text: string) {
  return loadConfig({ text, file: "m.toml", env: {}, channels: CHANNEL_RULES });
}

async function told(text: string): Promise<string[]> {
  const { faults, warnings } = await load(text);
  return [...faults, ...warnings].map(formatFault);
}

async function optionsOf(text: string): Promise<Record<string, unknown>> {
  const { config, faults } = await load(text);
  const account = config?.accounts.find(({ protocol }) => protocol !== "irc");
  assert.ok(account !== undefined, faults.map(formatFault).join("\n"));
  return { ...account.options, format: account.settings.remoteNickFormat };
}

Deno.test("an [api.NAME] has Matterbridge's options and listens on this machine by default", async () => {
  assert.deepEqual(await optionsOf(`[api.bots]${GATEWAY("api.bots")}`), {
    remoteNickFormat: "{NICK}",
    bindAddress: null,
    token: null,
    buffer: 1_000,
    allowOrigins: [],
    format: "{NICK}",
  });
  const text = `[api.bots]
BindAddress="0.0.0.0:4242"
Token="a-token-of-some-length"
Buffer=50
RemoteNickFormat="<{NICK}> "
AllowOrigins=["https://example.org"]
Label="x"${GATEWAY("api.bots")}`;
  assert.deepEqual(await told(text), []);
  const { config } = await load(text);
  assert.deepEqual(config === null ? [] : secretsOf(config), ["a-token-of-some-length"]);
  const options = await optionsOf(text);
  assert.deepEqual(options["bindAddress"], { host: "0.0.0.0", port: 4242 });
  assert.equal(options["format"], "<{NICK}> ");
});

Deno.test("an API that others can reach needs a token, and says so for every page", async () => {
  const api = (lines: string) => `[api.bots]\n${lines}${GATEWAY("api.bots")}`;
  for (const address of [":4242", "0.0.0.0:4242", "chat.example.org:80"]) {
    const [fault, ...more] = await told(api(`BindAddress="${address}"`));
    assert.match(fault ?? "", /api\.bots\.BindAddress: found .* others can reach: set Token/);
    assert.deepEqual(more, []);
  }
  const [short] = await told(api(`BindAddress=":4242"\nToken="short"`));
  assert.match(short ?? "", /Token: is short/);
  assert.ok(
    !JSON.stringify(await told(api(`BindAddress=":4242"\nToken="short"`))).includes('"short"'),
  );
  const [every] = await told(api(`AllowOrigins=["*"]`));
  assert.match(every ?? "", /AllowOrigins: found "\*"/);
  const [path] = await told(api(`AllowOrigins=["https://example.org/chat"]`));
  assert.match(path ?? "", /AllowOrigins: .*expected an origin/);
  for (const address of ["127.0.0.1:4242", "localhost:1", "[::1]:4242"]) {
    assert.deepEqual(await told(api(`BindAddress="${address}"`)), []);
  }
});

Deno.test("the channel of an API is api; another is warned of", async () => {
  const [warning, ...more] = await told(`[api.bots]${GATEWAY("api.bots", "general")}`);
  assert.match(warning ?? "", /channel: found "general", expected "api"/);
  assert.deepEqual(more, []);
});

Deno.test("a [matterbridge.NAME] names where Matterbridge is, and its gateways", async () => {
  const text = `[matterbridge.there]
URL="http://localhost:4242"
Token="t"
Gateway="main street"${GATEWAY("matterbridge.there")}`;
  assert.deepEqual(await told(text), []);
  const { url, gateway, format } = await optionsOf(text);
  assert.deepEqual([url, gateway, format], ["http://localhost:4242", "main street", "{NICK}"]);
  assert.deepEqual(await told(`[matterbridge.there]${GATEWAY("matterbridge.there", "other")}`), []);
});

Deno.test("a [matterbridge.NAME] that cannot work, or is open to others, is told", async () => {
  const there = (lines: string) => `[matterbridge.there]\n${lines}${GATEWAY("matterbridge.there")}`;
  const cases: readonly (readonly [lines: string, expected: RegExp])[] = [
    ["", /stands for the Gateway of \[matterbridge.there\], which is not set/],
    ['URL="ftp://x"\nGateway="g"', /URL: found .*http/],
    ['URL="http://localhost/?x=1"\nGateway="g"', /URL: found an address with \?/],
    [
      'URL="http://matterbridge:4242"\nToken="t"\nGateway="g"',
      /URL: sends Token where others may read it/,
    ],
  ];
  for (const [lines, expected] of cases) {
    const found = await told(there(lines));
    assert.equal(found.length, 1, found.join("\n"));
    assert.match(found[0] ?? "", expected);
  }
  const open = 'URL="http://matterbridge:4242"\nToken="t"\nGateway="g"\nAllowPlainText=true';
  assert.deepEqual(await told(there(open)), []);
});
