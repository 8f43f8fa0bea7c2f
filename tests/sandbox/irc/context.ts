import type { Network } from "./network.ts";
import type { Faults, IrcServerOptions } from "./options.ts";
import type { Session } from "./session.ts";
import type { ClientLine, Wire } from "./wire.ts";

/** What a command's handler works with. */
export interface Context {
  readonly network: Network;
  readonly session: Session;
  readonly faults: Faults;
  readonly options: IrcServerOptions;
  /** Capabilities that this server offers, with their values ("" for none). */
  readonly offered: ReadonlyMap<string, string>;
  readonly isupport: readonly string[];
  /** A client has registered. */
  readonly registered: () => void;
}

export interface Command {
  /** Fewer: 461. */
  readonly params: number;
  /** Allowed before the welcome. */
  readonly early?: boolean;
  readonly run: (context: Context, params: readonly Wire[], line: ClientLine) => void;
}

export type Commands = Readonly<Record<string, Command>>;

/** A reply to the client. */
export function reply(context: Context, numeric: string, ...params: Wire[]): void {
  context.network.reply(context.session.user, numeric, ...params);
}
