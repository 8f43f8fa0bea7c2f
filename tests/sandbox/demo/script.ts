import type { IrcSandbox } from "../irc/irc_sandbox.ts";
import type { KosmiSandbox } from "../kosmi/mod.ts";

export const ROOM = "@movienight";
export const CHANNEL = "#movienight";

const ARRIVAL_MS = 5_000;

/** The two sides between which the relay stands. */
export interface Stage {
  readonly kosmi: KosmiSandbox;
  readonly irc: IrcSandbox;
}

/** One line of the conversation: how it is said on one side, and when it counts as arrived on the other. */
export interface Line {
  readonly from: "Kosmi" | "IRC";
  readonly said: string;
  speak(stage: Stage): void;
  /** Rejects when it does not arrive in time. */
  arrives(stage: Stage): Promise<unknown>;
}

export const SCRIPT: readonly Line[] = [
  inRoom("Zoë", "is anybody on IRC? the film starts in five minutes 🍿"),
  inChannel("alice", "here! what are we watching?"),
  inRoom("Zoë", "Metropolis, the restored one\nwith the original score"),
  inChannel("alice", "\x02wonderful\x02, I have \x0304red\x03 velvet seats"),
  inChannelAction("alice", "gets the popcorn"),
  inRoom("Björk 🚀", "https://example.org/metropolis-1927?lang=de#score"),
  inChannel("alice", "日本語もだいじょうぶ？ 👨‍👩‍👧"),
  inRoom("{NICK}", "and my name stays as it is"),
];

function inRoom(name: string, text: string): Line {
  const lines = text.split("\n").map((line) => `[Kosmi] <${name}> ${line}`);
  return {
    from: "Kosmi",
    said: `<${name}> ${text.replaceAll("\n", " / ")}`,
    speak: ({ kosmi }) => void kosmi.say(ROOM, { name }, text),
    arrives: async ({ irc }) => {
      for (const line of lines) await irc.waitForMessage(CHANNEL, line, ARRIVAL_MS);
    },
  };
}

function inChannel(nick: string, text: string): Line {
  const shown = plain(text);
  return {
    from: "IRC",
    said: `<${nick}> ${shown}`,
    speak: ({ irc }) => void irc.say(nick, CHANNEL, text),
    arrives: ({ kosmi }) => inRoomBy(kosmi, `[IRC] <${nick}> ${shown}`),
  };
}

function inChannelAction(nick: string, doing: string): Line {
  return {
    from: "IRC",
    said: `* ${nick} ${doing}`,
    speak: ({ irc }) => void irc.say(nick, CHANNEL, `\x01ACTION ${doing}\x01`),
    arrives: ({ kosmi }) =>
      kosmi.waitForMessage(ROOM, ({ text }) => text.includes(doing), ARRIVAL_MS),
  };
}

function inRoomBy(kosmi: KosmiSandbox, expected: string): Promise<unknown> {
  return kosmi.waitForMessage(ROOM, ({ text }) => text === expected, ARRIVAL_MS);
}

/** What is left of a text when IRC's formatting codes are gone. */
function plain(text: string): string {
  // deno-lint-ignore no-control-regex -- the codes are control characters
  return text.replace(/\x03(?:\d{1,2}(?:,\d{1,2})?)?|[\x02\x0f\x11\x16\x1d\x1e\x1f]/g, "");
}

/** A line of the transcript, its side in a column of its own. */
export function shownLine(line: Line, arrived: boolean): string {
  const way = line.from === "Kosmi" ? "Kosmi -> IRC  " : "IRC   -> Kosmi";
  return `  ${arrived ? "ok  " : "LOST"}  ${way}  ${line.said}`;
}
