import type { Wire } from "./wire.ts";

export type CaseMapping = "ascii" | "rfc1459";

/** The spelling under which a nick or channel is compared. */
export function fold(name: Wire, mapping: CaseMapping): Wire {
  const lower = name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  return mapping === "ascii" ? lower : lower.replace(/[[\]\\^]/g, foldBracket);
}

const BRACKETS: Readonly<Record<string, string>> = { "[": "{", "]": "}", "\\": "|", "^": "~" };

function foldBracket(bracket: string): string {
  return BRACKETS[bracket] ?? bracket;
}

export function isNick(name: Wire, longest: number): boolean {
  return name.length <= longest && /^[A-Za-z[\]\\`_^{|}][A-Za-z0-9[\]\\`_^{|}-]*$/.test(name);
}

export function isChannelName(name: Wire): boolean {
  return /^[#&][^ ,:]{0,63}$/.test(name) && !name.includes("\x07");
}

/** `*` and `?` as in ban masks. Both sides folded by the caller. */
export function matchesMask(text: Wire, mask: Wire): boolean {
  const pattern = mask.replace(/[.*+?^${}()|[\]\\]/g, (character) => {
    if (character === "*") return ".*";
    return character === "?" ? "." : `\\${character}`;
  });
  return new RegExp(`^${pattern}$`, "s").test(text);
}

/** `nick`, `nick!user` or `host` become a full `nick!user@host` mask. */
export function fullMask(mask: Wire): Wire {
  if (mask.includes("@")) return mask.includes("!") ? mask : `*!${mask}`;
  return mask.includes("!") ? `${mask}@*` : `${mask}!*@*`;
}
