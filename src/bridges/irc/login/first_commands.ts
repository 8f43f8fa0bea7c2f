import type { Cancel } from "../../../base/timers.ts";
import type { Link } from "../link/link.ts";
import { type IrcMessage, type OutLine, param } from "../wire/message.ts";
import { Service } from "./service.ts";

/**
 * Between the welcome and the first JOIN: bot mode, login at NickServ (channels may be closed to strangers) and the
 * configured commands.
 */
export class FirstCommands {
  readonly service: Service;
  readonly #link: Link;
  /** Now the channels may be entered. */
  readonly #done: () => void;
  #timeout: Cancel | null = null;

  constructor(link: Link, done: () => void) {
    this.service = new Service(link);
    this.#link = link;
    this.#done = done;
  }

  begin(loggedIn: boolean): void {
    this.#setBotMode();
    if (loggedIn || !this.#identify()) this.#go();
  }

  /** A NOTICE, perhaps NickServ's answer. */
  noticed(message: IrcMessage): void {
    if (this.#timeout === null) return;
    const { server, settings } = this.#link;
    const service = settings.nickServ?.nick.split("@")[0] ?? "";
    const isAnswer = !/is registered|identify/i.test(param(message, 1));
    if (server.isSame(message.nick, service) && isAnswer) this.#go();
  }

  /** The server says that we are logged in (900). */
  loggedIn(): void {
    if (this.#timeout !== null) this.#go();
  }

  #setBotMode(): void {
    const { bouncer, self, server, settings } = this.#link;
    const letter = server.text("BOT");
    // Behind a bouncer the mode would be its owner's.
    if (settings.botMode && letter !== null && !bouncer.present) {
      this.#link.control({ command: "MODE", params: [self.nick, `+${letter}`] });
    }
  }

  #identify(): boolean {
    const { log, settings, timers } = this.#link;
    const { nickServ } = settings;
    if (nickServ === null || nickServ.password === "") return false;
    const { nick, password, username } = nickServ;
    const text = username ? `AUTH ${username} ${password}` : `IDENTIFY ${password}`;
    this.#timeout = timers.after(settings.limits.identifyMs, () => {
      log.warn("{service} did not respond to the login. Joining anyway", {
        service: nick,
      });
      this.#go();
    });
    this.service.say(nick, text, (said) => {
      if (said === "refused") this.#go();
    });
    return true;
  }

  #go(): void {
    this.#timeout?.();
    this.#timeout = null;
    const { self, settings } = this.#link;
    for (const written of settings.runCommands) {
      const line = rawLine(written.replaceAll("{BOTNICK}", self.nick));
      if (line !== null) this.#link.control(line);
    }
    this.#done();
  }
}

/** A line as people write it, `COMMAND param :text with spaces`; null when there is nothing in it. */
export function rawLine(written: string): OutLine | null {
  const [head = "", ...rest] = written.trim().split(/ :(.*)/s);
  const [command = "", ...params] = head.split(" ").filter((word) => word !== "");
  if (command === "") return null;
  return { command, params: rest.length === 0 ? params : [...params, rest[0] ?? ""] };
}
