import { HeldTexts, type Holdings } from "../../../base/bounded.ts";

/** What the server told about itself (ISUPPORT, numeric 005), with the values that hold when it told nothing. */
export class ServerFeatures {
  readonly #tokens: HeldTexts;
  #caseMapping = caseMappingOf(undefined);

  constructor(held: Holdings | null = null) {
    this.#tokens = new HeldTexts("features", held);
  }

  /** Takes the parameters of a 005 line: own nick, tokens, and a text for people at the end. */
  add(params: readonly string[]): void {
    for (const token of params.slice(1, -1)) {
      const [name = "", ...value] = token.split("=");
      if (name.startsWith("-")) this.#tokens.delete(plainName(name.slice(1)));
      else this.#tokens.set(plainName(name), unescape(value.join("=")));
    }
    this.#caseMapping = caseMappingOf(this.#tokens.get("CASEMAPPING"));
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

  fold(name: string): string {
    return foldCase(this.#caseMapping, name);
  }

  isSame(one: string, other: string): boolean {
    return this.fold(one) === this.fold(other);
  }

  /** The signs that stand before nicks in NAMES, and before a channel where only some of its people are meant. */
  get prefixSigns(): string {
    return this.text("PREFIX")?.split(")")[1] ?? "~&@%+";
  }

  get statusSigns(): string {
    return this.text("STATUSMSG") ?? "@+";
  }

  /** False for a tag of clients (`+typing`) that the server takes away. */
  passes(tag: string): boolean {
    if (!tag.startsWith("+")) return true;
    const denied = (this.text("CLIENTTAGDENY") ?? "").split(",");
    const name = tag.slice(1);
    return !denied.includes(name) && (!denied.includes("*") || denied.includes(`-${name}`));
  }

  /** True for a channel's name; where the server has not told its kinds, for any that looks like one. */
  isChannel(name: string): boolean {
    return name !== "" && (this.text("CHANTYPES") ?? "#&+!").includes(name.charAt(0));
  }
}

/** Servers that took a token up before it was settled write it with `draft/`. */
function plainName(written: string): string {
  return written.toUpperCase().replace(/^DRAFT\//, "");
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
