/** What the server told about itself (ISUPPORT, numeric 005), with the values that hold when it told nothing. */
export class ServerFeatures {
  readonly #tokens = new Map<string, string>();

  /** Takes the parameters of a 005 line: own nick, tokens, and a text for people at the end. */
  add(params: readonly string[]): void {
    for (const token of params.slice(1, -1)) {
      const [name = "", ...value] = token.split("=");
      if (name.startsWith("-")) this.#tokens.delete(name.slice(1).toUpperCase());
      else this.#tokens.set(name.toUpperCase(), unescape(value.join("=")));
    }
  }

  has(name: string): boolean {
    return this.#tokens.has(name);
  }

  text(name: string): string | null {
    const value = this.#tokens.get(name);
    return value === undefined || value === "" ? null : value;
  }

  number(name: string, otherwise: number): number {
    const value = Number(this.#tokens.get(name) || Number.NaN);
    return Number.isSafeInteger(value) && value > 0 ? value : otherwise;
  }

  get caseMapping(): CaseMapping {
    return caseMappingOf(this.#tokens.get("CASEMAPPING"));
  }

  fold(name: string): string {
    return foldCase(this.caseMapping, name);
  }

  /** The signs that stand before nicks in NAMES, and before a channel where only some of its people are meant. */
  get prefixSigns(): string {
    return this.text("PREFIX")?.split(")")[1] ?? "~&@%+";
  }

  get statusSigns(): string {
    return this.text("STATUSMSG") ?? "@+";
  }

  get channelTypes(): string {
    return this.text("CHANTYPES") ?? "#&";
  }
}

function unescape(value: string): string {
  return value.replace(/\\x([0-9a-fA-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}

/** How a server compares names; `unicode` stands for the mappings that fold more than ASCII. */
type CaseMapping = "ascii" | "rfc1459" | "rfc1459-strict" | "unicode";

/** The value of ISUPPORT's CASEMAPPING. Servers that tell nothing, or something unknown, mean rfc1459. */
export function caseMappingOf(written: string | undefined): CaseMapping {
  switch (written?.toLowerCase()) {
    case "ascii":
      return "ascii";
    case "strict-rfc1459":
    case "rfc1459-strict":
      return "rfc1459-strict";
    case "rfc7613":
    case "rfc8265":
    case "utf-8":
      return "unicode";
    default:
      return "rfc1459";
  }
}

/** The one spelling under which names that the server takes for the same are the same. */
export function foldCase(mapping: CaseMapping, name: string): string {
  switch (mapping) {
    case "ascii":
      return foldAscii(name);
    case "rfc1459":
      return foldAscii(name).replace(/[[\]\\^]/g, rfcLower);
    case "rfc1459-strict":
      return foldAscii(name).replace(/[[\]\\]/g, rfcLower);
    case "unicode":
      return name.normalize("NFC").toLowerCase();
  }
}

function foldAscii(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** In the Scandinavian letters of 1988, `{}|~` are the lower case of `[]\^`. */
function rfcLower(char: string): string {
  return { "[": "{", "]": "}", "\\": "|", "^": "~" }[char] ?? char;
}
