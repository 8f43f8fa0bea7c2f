import type { IrcSettings } from "./options.ts";
import type { Timers } from "./timers.ts";
import type { OutLine } from "./wire/message.ts";

export interface OpeningOptions {
  readonly settings: IrcSettings;
  readonly timers: Timers;
  readonly send: (line: OutLine) => void;
}

/** A server without capabilities may pass over our question. */
const CAP_MS = 3_000;

/**
 * The first lines of a connection: who we are. In plain text the server's password is held back until the server has
 * told its capabilities, because it may want TLS (STS); somebody on the way must not learn the password before that.
 */
export class Opening {
  readonly #options: OpeningOptions;
  #identified = false;

  constructor(options: OpeningOptions) {
    this.#options = options;
  }

  /** The socket is open. */
  begin(): void {
    const { settings, send, timers } = this.#options;
    const { webirc = null } = settings.puppet ?? {};
    if (webirc !== null) {
      const { password, gateway, host, address } = webirc;
      send({ command: "WEBIRC", params: [password, gateway, host, address] });
    }
    send({ command: "CAP", params: ["LS", "302"] });
    if (settings.tls === null && settings.password !== null) {
      timers.after(CAP_MS, () => this.identify());
    } else {
      this.identify();
    }
  }

  /** Nothing speaks against telling who we are. Idempotent. */
  identify(): void {
    if (this.#identified) return;
    this.#identified = true;
    const { settings, send } = this.#options;
    if (settings.password !== null) send({ command: "PASS", params: [settings.password] });
    send({ command: "NICK", params: [settings.nick] });
    send({ command: "USER", params: [settings.userName, "0", "*", settings.realName] });
  }
}
