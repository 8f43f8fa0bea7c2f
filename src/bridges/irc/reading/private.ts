import type { Clock } from "../../../base/clock.ts";
import { ctcpAnswer, CtcpLimit, readCtcp } from "../link/read_event.ts";
import { type IrcMessage, type OutLine, param } from "../wire/message.ts";

interface CtcpResponderOptions {
  readonly clock: Clock;
  readonly version: string;
  readonly userInfo: string | null;
  readonly gapMs: number;
  readonly control: (line: OutLine) => void;
}

/** Answers CTCP requests by NOTICE, seldom. */
export class CtcpResponder {
  readonly #options: CtcpResponderOptions;
  readonly #limit: CtcpLimit;

  constructor(options: CtcpResponderOptions) {
    this.#options = options;
    this.#limit = new CtcpLimit(options.gapMs);
  }

  handle(message: IrcMessage): void {
    // A NOTICE is never answered: two programs would go on for ever.
    if (message.command !== "PRIVMSG") return;
    const { clock, control, version, userInfo } = this.#options;
    const request = readCtcp(param(message, 1));
    const answer = request === null
      ? null
      : ctcpAnswer(request, { version, userInfo, nowMs: clock.now() });
    if (answer === null || !this.#limit.allows(clock.monotonic())) return;
    control({ command: "NOTICE", params: [message.nick, `\x01${answer}\x01`] });
  }
}
