import assert from "node:assert/strict";
import { parse } from "smol-toml";
import { ACCOUNT_OPTIONS } from "../../../src/config/options/account.ts";
import { GENERAL_OPTIONS } from "../../../src/config/options/general.ts";
import { IRC_OPTIONS } from "../../../src/config/options/irc.ts";
import { KOSMI_OPTIONS } from "../../../src/config/options/kosmi.ts";
import type { OptionTable } from "../../../src/config/options/option.ts";
import { faultsOf, load, sample } from "./sample.ts";

/** Every key that Matterbridge documents for IRC, for any account and for [general], with values of its own form. */
const MATTERBRIDGE = String.raw`
[general]
RemoteNickFormat="[{PROTOCOL}] <{NICK}> "
StripNick=false
MediaServerUpload="https://media.example/upload"
MediaServerDownload="https://media.example/"
MediaDownloadPath="/srv/media"
MediaDownloadSize=1000000
MediaDownloadBlackList=[".html$",".htm$"]
IgnoreFailureOnStart=false
LogFile="/var/log/matterbridge.log"

[tengo]
InMessage="in.tengo"

[api.local]
BindAddress="127.0.0.1:4242"
Buffer=1000
Token="mytoken"
RemoteNickFormat="{NICK}"
Label=""

[irc.libera]
Server="irc.libera.chat:6697"
Nick="matterbot"
Password=""
UseTLS=true
SkipTLSVerify=false
TLSClientCertificate=""
UseSASL=false
Bind=""
Charset=""
RealName="matterbridge instance"
UserName="matterbot"
NickServNick="nickserv"
NickServPassword="secret"
NickServUsername="username"
MessageDelay=1300
MessageQueue=30
MessageLength=400
MessageSplit=false
MessageClipped="<clipped message>"
RejoinDelay=0
ColorNicks=false
RunCommands=["PRIVMSG user hello"]
PingDelay="1m"
StripMarkdown=false
DebugLevel=0
JoinDelay=0
UseRelayMsg=false
VerboseJoinPart=false
NoSendJoinPart=false
IgnoreNicks="ircspammer1 ircspammer2"
IgnoreMessages="^~~ badword"
ReplaceMessages=[ ["cat","dog"], ["sleep.*"," "] ]
ReplaceNicks=[ ["user--","user"] ]
ExtractNicks=[ ["otherbot","<(.*?)>\\s+" ] ]
Label=""
RemoteNickFormat="[{PROTOCOL}] <{NICK}> "
StripNick=false
ShowJoinPart=false
ShowTopicChange=false
SyncTopic=false
EditSuffix=" (edited)"
EditDisable=false
PreserveThreading=false
Debug=false

[irc.oftc]
Server="irc.oftc.net:6667"
Nick="matterbot"

[[gateway]]
name="gateway1"
enable=true
[[gateway.in]]
account="irc.libera"
channel="#testing"
[gateway.in.options]
key="channelkey"
[[gateway.out]]
account="irc.libera"
channel="#testing"
[[gateway.inout]]
account="irc.oftc"
channel="#testing"
samechannel=false

[[samechannelgateway]]
name="samechannel1"
enable=true
accounts=["irc.libera","irc.oftc"]
channels=["#a","#b"]
`;

function supportedKeys(...tables: readonly OptionTable[]): Set<string> {
  const rows = tables.flatMap((table) => Object.values(table));
  return new Set(rows.map(({ key }) => key.toLowerCase()));
}

function keysOfSection(...path: readonly string[]): string[] {
  let value: unknown = parse(MATTERBRIDGE);
  for (const step of path) value = new Map(Object.entries(value ?? {})).get(step);
  return Object.keys(value ?? {});
}

Deno.test("Matterbridge's documented keys load without a fault", async () => {
  assert.deepEqual(faultsOf(await load(MATTERBRIDGE)), []);
});

Deno.test("none of Matterbridge's documented keys is silently ignored", async () => {
  const loaded = await load(MATTERBRIDGE);
  const warned = new Set(loaded.warnings.map(({ key }) => key.toLowerCase()));
  const general = supportedKeys(GENERAL_OPTIONS, ACCOUNT_OPTIONS, IRC_OPTIONS, KOSMI_OPTIONS);
  for (const key of keysOfSection("general")) {
    assert(general.has(key.toLowerCase()) || warned.has(`general.${key.toLowerCase()}`), key);
  }
  const irc = supportedKeys(ACCOUNT_OPTIONS, IRC_OPTIONS);
  for (const key of keysOfSection("irc", "libera")) {
    assert(irc.has(key.toLowerCase()) || warned.has(`irc.libera.${key.toLowerCase()}`), key);
  }
  assert(warned.has("tengo") && warned.has("api.local"));
});

/** For each type a value that is nobody's default. */
const OTHER_VALUES: Readonly<Record<string, string>> = {
  "text": '"other"',
  "secret text": '"other"',
  "template": '"other {NICK}"',
  "path": '"/other"',
  "IP address": '"127.0.0.9"',
  "fingerprint": `"${"ab".repeat(32)}"`,
  "host:port": '"127.0.0.9:4000"',
  "host:port, or a list of these": '"127.0.0.9:4000"',
  "number": "77",
  "milliseconds": "77",
  "seconds": "77",
  "duration": '"33s"',
  "character set": '"windows-1251"',
  "list of ACCOUNT:USER": '["irc.libera:*!*@staff/alice"]',
  "list of origins": '["https://login.example"]',
  "list of text": '["irc=debug"]',
  "regular expressions, separated by spaces": '"other words"',
  "list of [regular expression, replacement]": '[["a", "b"]]',
  "list of [regular expression of the nick, regular expression of the text]": '[["a", "(b)"]]',
  "table": "{ a = 1 }",
};

const URLS: Readonly<Record<string, string>> = {
  RoomURL: '"https://app.kosmi.io/room/@other"',
  Proxy: '"socks5://127.0.0.1:9050"',
  BrowserURL: '"ws://127.0.0.1:1"',
  WSEndpoint: '"ws://127.0.0.1:1/"',
};

function otherValue(key: string, typeName: string, fallback: unknown): string {
  if (typeName === "true or false") return String(fallback !== true);
  if (typeName === "URL") return URLS[key] ?? '"http://127.0.0.1:1/"';
  const words = [...typeName.matchAll(/`("[^`]*")`/g)].map((match) => match[1] ?? "");
  return words.find((word) => word !== `"${fallback}"`) ?? OTHER_VALUES[typeName] ?? "";
}

/** Some keys make sense only with another. */
const COMPANIONS: Readonly<Record<string, string>> = {
  "irc.UseSASL": 'SASLPassword = "x"',
  "irc.Password": "AllowPlainText = true",
  "irc.SASLPassword": "AllowPlainText = true",
  "irc.NickServPassword": "AllowPlainText = true",
  "irc.PuppetWebIRCPassword": "AllowPlainText = true",
  "kosmi.Email": 'Password = "x"',
  "kosmi.Password": 'Email = "a@b.c"',
};

type Part = "general" | "irc" | "kosmi";

function without(text: string, key: string): string {
  return text.split("\n").filter((line) => !line.startsWith(`${key} = `)).join("\n");
}

const TABLES: readonly (readonly [Part, OptionTable])[] = [
  ["general", GENERAL_OPTIONS],
  ["general", ACCOUNT_OPTIONS],
  ["irc", ACCOUNT_OPTIONS],
  ["irc", IRC_OPTIONS],
  ["kosmi", ACCOUNT_OPTIONS],
  ["kosmi", KOSMI_OPTIONS],
];

for (const [part, table] of TABLES) {
  for (const { key, type, fallback } of Object.values(table)) {
    Deno.test(`documented key: ${key} in [${part}] changes the configuration`, async () => {
      const companion = COMPANIONS[`${part}.${key}`] ?? "";
      const before = await load(without(sample({ [part]: companion }), key));
      const row = `${key} = ${otherValue(key, type.name, fallback)}`;
      const after = await load(
        `${without(sample({ [part]: "#row" }), key)}`.replace("#row", `${row}\n${companion}`),
      );
      assert.deepEqual(faultsOf(after), []);
      assert.notEqual(picture(after.config), picture(before.config));
    });
  }
}

/** The values of a configuration. */
function picture(config: unknown): string {
  return JSON.stringify(config, (_name, value) => {
    return value instanceof RegExp ? String(value) : value;
  });
}
