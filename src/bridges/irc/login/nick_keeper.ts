import type { Link } from "../link/link.ts";
import type { Service } from "./service.ts";

/** How long a service gets to throw the holder out before we ask for the nick. */
const GHOST_MS = 1_500;

/** Gets the configured nick back: when its holder leaves or renames, by the service, and on a slow timer. */
export class NickKeeper {
  readonly #link: Link;
  /** The service that can throw out our own ghost, with the password for that; null where there is none. */
  #service: { readonly nick: string; readonly password: string } | null = null;
  readonly #services: Service;
  #isBegun = false;
  #isWatching = false;

  constructor(link: Link, services: Service) {
    this.#link = link;
    this.#services = services;
  }

  /** We are in, with whatever nick there was. */
  begin(loggedIn: boolean): void {
    const { settings, timers } = this.#link;
    this.#isBegun = true;
    this.#service = settings.nickServ ?? (loggedIn ? { nick: "NickServ", password: "" } : null);
    this.#watch();
    // Without a service it was refused a moment ago: InspIRCd makes a client wait for asking in vain.
    if (this.#service !== null) this.#tryAgain();
    else timers.after(settings.limits.regainMs, () => this.#tryAgain());
  }

  /** Somebody gave this nick up. */
  freed(nick: string): void {
    const { self, server } = this.#link;
    if (server.isSame(nick, self.wantedNick) && !self.is(nick)) this.#ask();
  }

  /** Where the server tells of nicks, there is no need to share a channel with the holder. */
  #watch(): void {
    const { bouncer, self, server } = this.#link;
    if (this.#isWatching || self.hasWantedNick || bouncer.present || !server.has("MONITOR")) return;
    this.#isWatching = true;
    this.#link.control({ command: "MONITOR", params: ["+", self.wantedNick] });
  }

  #tryAgain(): void {
    const { bouncer, self, settings, timers } = this.#link;
    this.#watch();
    if (!self.hasWantedNick && !bouncer.present) {
      const service = this.#service;
      if (service === null) {
        this.#ask();
      } else {
        const text = `GHOST ${self.wantedNick} ${service.password}`.trimEnd();
        this.#services.say(service.nick, text);
        timers.after(GHOST_MS, () => this.#ask());
      }
    }
    timers.after(settings.limits.regainMs, () => this.#tryAgain());
  }

  #ask(): void {
    const { bouncer, self } = this.#link;
    // The nick of a bouncer is its owner's.
    if (!this.#isBegun || self.hasWantedNick || bouncer.present) return;
    this.#link.control({ command: "NICK", params: [self.wantedNick] });
  }
}
