import type { Holdings, SeenIds } from "../../../base/bounded.ts";
import type { Clock } from "../../../base/clock.ts";
import type { Logger } from "../../../base/log.ts";
import { Timers } from "../../../base/timers.ts";
import type { BridgeHost } from "../../../relay/port/bridge.ts";
import type { OutLine } from "../wire/message.ts";
import type { IrcSettings } from "./options.ts";
import { People } from "./people.ts";
import { Bouncer, Fence } from "./ping.ts";
import { LineBudget, Self } from "./self.ts";
import { ServerFeatures } from "./server_features.ts";

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
  /** The server takes UTF-8 alone: the configured charset is left aside. */
  useUtf8(): void;
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

/** What a link asks of its session. */
interface LinkDoings extends Pick<Link, "has" | "offered" | "useUtf8"> {
  readonly control: (line: OutLine, sent?: () => void) => void;
  readonly send: (line: OutLine, maxBytes: number) => void;
  /** What the server makes us hold. */
  readonly held: Holdings;
  readonly fault: (thrown: unknown) => void;
  /** Nobody answers us. */
  readonly silent: (reason: string) => void;
  /** The network behind the bouncer does not answer. */
  readonly away: (reason: string) => void;
}

/** The link of one session. Nothing is sent before the session asks for it. */
export function makeLink(
  settings: IrcSettings,
  host: BridgeHost,
  memory: Memory,
  doings: LinkDoings,
): Link {
  const { clock, log, limits } = settings;
  const server = new ServerFeatures(doings.held);
  const self = new Self(settings.nick, server, memory);
  const budget = new LineBudget(server, self);
  const bouncer = new Bouncer();
  const timers = new Timers(clock, doings.fault);
  const send = (line: OutLine) => doings.send(line, budget.lineBytes - 2);
  const asking = { send, clock, timers, onRoundTrip: (ms: number) => host.latency(ms) };
  const fence = new Fence({
    ...{ ...asking, name: "relay", limitMs: limits.deadMs },
    ask: (token) => ({ command: "PING", params: [token] }),
    onSilence: () => doings.silent("The server does not answer PING"),
  });
  const networkFence = new Fence({
    ...{ ...asking, name: "#relay", limitMs: limits.throughMs },
    // There is no such channel. Of all questions whose answer repeats a word this one costs least: WHO makes ngircd wait for
    // three seconds.
    ask: (token) => ({ command: "NAMES", params: [token] }),
    onSilence: () => doings.away("the network behind the bouncer does not answer"),
  });
  return {
    ...{ settings, host, clock, log, timers, server, self, budget, bouncer, memory, fence, send },
    ...{ offered: doings.offered, control: doings.control },
    has: (capability) => doings.has(capability) && server.passes(capability),
    useUtf8: doings.useUtf8,
    people: new People(server, doings.held, settings.puppet === null ? null : self),
    get through() {
      return bouncer.present ? networkFence : fence;
    },
  };
}
