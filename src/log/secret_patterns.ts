import { base64Cores } from "./secret_forms.ts";

/** What stands in the log where a secret was. */
export const REDACTED = "[redacted]";

const SECRET_NAME =
  /pass(?:word|wd|phrase|code)|^pass$|pwd$|token|secret|authori[sz]ation|cookie|api_?key|private_?key|^jwt$|credential|sasl|^auth$|connection_?(?:init|params)|(?:channel|join|server)_?key|authenticate/i;

/** Last words of names that speak about a secret without being one: `tokenExpiresAt`, `saslMechanism`. */
const ABOUT_A_SECRET: ReadonlySet<string> = new Set(
  ("at expires expiry days left hours seconds ms file path count kind state status source length " +
    "mechanism mechanisms name").split(" "),
);

/** True when a field of this name holds a secret, whatever its value looks like. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !ABOUT_A_SECRET.has(lastWord(name));
}

function lastWord(name: string): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").split(/[^A-Za-z0-9]+/);
  return words.at(-1)?.toLowerCase() ?? "";
}

const NAME = "(?:pass(?:word|wd|phrase|code)|pwd|token|secret|authori[sz]ation|" +
  "cookie|api_?key|private_?key|jwt|credentials?)[\\w-]{0,20}";

interface Pattern {
  readonly find: RegExp;
  readonly replace: string;
}

/** Secrets that can be told by how they look or what stands before them, wherever a text holds them. */
const PATTERNS: readonly Pattern[] = [
  // A JSON Web Token, whole or cut: base64url of `{"`.
  { find: /eyJ[\w-]{6,}(?:(?:\.|%2[eE])[\w-]*){0,4}/g, replace: REDACTED },
  { find: jwtInBase64(), replace: REDACTED },
  { find: /(\b[a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/?#"'<>]{1,500}@/gi, replace: `$1${REDACTED}@` },
  { find: /\b(Bearer)(\s+|%20|\+)[\w.~+/=%-]{4,}/gi, replace: `$1 ${REDACTED}` },
  {
    find: /\bBasic\s+(?=[A-Za-z+/]*[0-9A-Z=])[A-Za-z0-9+/]{6,}={0,2}/g,
    replace: `Basic ${REDACTED}`,
  },
  {
    find:
      /((?:authorization|cookie|x-[\w-]{0,30}(?:token|key))["']?\s{0,3}:\s{0,3})[^\r\n"']{2,}/gi,
    replace: `$1${REDACTED}`,
  },
  // The parameters of a WebSocket's first frame, as JSON; nothing of that text is worth the risk.
  { find: /connection_init\\*["']?\s{0,3},[^]*/g, replace: `connection_init ${REDACTED}` },
  // "token": "…", also with escaped quotes, and token: '…' as an object is printed.
  {
    find: new RegExp(
      `(${NAME}\\\\{0,8}["']?\\s{0,3}:\\s{0,3})\\\\{0,8}"(?:[^"\\\\]|\\\\.)*"?`,
      "gi",
    ),
    replace: `$1"${REDACTED}"`,
  },
  {
    find: new RegExp(`(${NAME}["']?\\s{0,3}:\\s{0,3})'(?:[^'\\\\]|\\\\.)*'?`, "gi"),
    replace: `$1'${REDACTED}'`,
  },
  // token=… in a query, a form or a configuration file.
  {
    find: new RegExp(`(${NAME}(?:=|%3[dD]| = ))("[^"]*"?|'[^']*'?|[^\\s&;,"']+)`, "gi"),
    replace: `$1${REDACTED}`,
  },
  ...ircPatterns(),
];

/** What carries a password on a chat line of the older kind; prose around it keeps its shape. */
function ircPatterns(): Pattern[] {
  const word = "[^\\s\"']+";
  const replace = `$1${REDACTED}`;
  return [
    { find: new RegExp(`(\\bPASS\\s+)(?::[^\\r\\n]+|${word})`, "g"), replace },
    { find: new RegExp(`(\\bOPER\\s+${word}\\s+)${word}`, "g"), replace },
    {
      find:
        /(\bAUTHENTICATE\s+)(?=[A-Za-z0-9+/]*[0-9a-z])(?:[A-Za-z0-9+/]{4}){2,}={0,2}[A-Za-z0-9+/=]*/g,
      replace,
    },
    {
      find: new RegExp(`(\\b(?:IDENTIFY|REGISTER)\\s+):?${word}(?:[ \\t]+${word})?`, "g"),
      replace,
    },
    {
      find: new RegExp(
        `(\\b(?:GHOST|REGAIN|RECOVER|RELEASE|LOGIN|AUTH)\\s+${word}[ \\t]+)${word}`,
        "g",
      ),
      replace,
    },
    { find: new RegExp(`(\\bSET\\s+PASSWORD\\s+)${word}`, "gi"), replace },
    // The same words in small letters, where it is certain that a service is spoken to.
    {
      find:
        /(\b(?:(?:nickserv|authserv|userserv|q)(?:@\S+)?\s+:?|ns\s+:?)(?:identify|register|ghost|regain|recover|release|login|auth|set\s+password)\s+)[^\r\n]+/gi,
      replace,
    },
  ];
}

function jwtInBase64(): RegExp {
  const starts = ["eyJhbGci", "eyJ0eXAi", "eyJraWQi"].flatMap(base64Cores).map((core) =>
    core.replace(/[+/]/g, "\\$&")
  );
  return new RegExp(`(?:${[...new Set(starts)].join("|")})[\\w+/=-]*`, "g");
}

/** The text without what looks like a secret. */
export function redactPatterns(text: string): string {
  let clean = text;
  for (const { find, replace } of PATTERNS) clean = clean.replace(find, replace);
  return clean;
}
