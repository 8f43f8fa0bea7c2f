import { parse, TomlError } from "smol-toml";
import { findPositions, type Positions } from "./lines.ts";

/** A parsed file: its values, and on which line each of them stands. */
export interface TomlDocument {
  readonly root: Readonly<Record<string, unknown>>;
  readonly positions: Positions;
}

/** Where the text stops being TOML, in words of our own: the parser's message quotes lines, which may hold a password. */
interface TomlFault {
  readonly line: number | null;
  readonly message: string;
}

export function parseToml(text: string): { document: TomlDocument } | { fault: TomlFault } {
  try {
    const root = parse(text);
    return { document: { root, positions: findPositions(text) } };
  } catch (thrown) {
    if (thrown instanceof TomlError) return { fault: explain(thrown, text) };
    // Nothing of what was thrown is passed on: its text could quote the file.
    return { fault: { line: null, message: "this is not valid TOML" } };
  }
}

/** What the parser's sentence starts with, and what a person should look at. */
const EXPLANATIONS: readonly (readonly [start: string, meaning: string])[] = [
  ["invalid value", 'this is no value: text needs quotes, as in Nick="relay"'],
  ["illegal leading zero", "a number can't begin with 0; if it is text, put it in quotes"],
  ["illegal underscore", "this is no value: text needs quotes"],
  ["illegal character in numeric", "this is neither a number nor text: text needs quotes"],
  ["unfinished numeric", "the number is not complete; if it is text, put it in quotes"],
  ["integer value", "the number is too big"],
  ["invalid date", "this looks like a date and is none; if it is text, put it in quotes"],
  ["expected end of table array", "a section such as [[gateway]] needs ]] at its end"],
  [
    "each key-value",
    'only one key=value can stand on a line; is a quote (") or a comment sign (#) missing?',
  ],
  ["control characters", "there is a control character that TOML does not allow"],
  ["invalid non-hex", "a backslash (\\) in text begins an escape: write \\\\ or use single quotes"],
  ["invalid unicode", "a backslash (\\) in text begins an escape: write \\\\ or use single quotes"],
  [
    "unrecognised escape",
    "a backslash (\\) in text begins an escape: write \\\\ or use single quotes",
  ],
  ["invalid escape", "a backslash (\\) in text begins an escape: write \\\\ or use single quotes"],
  ["unfinished string", "the text is not closed: a quote is missing at its end"],
  ["unexpected end of key", "a key is missing here"],
  ["illegal empty bare key", "a part of the key is missing"],
  ["illegal quoted key", "a key can't have three quotes"],
  ["illegal character in key", "a key can only have letters, digits, - and _, then comes ="],
  ["incomplete key-value", "a key needs = and a value, a section needs ] at its end"],
  ["trying to redefine", "this is defined twice: a key or section can stand only once"],
  ["expected comma", "a comma or the closing bracket is missing"],
  ["unfinished table", "the closing } is missing"],
  ["unfinished array", "the closing ] is missing"],
  ["document contains excessively", "brackets are nested too deeply"],
];

function explain(error: TomlError, text: string): TomlFault {
  const said = error.message.replace(/^Invalid TOML document: /, "");
  const known = EXPLANATIONS.find(([start]) => said.startsWith(start));
  const inKey = said.startsWith("illegal character in key") || said.startsWith("incomplete key");
  const line = text.split("\n")[error.line - 1] ?? "";
  const meaning = inKey && line.trimStart().startsWith("[")
    ? "a section's name can only have letters, digits, - and _, and ] stands at its end"
    : known?.[1] ?? "this is not valid TOML";
  return { line: error.line, message: `${meaning} (column ${error.column})` };
}
