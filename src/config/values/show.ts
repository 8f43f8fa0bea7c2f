const LONGEST_SHOWN = 60;

/** Text from the file, fit to stand in a message: on one line, without control characters, not endless. */
export function shown(text: string): string {
  const clipped = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
  return clipped.replace(UNPRINTABLE, escaped).replace(LONE_SURROGATE, "\ufffd");
}

// deno-lint-ignore no-control-regex -- control and direction-changing characters are what is looked for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const LONE_SURROGATE = /\p{Surrogate}/gu;

function escaped(char: string): string {
  if (char === "\n") return "\\n";
  if (char === "\r") return "\\r";
  if (char === "\t") return "\\t";
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** A piece of a key path for people: quoted where it is more than a plain word. */
export function shownKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) && key.length <= LONGEST_SHOWN ? key : `"${shown(key)}"`;
}

/** What was found, in words: `text ("yes")`, `a number (5)`; without the value when it is `secret`. */
export function describeValue(value: unknown, secret: boolean): string {
  const with_ = (kind: string, text: string) => secret ? kind : `${kind} (${text})`;
  switch (typeof value) {
    case "string":
      return value === "" ? "empty text" : with_("text", `"${shown(value)}"`);
    case "number":
    case "bigint":
      return with_("a number", String(value));
    case "boolean":
      return secret ? "true or false" : String(value);
    default:
      if (Array.isArray(value)) return "a list";
      return value instanceof Date ? "a date" : "a table";
  }
}
