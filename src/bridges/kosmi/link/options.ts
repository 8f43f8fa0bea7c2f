import type { Clock } from "../../../base/clock.ts";
import type { Logger } from "../../../base/log.ts";
import type { AccountId } from "../../../relay/port/ids.ts";
import type { LearnedOperations } from "../protocol/known_operations.ts";
import type { Plan } from "../protocol/plan.ts";
import type { KosmiProtocol, OperationName } from "../protocol/protocol.ts";
import type { Markup } from "../text/kosmi_text.ts";
import type { KosmiLink } from "./link.ts";
import type { LinkFault } from "./link_end.ts";

/** Where Kosmi is. All but `appUrl` are asked by the relay; people and browsers open `appUrl`. */
export interface KosmiEndpoints {
  readonly appUrl: string;
  readonly httpEndpoint: string;
  readonly wsEndpoint: string;
  readonly imageEndpoint: string;
}

/** What opens a connection. `expectsLogin`: the token belongs to a configured login, not to an anonymous visitor. */
export interface KosmiCredentials {
  readonly token: string;
  readonly expectsLogin: boolean;
}

/**
 * Where tokens come from. `get` is called at every connection attempt; a NeedsPersonError that it throws ends the
 * attempt as refused, any other error as lost. `refused` is told each token that Kosmi did not take.
 */
export interface CredentialSource {
  get(signal: AbortSignal): Promise<KosmiCredentials>;
  refused(token: string): void;
}

export interface HistoryLimits {
  /** Most messages read back from a room's archive. What of them is relayed is the core's to say. */
  readonly maxMessages: number;
}

/** What is known of how the web app speaks to the server, and how to know more. Outlives connections and restarts. */
export interface WebAppKnowledge extends LearnedOperations {
  /** What the app puts into its first frame; null where nobody knows. */
  readonly v: string | null;
  readonly r: string | null;
  readonly anonLogin: Plan | null;
  /** Resolves when what was kept of an earlier run is there. */
  opened(): Promise<void>;
  forget(name: OperationName | "anonLogin"): void;
  /** Reads the app, when that is due; resolves to true when something new came of it. Never rejects; on abort it is false. */
  learn(signal: AbortSignal): Promise<boolean>;
}

/** How names become addresses, and which addresses may be visited. Tests put loopback in; nothing else may. */
export interface PictureNetwork {
  readonly resolve: (host: string) => Promise<readonly string[]>;
  readonly mayVisit: (address: string, port: number) => boolean;
  /** True for a connection that ended at this machine itself, by whatever address of its own. */
  readonly isHere?: (local: string, remote: string) => boolean;
}

export interface KosmiBridgeOptions {
  readonly account: AccountId;
  readonly endpoints: KosmiEndpoints;
  /** RoomURL of the account: the room that "main" and "" mean; null when there is none. */
  readonly room: string | null;
  readonly credentials: CredentialSource;
  readonly protocol: KosmiProtocol;
  /** Default: nothing is learned. */
  readonly app?: WebAppKnowledge;
  /** After the burst, one message per `messageDelayMs`. 0 sends without limit and without waiting for each answer. */
  readonly messageDelayMs: number;
  readonly burst: number;
  readonly history: HistoryLimits;
  /** How formatting is written in Kosmi, and read there. */
  readonly markup: Markup;
  /** Pictures that messages link are uploaded to Kosmi. Default false. */
  readonly uploadImages?: boolean;
  /** Where pictures may be fetched from. Default: the public internet and nothing else. */
  readonly pictureNetwork?: PictureNetwork;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** Hears every attempt, for a check. Default: nobody does. */
  readonly inspection?: Inspection;
}

/** What a check hears of the connections that a bridge makes for it. */
interface Inspection {
  /** Kosmi acknowledged the connection. */
  connected(link: KosmiLink, session: { readonly isAnonymous: boolean | null }): void;
  /** Why an attempt, or the connection, ended. */
  ended(fault: LinkFault): void;
}
