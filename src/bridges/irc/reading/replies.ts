import type { ChannelId } from "../../../relay/port/ids.ts";
import type { Channels } from "../channels/channels.ts";
import { joinRefusalOf } from "../channels/join_refusal.ts";
import type { Sender } from "../sending/sender.ts";
import { readPlain } from "../text/formatting.ts";
import { type IrcMessage, lastParam, param } from "../wire/message.ts";

/** Finds the command of ours that a numeric or a standard reply answers: a JOIN, a message, a history request. */
export class Answers {
  readonly #channels: Channels;
  readonly #sender: Sender;

  constructor(channels: Channels, sender: Sender) {
    this.#channels = channels;
    this.#sender = sender;
  }

  handle(message: IrcMessage, label: string | null): void {
    const channel = this.#channels.idOf(param(message, 1));
    switch (message.command) {
      case "ACK":
        return label === null ? undefined : this.#sender.acknowledged(label);
      case "FAIL":
        return this.#failed(message, label);
      case "263":
        return this.#sender.slowDown(null, readPlain(lastParam(message)));
      case "439":
        return this.#sender.slowDown(channel, readPlain(lastParam(message)));
      default:
        return this.#numeric(message, label, channel);
    }
  }

  #numeric(message: IrcMessage, label: string | null, channel: ChannelId | null): void {
    const name = param(message, 1);
    const refusal = joinRefusalOf(message);
    if (refusal !== null && this.#channels.stateOf(name) === "joining") {
      return this.#channels.refused(name, refusal);
    }
    if (!isRefusalNumeric(message.command)) return;
    // 417 (line too long) names no channel.
    if (channel === null && message.command !== "417") return;
    const words = `${readPlain(lastParam(message))} (${message.command})`;
    this.#sender.refused(channel, label, channel === null ? words : `${name}: ${words}`);
  }

  #failed(message: IrcMessage, label: string | null): void {
    const [command = "", code = "", ...context] = message.params;
    if (command === "CHATHISTORY") {
      const name = context.find((one) => this.#channels.stateOf(one) === "entering");
      if (name !== undefined) this.#channels.historyFailed(name);
      return;
    }
    const channel = context.map((name) => this.#channels.idOf(name)).find((id) => id !== null) ??
      null;
    if (label === null && channel === null) return;
    this.#sender.refused(channel, label, `${readPlain(lastParam(message))} (${code})`);
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
  "442", // not on that channel
  "477", // registered nicks only
  "482", // channel operators only
  "486", // registered nicks only
  "489", // voice needed
  "531", // no messages to those
  "573", // no relayed messages here
]);

function isRefusalNumeric(command: string): boolean {
  return REFUSALS.has(command);
}
