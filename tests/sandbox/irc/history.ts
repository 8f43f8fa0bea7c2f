import type { Message } from "./message.ts";
import type { Wire } from "./wire.ts";

/** A message that was said, to a channel or (kept nowhere) to a nick. */
export interface Said {
  readonly message: Message;
  readonly command: "PRIVMSG" | "NOTICE";
  readonly nick: Wire;
  readonly text: Wire;
  readonly msgid: string;
  readonly atMs: number;
}

/** A point in a history: `*`, `msgid=…` or `timestamp=…`. */
export type Reference =
  | { readonly kind: "any" }
  | { readonly kind: "msgid"; readonly msgid: string }
  | { readonly kind: "time"; readonly atMs: number };

export function parseReference(text: Wire): Reference | null {
  if (text === "*") return { kind: "any" };
  const [kind, value = ""] = text.split("=", 2);
  if (kind === "msgid" && value !== "") return { kind: "msgid", msgid: value };
  const atMs = kind === "timestamp" ? Date.parse(value) : NaN;
  return Number.isNaN(atMs) ? null : { kind: "time", atMs };
}

/** Messages strictly before and strictly after a reference; null when it names an unknown message. */
function around(
  all: readonly Said[],
  reference: Reference,
): [readonly Said[], readonly Said[]] | null {
  if (reference.kind === "any") return [all, all];
  if (reference.kind === "time") {
    const { atMs } = reference;
    return [all.filter((said) => said.atMs < atMs), all.filter((said) => said.atMs > atMs)];
  }
  const at = all.findIndex((said) => said.msgid === reference.msgid);
  return at === -1 ? null : [all.slice(0, at), all.slice(at + 1)];
}

/** The messages that a CHATHISTORY subcommand asks for, oldest first; null when a reference is unknown. */
export function selectHistory(
  all: readonly Said[],
  subcommand: string,
  references: readonly Reference[],
  limit: number,
): readonly Said[] | null {
  const [first = { kind: "any" }, second = { kind: "any" }] = references;
  const parts = around(all, first);
  if (parts === null) return null;
  const [before, after] = parts;
  switch (subcommand) {
    case "LATEST":
      return after.slice(-limit);
    case "AFTER":
      return after.slice(0, limit);
    case "BEFORE":
      return before.slice(-limit);
    case "AROUND": {
      const middle = all.filter((said) => !before.includes(said) && !after.includes(said));
      const half = Math.floor(limit / 2);
      return [...before.slice(-half), ...middle, ...after.slice(0, half)].slice(0, limit);
    }
    case "BETWEEN":
      return between(all, after, second, limit);
    default:
      return [];
  }
}

/** Counted from the first reference, which may be the later of the two. */
function between(
  all: readonly Said[],
  afterFirst: readonly Said[],
  second: Reference,
  limit: number,
): readonly Said[] | null {
  const parts = around(all, second);
  if (parts === null) return null;
  const [beforeSecond, afterSecond] = parts;
  const forward = afterFirst.filter((said) => beforeSecond.includes(said));
  if (forward.length > 0) return forward.slice(0, limit);
  return afterSecond.filter((said) => !afterFirst.includes(said)).slice(0, -1).slice(-limit);
}
