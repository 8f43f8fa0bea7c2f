import type { SeenIds } from "../../../base/bounded.ts";
import type { Clock } from "../../../base/clock.ts";
import type { Logger } from "../../../base/log.ts";
import type { Timers } from "../../../base/timers.ts";
import type { BridgeHost } from "../../../relay/port/bridge.ts";
import type { OutLine } from "../wire/message.ts";
import type { Bouncer } from "./bouncer.ts";
import type { IrcSettings } from "./options.ts";
import type { People } from "./people.ts";
import type { Fence } from "./ping.ts";
import type { LineBudget, Self } from "./self.ts";
import type { ServerFeatures } from "./server_features.ts";

/** What the parts of one connection share. Made by the session; passed whole. */
export interface Link {
  readonly settings: IrcSettings;
  readonly host: BridgeHost;
  readonly clock: Clock;
  readonly log: Logger;
  readonly timers: Timers;
  readonly server: ServerFeatures;
  readonly self: Self;
  readonly budget: LineBudget;
  readonly people: People;
  readonly bouncer: Bouncer;
  readonly memory: Memory;
  /** Reached when whoever answers us first, the server or a bouncer, has worked off all that was sent before. */
  readonly fence: Fence;
  /** Reached when the network itself has: behind a bouncer too. */
  readonly through: Fence;
  /** A capability, or a client's tag (`+draft/react`): whether lines with it get through. */
  has(name: string): boolean;
  /** Value of a capability that the server offers (`draft/relaymsg=/`); null when it offers none. */
  offered(capability: string): string | null;
  /** Leaves at once. */
  send(line: OutLine): void;
  /** Leaves within the flood budget, ahead of messages. `sent` is called when it leaves. */
  control(line: OutLine, sent?: () => void): void;
}

/** What a bridge remembers from one link to the next. */
export interface Memory {
  /** Our nicks. */
  readonly nicks: SeenIds;
  /** Names under which we spoke by RELAYMSG. */
  readonly spokenAs: SeenIds;
  /** Lines that the server took and did not show. */
  readonly silent: SeenIds;
}
