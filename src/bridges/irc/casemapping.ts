/** How a server compares names; `unicode` stands for the mappings that fold more than ASCII. */
export type CaseMapping = "ascii" | "rfc1459" | "rfc1459-strict" | "unicode";

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
