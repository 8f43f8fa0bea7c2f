import type { ChannelId } from "../../../relay/port/ids.ts";
import { joinRefusalOf } from "../channels/join_refusal.ts";
import type { Channels } from "../channels/channels.ts";
import type { Link } from "../link/link.ts";
import type { Refusal, Verdict } from "../sending/confirmation.ts";
import type { Sender } from "../sending/sender.ts";
import { readPlain } from "../text/formatting.ts";
import { type IrcMessage, lastParam, param } from "../wire/message.ts";

/** Finds the command of ours that a numeric or a standard reply answers: a JOIN, a message, a history request. */
export class Replies {
  readonly #link: Link;
  readonly #channels: Channels;
  readonly #sender: Sender;

  constructor(link: Link, channels: Channels, sender: Sender) {
    this.#link = link;
    this.#channels = channels;
    this.#sender = sender;
  }

  acknowledged(label: string | null): void {
    if (label !== null) this.#sender.answers.acknowledged(label);
  }

  /** 263 and 439: we are too fast. */
  tooFast(message: IrcMessage): void {
    const { through } = this.#link;
    const name = param(message, 1);
    // To the question behind a message this is an answer as good as any.
    if (name === "NAMES" && through.open) return through.passed();
    const channel = message.command === "439" ? this.#channels.idOf(name) : null;
    this.#sender.slowDown(channel, readPlain(lastParam(message)));
  }

  unknownCommand(message: IrcMessage, label: string | null): void {
    const command = param(message, 1);
    const reason = `${readPlain(lastParam(message))} (421)`;
    if (/disconnected from upstream/i.test(reason)) return this.#channels.away(reason);
    if (command === "NAMES" && this.#link.through.open) return this.#link.through.passed();
    if (command !== "RELAYMSG" && command !== "PRIVMSG") return;
    const verdict = command === "RELAYMSG" ? "relay" : "good";
    this.#sender.answers.refused(null, label, { verdict, reason });
  }

  /** Any other numeric. */
  numeric(message: IrcMessage, label: string | null): void {
    const name = param(message, 1);
    const refusal = joinRefusalOf(message);
    if (message.command === "470") this.#channels.forwarded(param(message, 2));
    if (refusal !== null && this.#channels.stateOf(name) === "joining") {
      return this.#channels.refused(name, refusal);
    }
    const channel = this.#channels.idOf(name);
    if (!REFUSALS.has(message.command)) return;
    // 417 (line too long) names no channel.
    if (channel === null && message.command !== "417") return;
    const words = readPlain(lastParam(message));
    const told = `${words} (${message.command})`;
    const reason = channel === null ? told : `${name}: ${told}`;
    this.#refused(channel, label, { verdict: verdictOf(message.command, words), reason });
  }

  /** FAIL: the command, a code, what it is about, and words. */
  failed(message: IrcMessage, label: string | null): void {
    const [command = "", code = "", ...context] = message.params;
    if (command === "CHATHISTORY") {
      const name = context.find((one) => this.#channels.stateOf(one) === "entering");
      if (name !== undefined) this.#channels.entering.historyFailed(name);
      return;
    }
    const channel = context.map((name) => this.#channels.idOf(name)).find((id) => id !== null) ??
      null;
    // Refusals of a RELAYMSG (Ergo's) and of several lines at once name no channel.
    if (label === null && channel === null && command !== "RELAYMSG" && command !== "BATCH") return;
    const words = readPlain(lastParam(message));
    const reason = `${words} (${code})`;
    this.#refused(channel, label, { verdict: failureOf(command, code, words), reason });
  }

  #refused(channel: ChannelId | null, label: string | null, refusal: Refusal): void {
    const { verdict, reason } = refusal;
    this.#sender.answers.refused(channel, label, refusal);
    if (verdict === "away") this.#channels.away(reason);
    if (verdict === "outside" && channel !== null && this.#channels.isUp(channel)) {
      this.#channels.lost(this.#channels.nameOf(channel), reason);
    }
  }
}

/** Numerics that refuse a message, a topic or a redaction; parameter 1 names the channel (417 names none). */
const REFUSALS: ReadonlySet<string> = new Set([
  "401", // no such nick or channel
  "403", // no such channel
  "404", // cannot send to channel
  "408", // no colours here
  "412", // no text
  "415", // registered nicks only
  "417", // line too long
  "437", // not available for now
  "442", // not on that channel
  "477", // registered nicks only
  "482", // channel operators only
  "486", // registered nicks only
  "489", // voice needed
  "531", // no messages to those
  "573", // no relayed messages here
]);

/** What passes by itself, in the words of the servers. */
const WAIT =
  /try again|throttl|flood|too (fast|many|quickly|often)|slow down|please wait|temporar|\blater\b|rate.?limit|busy|(at least|another|next) \d+ (second|minute)|unavailable/i;
const AWAY = /disconnected from|not connected to/i;
const OUTSIDE = /external|outside|not (on|in) (the|that|this) channel/i;
const COLOUR = /colou?rs?\b|formatting|\+c\b/i;

/** What follows from a numeric that refuses a message: decided by it and by its words. */
function verdictOf(numeric: string, words: string): Verdict {
  if (AWAY.test(words)) return "away";
  if (WAIT.test(words) || numeric === "437") return "wait";
  if (numeric === "573") return "relay";
  if (numeric === "408" || COLOUR.test(words)) return "plain";
  if (numeric === "403" || numeric === "442") return "outside";
  return numeric === "404" && OUTSIDE.test(words) ? "outside" : "good";
}

function failureOf(command: string, code: string, words: string): Verdict {
  if (/RATE_LIMIT|TEMPORARILY|TRY_AGAIN/.test(code) || WAIT.test(words)) return "wait";
  if (command === "BATCH") return "single";
  if (command !== "RELAYMSG") return "good";
  return code === "INVALID_NICK" ? "name" : "relay";
}
