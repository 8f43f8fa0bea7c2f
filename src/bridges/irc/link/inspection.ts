import type { DialInspection } from "../wire/certificate.ts";
import type { IrcMessage } from "../wire/message.ts";

import type { Link } from "./link.ts";

/** What a check hears of the connections that a bridge makes for it. */
export interface Inspection extends DialInspection {
  /** Before each connection: a server may want another port. */
  dialling(port: number, byTls: boolean): void;
  /** Each line of the server. */
  line(message: IrcMessage): void;
  /** The login is done. `loggedIn`: by SASL. */
  ready(link: Link, loggedIn: boolean): void;
}
