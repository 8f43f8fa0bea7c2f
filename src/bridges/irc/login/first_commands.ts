import type { Logger } from "../../../base/log.ts";
import type { Cancel, Timers } from "../../../base/timers.ts";
import type { IrcSettings } from "../link/options.ts";
import type { Self } from "../link/self.ts";
import type { ServerFeatures } from "../link/server_features.ts";
import type { IrcMessage, OutLine } from "../wire/message.ts";

interface ArrivalOptions {
  readonly settings: IrcSettings;
  readonly features: ServerFeatures;
  readonly self: Self;
  readonly timers: Timers;
  readonly log: Logger;
  readonly control: (line: OutLine) => void;
  readonly loggedIn: boolean;
  /** Now the channels may be entered. */
  readonly done: () => void;
}

/**
 * Between the welcome and the first JOIN: bot mode, login at NickServ (channels may be closed to strangers) and the
 * configured commands.
 */
export class Arrival {
  readonly #options: ArrivalOptions;
  #timeout: Cancel | null = null;

  constructor(options: ArrivalOptions) {
    this.#options = options;
    this.#setBotMode();
    if (!this.#identify()) this.#go();
  }

  /** Sees every line while we wait for NickServ. */
  observe(message: IrcMessage): void {
    if (this.#timeout === null) return;
    const { features, settings } = this.#options;
    const service = settings.nickServ?.nick.split("@")[0] ?? "";
    const spoken = message.command === "NOTICE" &&
      features.fold(message.nick) === features.fold(service);
    if (
      message.command === "900" ||
      (spoken && !/is registered|identify/i.test(message.params[1] ?? ""))
    ) this.#go();
  }

  #setBotMode(): void {
    const { control, features, self, settings } = this.#options;
    const letter = features.text("BOT");
    if (settings.botMode && letter !== null) {
      control({ command: "MODE", params: [self.nick, `+${letter}`] });
    }
  }

  #identify(): boolean {
    const { control, loggedIn, log, settings, timers } = this.#options;
    const { nickServ } = settings;
    if (nickServ === null || nickServ.password === "" || loggedIn) return false;
    const { nick, password, username } = nickServ;
    const text = username ? `AUTH ${username} ${password}` : `IDENTIFY ${password}`;
    control({ command: "PRIVMSG", params: [nick, text] });
    this.#timeout = timers.after(settings.limits.identifyMs, () => {
      log.warn("{service} does not answer our login. Entering the channels without", {
        service: nick,
      });
      this.#go();
    });
    return true;
  }

  #go(): void {
    this.#timeout?.();
    this.#timeout = null;
    const { control, done, self, settings } = this.#options;
    for (const written of settings.runCommands) {
      const line = rawLine(written.replaceAll("{BOTNICK}", self.nick));
      if (line !== null) control(line);
    }
    done();
  }
}

/** A line as people write it, `COMMAND param :text with spaces`; null when there is nothing in it. */
export function rawLine(written: string): OutLine | null {
  const [head = "", ...rest] = written.trim().split(/ :(.*)/s);
  const [command = "", ...params] = head.split(" ").filter((word) => word !== "");
  if (command === "") return null;
  return { command, params: rest.length === 0 ? params : [...params, rest[0] ?? ""] };
}
