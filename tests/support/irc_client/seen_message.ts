import type { IrcLine } from "../irc_line.ts";

/** A message to a channel as this client saw it. */
export interface SeenMessage {
  readonly nick: string;
  readonly text: string;
  /** CTCP ACTION; `text` is what the sender does. */
  readonly action: boolean;
  readonly tags: IrcLine["tags"];
  readonly atMs: number;
}

/** The message that a line is, null for other lines and other channels. */
export function seenMessage(line: IrcLine, channel: string): SeenMessage | null {
  if (line.command !== "PRIVMSG" || !sameName(line.params[0] ?? "", channel)) return null;
  const { nick, tags, atMs } = line;
  const action = line.text.startsWith(ACTION);
  const text = action ? line.text.slice(ACTION.length, ctcpEnd(line.text)) : line.text;
  return { nick, tags, atMs, action, text };
}

const ACTION = "\x01ACTION ";

/** Some clients leave the closing mark out, or a cut at 512 bytes takes it. */
function ctcpEnd(text: string): number {
  return text.endsWith("\x01") ? text.length - 1 : text.length;
}

/** ASCII letter case only: what every case mapping has in common. */
export function sameName(first: string, second: string): boolean {
  return first.toLowerCase() === second.toLowerCase();
}
