import { type IrcMessage, lastParam, param } from "../wire/message.ts";
import type { Link } from "../link/link.ts";
import { mayTellPassword, UNTOLD } from "../link/options.ts";

/** What became of something that was to be said to the service. */
type Said = "said" | "refused";

interface Saying {
  readonly nick: string;
  readonly text: string;
  readonly done: (said: Said) => void;
}

/**
 * The network's service that knows our password (NickServ). Anybody may take its nick where services are away, so before
 * each word with the password in it WHOIS must show the network's own: an operator's mark that says "service" (313, 320),
 * or a server of that name. `NICK@server` needs no proof: the network delivers that to this server only.
 */
export class Service {
  readonly #link: Link;
  /** Waits for the end of the WHOIS of its nick. */
  #waiting: Saying[] = [];
  #proof: ServiceProof | null = null;

  constructor(link: Link) {
    this.#link = link;
  }

  say(nick: string, text: string, done: (said: Said) => void = () => {}): void {
    const { log, settings } = this.#link;
    if (!mayTellPassword(settings)) {
      log.warn("{service} is not told the password: {reason}", { service: nick, reason: UNTOLD });
      return done("refused");
    }
    if (nick.includes("@")) {
      this.#send({ nick, text, done });
    } else {
      this.#waiting.push({ nick, text, done });
      if (this.#waiting.length > 1) return;
      this.#proof = new ServiceProof((name) => this.#link.server.isSame(name, nick));
      this.#link.control({ command: "WHOIS", params: [nick] });
    }
  }

  /** Takes a line of the WHOIS that it waits for; false for all else. */
  heard(message: IrcMessage): boolean {
    if (this.#proof?.isAbout(message) !== true) return false;
    const verdict = this.#proof.hear(message);
    if (verdict === null) return true;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#proof = null;
    for (const saying of waiting) {
      if (verdict === "service") this.#send(saying);
      else this.#refuse(saying);
    }
    return true;
  }

  #send({ nick, text, done }: Saying): void {
    this.#link.control({ command: "PRIVMSG", params: [nick, text] });
    done("said");
  }

  #refuse({ nick, done }: Saying): void {
    this.#link.log.warn(
      '{service} is not told the password: WHOIS does not show a service of the network. Where it is one, name it with its server (NickServNick="{service}@services.example")',
      { service: nick },
    );
    done("refused");
  }
}

/** What WHOIS says of somebody with a service's nick. */
export class ServiceProof {
  readonly #isNick: (name: string) => boolean;
  #isService = false;

  constructor(isNick: (name: string) => boolean) {
    this.#isNick = isNick;
  }

  isAbout(message: IrcMessage): boolean {
    return WHOIS.includes(message.command) && this.#isNick(param(message, 1));
  }

  /** Null until its last line. */
  hear(message: IrcMessage): "service" | "stranger" | null {
    const { command } = message;
    if (!this.isAbout(message)) return null;
    if (command === "313" || command === "320") {
      this.#isService ||= isServiceMark(lastParam(message));
    }
    if (command === "312") this.#isService ||= /^services?\./i.test(param(message, 2));
    if (command !== "318" && command !== "401") return null;
    return this.#isService ? "service" : "stranger";
  }
}

export const WHOIS: readonly string[] = ["311", "312", "313", "318", "320", "401"];

/** "is a Network Service"; not "is identified to services", which everybody can get. */
function isServiceMark(words: string): boolean {
  return /\bis an? (?:\w+ )*service\b/i.test(words);
}
