import type { Said } from "./history.ts";
import { fromWire } from "./wire.ts";

/** A message as people in the channel saw it. */
export interface SandboxMessage {
  readonly nick: string;
  readonly command: "PRIVMSG" | "NOTICE";
  /** CTCP ACTION; `text` is what the sender does. */
  readonly action: boolean;
  readonly text: string;
  readonly msgid: string;
  readonly atMs: number;
  /** Client-only tags, `+draft/reply` among them. */
  readonly tags: Readonly<Record<string, string>>;
}

/** What was said, in ordinary text. */
export function sandboxMessage(said: Said): SandboxMessage {
  const { command, msgid, atMs, message } = said;
  const action = said.text.startsWith("\x01ACTION ");
  const text = action ? said.text.slice(8).split("\x01", 1)[0] ?? "" : said.text;
  const tags = [...message.tags.client ?? []].map(([key, value]) => [key, fromWire(value)]);
  return {
    nick: fromWire(said.nick),
    command,
    action,
    text: fromWire(text),
    msgid,
    atMs,
    tags: Object.fromEntries(tags),
  };
}
