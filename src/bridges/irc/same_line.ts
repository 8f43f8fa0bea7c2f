import type { IrcMessage } from "./wire/message.ts";

/** The lines that are not among `others`: by their id, else by time, sender and words, which a history repeats. */
export function linesWithout(
  lines: readonly IrcMessage[],
  others: readonly IrcMessage[],
): readonly IrcMessage[] {
  const known = new Set(others.map(keyOf));
  return lines.filter((line) => {
    const key = keyOf(line);
    return key === null || !known.has(key);
  });
}

/** Null where nothing tells the line from another one with the same words. */
function keyOf(line: IrcMessage): string | null {
  const id = line.tags.get("msgid");
  if (id !== undefined && id !== "") return `id ${id}`;
  const time = line.tags.get("time");
  if (time === undefined || time === "") return null;
  return ["line", time, line.nick, line.command, ...line.params].join("\0");
}
