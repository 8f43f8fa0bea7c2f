import type { Link } from "../link/link.ts";
import { ctcpAnswer, CtcpLimit, readCtcp } from "../link/read_event.ts";
import { type IrcMessage, param } from "../wire/message.ts";

/** Answers CTCP requests by NOTICE, seldom. */
export class CtcpResponder {
  readonly #link: Link;
  readonly #limit: CtcpLimit;

  constructor(link: Link) {
    this.#link = link;
    this.#limit = new CtcpLimit(link.settings.limits.ctcpMs);
  }

  handle(message: IrcMessage): void {
    // A NOTICE is never answered: two programs would go on for ever.
    if (message.command !== "PRIVMSG") return;
    const { clock, settings: { version, userInfo } } = this.#link;
    const request = readCtcp(param(message, 1));
    const answer = request === null
      ? null
      : ctcpAnswer(request, { version, userInfo, nowMs: clock.now() });
    if (answer === null || !this.#limit.allows(clock.monotonic())) return;
    this.#link.control({ command: "NOTICE", params: [message.nick, `\x01${answer}\x01`] });
  }
}
