import type { Clock } from "../../../base/clock.ts";
import { CtcpLimit, readCtcp } from "../ctcp.ts";
import { type IrcMessage, type OutLine, param } from "../wire/message.ts";

export interface PrivateAnswersOptions {
  readonly clock: Clock;
  /** At most one answer in this time, whoever writes. */
  readonly gapMs: number;
  readonly relayNick: string;
  readonly control: (line: OutLine) => void;
}

const MOST_REMEMBERED = 500;

/** Tells those who write to a puppet, once each, that the person behind it does not see it. */
export class PrivateAnswers {
  readonly #options: PrivateAnswersOptions;
  readonly #limit: CtcpLimit;
  readonly #told = new Set<string>();

  constructor(options: PrivateAnswersOptions) {
    this.#options = options;
    this.#limit = new CtcpLimit(options.gapMs);
  }

  hear(message: IrcMessage): void {
    const { clock, control, relayNick } = this.#options;
    // A NOTICE is never answered; a server has no user name.
    if (message.command !== "PRIVMSG" || message.user === "") return;
    const ctcp = readCtcp(param(message, 1));
    if (ctcp !== null && ctcp.command !== "ACTION") return;
    if (this.#told.has(message.nick) || this.#told.size >= MOST_REMEMBERED) return;
    if (!this.#limit.allows(clock.monotonic())) return;
    this.#told.add(message.nick);
    const text =
      "Nobody reads private messages here: this nick shows what is said in another chat " +
      `and relayed by ${relayNick}. Please write in the channel.`;
    control({ command: "NOTICE", params: [message.nick, text] });
  }
}
