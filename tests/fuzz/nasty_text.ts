import type { SeededRandom } from "../e2e/faults/random.ts";

/** Stands in every command that a text tries to smuggle: it must never be found where a command is. */
export const CANARY = "canary";

const SMUGGLED = [
  `JOIN #${CANARY}`,
  `PRIVMSG #${CANARY} :free`,
  `QUIT :${CANARY}`,
  `OPER ${CANARY} ${CANARY}`,
  `KICK #films alice :${CANARY}`,
  `MODE #films +o ${CANARY}`,
  `NICK ${CANARY}`,
] as const;

const BREAKS = ["\r\n", "\n", "\r", "\0", "\u2028", "\u0085", "\x0b", "\\r\\n", "\r\r\n"] as const;

const PIECES = [
  ...[
    "hello",
    "a",
    "",
    " ",
    "  ",
    "\t",
    "https://example.test/a_b?c=*d*",
    "#films",
    "alice",
    "relay:",
  ],
  ...[
    "**",
    "_",
    "`",
    "```\n",
    "~~",
    "\\",
    "<b>",
    "&amp;",
    "{NICK}",
    "$1",
    "%s",
    ":",
    ",",
    "!",
    "@",
  ],
  ...[
    "\x02",
    "\x1d",
    "\x1f",
    "\x1e",
    "\x11",
    "\x16",
    "\x0f",
    "\x0304",
    "\x0399,1",
    "\x04ff00ff",
    "\x03",
  ],
  ...[
    "\x01",
    "\x01ACTION ",
    "\x01VERSION\x01",
    "\x01PING 1\x01",
    "\x7f",
    "\x1b[31m",
    "\ufeff",
    "\u200b",
    "\x0301,01",
    "||",
    "\u3164",
    "\u2800",
    "\v",
  ],
  ...[
    "é",
    "Ünï",
    "你好",
    "שלום",
    "👍🏽",
    "👨‍👩‍👧‍👦",
    "🏳️‍🌈",
    "\u202e",
    "\u2066",
    "a\u0301\u0302\u0303",
    "\ud800",
    "\udfff",
  ],
  ...["!status", "!who", "__proto__", "constructor", "toString", "null", "0", "-1", "1e999", "NaN"],
] as const;

/** A text as nobody writes it, with or without commands in it. */
export function nastyText(random: SeededRandom): string {
  if (random.chance(0.02)) return random.pick(PIECES).repeat(random.int(1, 3_000));
  const pieces = Array.from({ length: random.int(0, 8) }, () => piece(random));
  return pieces.join(random.chance(0.5) ? " " : "");
}

function piece(random: SeededRandom): string {
  if (random.chance(0.25)) return random.pick(BREAKS) + random.pick(SMUGGLED) + random.pick(BREAKS);
  if (random.chance(0.1)) return String.fromCodePoint(random.int(0, 0x10ffff));
  return random.pick(PIECES);
}
