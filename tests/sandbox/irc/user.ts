import type { Channel } from "./channel.ts";
import type { Message } from "./message.ts";
import type { Wire } from "./wire.ts";

/** A client's connection as the rest of the server sees it. */
export interface UserLink {
  readonly caps: ReadonlySet<string>;
  send(message: Message, batch?: string): void;
  /** Says `ERROR :<reason>` and ends the connection. */
  close(reason: Wire): void;
  /** Ends the connection without a word. */
  cut(how: "rst" | "fin"): void;
}

const NO_CAPS: ReadonlySet<string> = new Set();

/** Somebody on the network: a client, or one that tests speak for (without a link). */
export class User {
  readonly link: UserLink | null;
  readonly channels = new Set<Channel>();
  readonly modes = new Set<string>();
  readonly signedOnAtMs: number;
  nick: Wire = "*";
  user: Wire = "user";
  host: Wire;
  realName: Wire = "";
  account: Wire | null = null;
  away: Wire | null = null;
  registered = false;

  constructor(link: UserLink | null, host: Wire, nowMs: number) {
    this.link = link;
    this.host = host;
    this.signedOnAtMs = nowMs;
  }

  get mask(): Wire {
    return `${this.nick}!${this.user}@${this.host}`;
  }

  get caps(): ReadonlySet<string> {
    return this.link?.caps ?? NO_CAPS;
  }

  deliver(message: Message, batch?: string): void {
    this.link?.send(message, batch);
  }
}
