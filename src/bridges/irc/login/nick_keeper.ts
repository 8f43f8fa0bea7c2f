import type { Timers } from "../../../base/timers.ts";
import type { Self } from "../link/self.ts";
import type { ServerFeatures } from "../link/server_features.ts";
import { type IrcMessage, type OutLine, param } from "../wire/message.ts";

interface NickKeeperOptions {
  readonly self: Self;
  readonly features: ServerFeatures;
  readonly timers: Timers;
  readonly control: (line: OutLine) => void;
  readonly regainMs: number;
  /** The service that can throw out our own ghost, with the password for that; null where there is none. */
  readonly service: { readonly nick: string; readonly password: string } | null;
}

/** How long a service gets to throw the holder out before we ask for the nick. */
const GHOST_MS = 1_500;

/** Gets the configured nick back: when its holder leaves or renames, by the service, and on a slow timer. */
export class NickKeeper {
  readonly #options: NickKeeperOptions;

  constructor(options: NickKeeperOptions) {
    this.#options = options;
    // Without a service it was refused a moment ago: InspIRCd makes a client wait for asking in vain.
    if (options.service !== null) this.#tryAgain();
    else this.#options.timers.after(options.regainMs, () => this.#tryAgain());
  }

  /** Looks at every line: the holder may give the nick up. */
  observe(message: IrcMessage): void {
    const { features, self } = this.#options;
    if (message.command !== "QUIT" && message.command !== "NICK") return;
    if (features.fold(message.nick) !== features.fold(self.wantedNick) || self.is(message.nick)) {
      return;
    }
    if (
      message.command === "NICK" &&
      features.fold(param(message, 0)) === features.fold(self.wantedNick)
    ) return;
    this.#ask();
  }

  #tryAgain(): void {
    const { self, service, timers, control, regainMs } = this.#options;
    if (!self.hasWantedNick) {
      if (service === null) {
        this.#ask();
      } else {
        const text = `GHOST ${self.wantedNick} ${service.password}`.trimEnd();
        control({ command: "PRIVMSG", params: [service.nick, text] });
        timers.after(GHOST_MS, () => this.#ask());
      }
    }
    timers.after(regainMs, () => this.#tryAgain());
  }

  #ask(): void {
    const { control, self } = this.#options;
    if (!self.hasWantedNick) control({ command: "NICK", params: [self.wantedNick] });
  }
}
