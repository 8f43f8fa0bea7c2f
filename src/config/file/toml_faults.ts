import type { TomlError } from "smol-toml";
import { shownKey } from "../values/show.ts";
import type { SyntaxFault } from "./document.ts";

/** The place of a fault, as the explanations look at it. */
interface Spot {
  readonly lines: readonly string[];
  /** Index of the line. */
  readonly at: number;
  readonly line: string;
  /** What stands on the line from the fault on. */
  readonly rest: string;
}

type Explanation = string | ((spot: Spot) => string);

const NEEDS_QUOTES = 'expected a value: text needs quotes, as in Nick="relay"';
const CURLY = 'the quotes are curly (“ ”): write straight ones, as in Nick="relay"';
const BACKSLASH = "a backslash (\\) in text begins an escape: write \\\\ or use single quotes";

/** What the parser's sentence starts with, and what a person should look at. */
const EXPLANATIONS: readonly (readonly [start: string, meaning: Explanation])[] = [
  ["invalid value", explainValue],
  ["illegal leading zero", "a number can't begin with 0; if it is text, put it in quotes"],
  ["illegal underscore", "expected a value: text needs quotes"],
  ["illegal character in numeric", "this is neither a number nor text: text needs quotes"],
  ["unfinished numeric", "the number is not complete; if it is text, put it in quotes"],
  ["integer value", "the number is too big; if it is text, put it in quotes"],
  ["invalid date", "this looks like a date and is none; if it is text, put it in quotes"],
  ["expected end of table array", "a section such as [[gateway]] needs ]] at its end"],
  ["each key-value", explainRest],
  ["control characters", explainOpenText],
  ["invalid non-hex", BACKSLASH],
  ["invalid unicode", BACKSLASH],
  ["unrecognised escape", BACKSLASH],
  ["invalid escape", BACKSLASH],
  ["unfinished string", "the text is not closed: a quote is missing at its end"],
  ["unexpected end of key", "a key is missing here"],
  ["illegal empty bare key", "a part of the key is missing"],
  ["illegal quoted key", "a key can't have three quotes"],
  ["illegal character in key", explainKey],
  ["incomplete key-value", explainKey],
  ["trying to redefine", explainTwice],
  ["expected comma", "a comma or the closing bracket is missing, here or on the line before"],
  ["unfinished table", "the closing } is missing"],
  ["unfinished array", "the closing ] is missing"],
  ["document contains excessively", "brackets are nested too deeply"],
];

/** Says in our own words what is wrong: the parser's message quotes lines, which may hold a password. */
export function explainToml(error: TomlError, text: string): SyntaxFault {
  const said = error.message.replace(/^Invalid TOML document: /, "");
  const meaning = EXPLANATIONS.find(([start]) => said.startsWith(start))?.[1];
  const lines = text.split(/\r?\n/);
  const at = error.line - 1;
  const line = lines[at] ?? "";
  const spot = { lines, at, line, rest: line.slice(error.column - 1) };
  const told = typeof meaning === "function" ? meaning(spot) : meaning ?? "this is not valid TOML";
  return { line: error.line, message: `${told} (column ${error.column})` };
}

/** Behind the = stands nothing that TOML knows. */
function explainValue({ rest }: Spot): string {
  if (/[“”„‘’«»]/.test(rest)) return CURLY;
  if (/^(?:true|yes|on)\b/i.test(rest)) return "expected a value: write true, in small letters";
  if (/^(?:false|no|off)\b/i.test(rest)) return "expected a value: write false, in small letters";
  if (/^(?:null|nil|none)\b/i.test(rest)) return "TOML has no such value: leave the key out";
  if (rest.startsWith("#")) {
    return 'a value is missing: # begins a comment, so text with it needs quotes, as in channel="#kosmi"';
  }
  if (rest.trim() === "") return "a value is missing behind the =";
  if (/^[^"'\s]+["']\s*(?:#.*)?$/.test(rest)) return "a quote is missing at the start of the text";
  return NEEDS_QUOTES;
}

/** The line goes on behind a value that is complete. */
function explainRest({ line, rest }: Spot): string {
  const end = rest.trimStart();
  if (/[“”]/.test(line)) return CURLY;
  if (/^[,;]\s*(?:#.*)?$/.test(end)) {
    return `nothing can stand behind the value: remove the ${end.charAt(0)}`;
  }
  if (/^[^=]*=\s*(""|'')[^"'\s]/.test(line)) return "there is a quote too many before the text";
  if (/^\/\//.test(end)) return "a comment begins with #, not with //";
  if (/^[^\s=]*["']\s*(?:#.*)?$/.test(rest)) {
    return 'there is a quote within the text: write \\" for it, or put the text in single quotes';
  }
  return 'only one key=value can stand on a line; is a quote (") or a comment sign (#) missing?';
}

/** Text that runs on to the end of its line. */
function explainOpenText({ line, rest }: Spot): string {
  if (rest.length > 0) return "there is a control character that TOML does not allow";
  if (/[“”]/.test(line)) return CURLY;
  return "the text is not closed: a quote is missing at the end of this line";
}

/** The line begins with what is neither a key nor a section. */
function explainKey({ lines, at, line, rest }: Spot): string {
  const start = line.trimStart();
  if (/^\s*[\u00a0\u200b\ufeff]/.test(line)) {
    return "there is an invisible character at the start of the line: type the line anew";
  }
  if (/^(?:\/\/|\/\*|;|--)/.test(start)) return "this is no key: a comment begins with #";
  if (/^(?:<{7}|={7}|>{7})/.test(start)) {
    return "this is a mark of an unfinished merge: choose one of the two versions";
  }
  if (/^[\w.-]+\]\]?\s*(?:#.*)?$/.test(start)) return "a section begins with [";
  if (start.startsWith("[")) {
    return "a section's name can only have letters, digits, - and _, and ] stands at its end";
  }
  if (isFirst(lines, at) && start.startsWith("{")) {
    return "this looks like JSON, not TOML: give the file a name that ends in .json";
  }
  if (isFirst(lines, at) && /^(?:---|[\w.-]+:\s*(?:#.*)?$)/.test(start)) {
    return "this looks like YAML, not TOML: give the file a name that ends in .yaml";
  }
  if (/^[\w.-]+\s*:/.test(start)) return "a key is followed by =, not by :";
  if (/^[\w.-]+\s+["'\d]/.test(start) && !rest.startsWith("=")) {
    return "the = is missing between key and value";
  }
  if (/^[\w.-]+\s*$/.test(start)) {
    return "a key needs = and a value, a section needs ] at its end";
  }
  return "a key can only have letters, digits, - and _, then comes =";
}

function isFirst(lines: readonly string[], at: number): boolean {
  return lines.slice(0, at).every((line) => /^\s*(?:#.*)?$/.test(line));
}

const HEADER = /^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?/;

/** A section or key that is there already: both lines are named, and the brackets that differ. */
function explainTwice(spot: Spot): string {
  const { lines, at, line } = spot;
  const header = HEADER.exec(line);
  if (header === null) return explainKeyTwice(spot);
  const [, opening = "", name = ""] = header;
  const first = lines.slice(0, at).findIndex((each) => HEADER.exec(each)?.[2] === name);
  if (first === -1) return `${name} is a key already: a section can't have the same name`;
  const there = HEADER.exec(lines[first] ?? "")?.[1] ?? "";
  if (there !== opening) {
    const kind = (brackets: string) => brackets === "[[" ? "two brackets" : "single brackets";
    return `found [${name}] with ${kind(opening)} here and ${kind(there)} on line ${first + 1}: ` +
      `write [[${name}]] each time`;
  }
  const below = lines.slice(at + 1).find((each) => !/^\s*(?:#.*)?$/.test(each)) ?? "[";
  const mend = below.trimStart().startsWith("[")
    ? "remove this line"
    : "put what is below it there, and remove this line";
  const section = opening === "[[" ? `[[${name}]]` : `[${name}]`;
  return `${section} is set twice, first on line ${first + 1}: ${mend}`;
}

function explainKeyTwice({ lines, at, line }: Spot): string {
  const keyOf = (text: string) => /^\s*([\w.-]+)\s*=/.exec(text)?.[1];
  const key = keyOf(line);
  const section = lines.slice(0, at).findLastIndex((each) => HEADER.test(each));
  const first = lines.findIndex((each, index) =>
    index > section && index < at && keyOf(each) === key
  );
  if (key === undefined || first === -1) {
    return "this is defined twice: a key or section can stand only once";
  }
  return `${shownKey(key)} is set twice in this section, first on line ${
    first + 1
  }: remove one of them`;
}
