import type { SeededRandom } from "../e2e/faults/random.ts";
import { CANARY, nastyText } from "./nasty_text.ts";

export interface IrcScene {
  /** The relay's nick now. */
  readonly self: string;
  /** What the network calls secret: a server may say it in its errors. */
  readonly secrets: readonly [string, ...string[]];
  /** Share of the lines that may tell the relay that it is somebody else, or somewhere else, or not wanted at all. */
  readonly wildness: number;
}

const CHATTER = [
  ...[
    "PRIVMSG",
    "PRIVMSG",
    "PRIVMSG",
    "PRIVMSG",
    "PRIVMSG",
    "NOTICE",
    "TAGMSG",
    "JOIN",
    "PART",
    "QUIT",
  ],
  ...[
    "NICK",
    "TOPIC",
    "MODE",
    "KICK",
    "INVITE",
    "ACCOUNT",
    "AWAY",
    "CHGHOST",
    "SETNAME",
    "BATCH",
    "REDACT",
  ],
  ...[
    "WALLOPS",
    "PING",
    "PONG",
    "332",
    "333",
    "353",
    "366",
    "372",
    "352",
    "315",
    "301",
    "730",
    "999",
    "NOTE",
  ],
] as const;

const COMMANDS = [
  ...[
    "PRIVMSG",
    "PRIVMSG",
    "PRIVMSG",
    "PRIVMSG",
    "NOTICE",
    "TAGMSG",
    "JOIN",
    "PART",
    "QUIT",
    "KICK",
    "NICK",
  ],
  ...["TOPIC", "MODE", "INVITE", "PING", "PONG", "CAP", "AUTHENTICATE", "BATCH", "ACCOUNT", "AWAY"],
  ...[
    "CHGHOST",
    "SETNAME",
    "ACK",
    "FAIL",
    "WARN",
    "NOTE",
    "REDACT",
    "WALLOPS",
    "KILL",
    "ERROR",
    "RENAME",
  ],
] as const;

/** But for 439: a relay that is told to slow down does so, and so would this. */
const NUMERICS = [
  ...[
    "001",
    "002",
    "004",
    "005",
    "005",
    "221",
    "251",
    "301",
    "311",
    "315",
    "324",
    "332",
    "333",
    "352",
    "353",
  ],
  ...[
    "354",
    "366",
    "372",
    "376",
    "396",
    "401",
    "403",
    "404",
    "404",
    "408",
    "412",
    "417",
    "421",
    "422",
    "432",
  ],
  ...[
    "433",
    "437",
    "441",
    "442",
    "451",
    "461",
    "462",
    "464",
    "470",
    "471",
    "473",
    "474",
    "475",
    "477",
  ],
  ...[
    "482",
    "489",
    "520",
    "531",
    "599",
    "730",
    "900",
    "901",
    "902",
    "903",
    "904",
    "905",
    "906",
    "907",
    "908",
  ],
  ...["000", "999"],
] as const;

const WORDS = [
  ...[
    "#films",
    "#FILMS",
    "#other",
    "alice",
    "bob",
    "*",
    "+o",
    "-v",
    "+b",
    "=",
    "@",
    "1",
    "LS",
    "ACK",
    "NEW",
  ],
  ...[
    "DEL",
    "NAK",
    "sasl",
    "echo-message",
    "labeled-response",
    "chathistory",
    "netsplit",
    "netjoin",
  ],
  ...[
    "+1",
    "-1",
    "CASEMAPPING=ascii",
    "CASEMAPPING=odd",
    "LINELEN=1",
    "LINELEN=999999",
    "NICKLEN=0",
  ],
  ...[
    "CHANTYPES=",
    "PREFIX=(ov)@+",
    "PREFIX=",
    "BOT=B",
    "BOT=",
    "TOPICLEN=-5",
    "MODES=x",
    "CHANLIMIT=#:0",
  ],
  ...["PRIVMSG", "MESSAGE_TOO_LONG", "a!b@c", "*!*@*", "", "é"],
] as const;

const TAGS = [
  ...[
    "time=2026-01-01T00:00:00.000Z",
    "time=never",
    "time=",
    "msgid=1",
    "msgid=",
    "label=1",
    "label=zz",
  ],
  ...[
    "batch=1",
    "batch=nobody",
    "account=alice",
    "account=",
    "bot",
    "+draft/reply=1",
    "+draft/reply=",
  ],
  ...["draft/relaymsg=x", "a=\\:\\s\\r\\n\\\\", "+typing=active", "=", ";", "__proto__=1"],
] as const;

/** One thing that a broken or hostile server might send: text, or bytes where it is no text at all. */
export function ircInput(random: SeededRandom, scene: IrcScene): string | Uint8Array {
  const line = ircLine(random, scene).replace(/[\r\n]+/g, " ");
  if (random.chance(0.95)) return line;
  const bytes = new TextEncoder().encode(`${line}\r\n`);
  return mutated(random, bytes);
}

function ircLine(random: SeededRandom, scene: IrcScene): string {
  const isWild = random.chance(scene.wildness);
  const tags = random.chance(0.4) ? `@${some(random, TAGS, 4).join(";")} ` : "";
  const prefix = random.chance(0.95) || !isWild ? `:${sender(random, scene, isWild)} ` : "";
  const command = isWild ? wildCommand(random) : random.pick(CHATTER);
  const params = Array.from({ length: random.int(0, 5) }, () => param(random, scene, isWild)).join(
    " ",
  );
  const isTold = /^\d|ERROR|FAIL/.test(command);
  const last = random.chance(0.8) ? ` :${trailing(random, isTold ? scene.secrets : null)}` : "";
  const spaced = random.chance(0.05) ? "   " : " ";
  const place = command === "PRIVMSG" && random.chance(0.7) ? "#films" : params;
  return `${tags}${prefix}${command}${spaced}${place}${last}`;
}

function wildCommand(random: SeededRandom): string {
  return random.chance(0.55) ? random.pick(COMMANDS) : random.pick(NUMERICS);
}

function sender(random: SeededRandom, { self }: IrcScene, isWild: boolean): string {
  switch (random.int(isWild ? 0 : 2, 5)) {
    case 0:
      return "irc.sandbox.test";
    case 1:
      return `${self}!relay@sandbox.example.test`;
    case 2:
      // A name that the server itself gives may come back as a target.
      return nastyText(random).replace(/\s/g, "").replaceAll(CANARY, "bird") || "x";
    default:
      return `${random.pick(["alice", "bob", "mallory", "é", "[a]", ""])}!u@${
        random.pick(["h", "", "::1", "x".repeat(200)])
      }`;
  }
}

function param(random: SeededRandom, { self }: IrcScene, isWild: boolean): string {
  return isWild && random.chance(0.5) ? self : random.pick(WORDS);
}

/** A server may repeat a password in its errors; what people say in a channel is relayed, whatever it is. */
function trailing(random: SeededRandom, secrets: IrcScene["secrets"] | null): string {
  if (secrets !== null && random.chance(0.2)) return `refused: ${random.pick(secrets)} is wrong`;
  return random.chance(0.3) ? some(random, WORDS, 6).join(" ") : nastyText(random);
}

function some(random: SeededRandom, list: readonly [string, ...string[]], most: number): string[] {
  return Array.from({ length: random.int(0, most) }, () => random.pick(list));
}

/** Bytes turned, cut out, doubled: half characters, lines without ends, ends without lines. */
function mutated(random: SeededRandom, bytes: Uint8Array): Uint8Array {
  const changed = Array.from(bytes);
  for (let n = random.int(1, 6); n > 0 && changed.length > 0; n--) {
    const at = random.int(0, changed.length - 1);
    if (random.chance(0.4)) changed[at] = random.int(0, 255);
    else if (random.chance(0.5)) changed.splice(at, random.int(1, 5));
    else changed.splice(at, 0, ...changed.slice(at, at + 20));
  }
  return Uint8Array.from([...changed, 13, 10]);
}
