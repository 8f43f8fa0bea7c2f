import type { ChannelRefusal } from "../../relay/bridge.ts";
import { readPlain } from "./text/mirc_read.ts";
import { type IrcMessage, lastParam } from "./wire/message.ts";

/** Numerics that answer a JOIN with a refusal: what they mean, and who can mend it. */
const REFUSALS: Readonly<Record<string, readonly [meaning: string, mend: "wait" | "person"]>> = {
  "403": ["there is no such channel", "person"],
  "405": ["we are in too many channels", "person"],
  "407": ["the name stands for several channels", "person"],
  "437": ["the channel is not available for now", "wait"],
  "470": ["it forwards to another channel", "person"],
  "471": ["the channel is full", "wait"],
  "473": ["it is for invited users only (+i)", "person"],
  "474": ["we are banned from it", "person"],
  "475": ["the channel key is missing or wrong (+k)", "person"],
  "476": ["the server does not take its name", "person"],
  "477": ["it is for registered nicks only (+r)", "person"],
  "479": ["the server does not take its name", "person"],
  "480": ["too many people join it at once", "wait"],
  "485": ["the server does not let us in", "person"],
  "489": ["it is for TLS connections only", "person"],
  "500": ["too many people join it at once", "wait"],
  "519": ["it is for administrators only", "person"],
  "520": ["it is for operators only", "person"],
  "609": ["too many people join it at once", "wait"],
  "748": ["a kicked user must wait before joining again", "wait"],
  "926": ["the name is forbidden", "person"],
};

/** What a numeric says about a JOIN; null when it says nothing about one. */
export function joinRefusalOf(message: IrcMessage): ChannelRefusal | null {
  const known = REFUSALS[message.command];
  if (known === undefined) return null;
  const [meaning, mend] = known;
  const words = readPlain(lastParam(message));
  return {
    reason: `Cannot join ${message.params[1] ?? "the channel"}: ${meaning} (${words})`,
    mend,
  };
}
