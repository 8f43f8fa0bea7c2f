import type { Clock } from "../../base/clock.ts";
import type { Config } from "../../config/options/config.ts";
import {
  type ChatCommand,
  type ChatCommandCall,
  ChatCommands,
} from "../../relay/intake/chat_commands.ts";
import type { AccountId, ChannelId } from "../../relay/port/ids.ts";
import type { LinkState } from "../../relay/port/observer.ts";
import type { Relay } from "../../relay/relay.ts";
import type { WiredAccount } from "../setup/accounts.ts";
import { VERSION } from "../shared/build_info.ts";

interface ChatCommandWiring {
  readonly accounts: readonly WiredAccount[];
  /** The relay that the commands act on; it exists only after them. */
  readonly relay: () => Relay;
  readonly clock: Clock;
}

/** The chat commands of this program, as the configuration allows them. */
export function wireChatCommands(config: Config, wiring: ChatCommandWiring): ChatCommands {
  const { general } = config;
  const users = general.commandUsers.map(maskPattern);
  const accounts = general.commandAccounts.map((account) => account.toLowerCase());
  return new ChatCommands({
    prefix: general.commandPrefix,
    commands: [
      reconnect(wiring, "kreconnect", "Reconnecting Kosmi...", ["kosmi"]),
      reconnect(wiring, "reconnect", "Reconnecting all services...", null),
      status(wiring),
      who(wiring),
    ],
    mayUse: ({ account, event }: ChatCommandCall) =>
      (accounts.length === 0 || accounts.includes(account.toLowerCase())) &&
      (users.length === 0 || users.some((pattern) => pattern.test(event.sender.userId))),
    clock: wiring.clock,
  });
}

/** `*` stands for anything, `?` for one character; letter case does not count. */
function maskPattern(mask: string): RegExp {
  const escaped = mask.replace(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*").replaceAll(
    "?",
    ".",
  );
  return new RegExp(`^${escaped}$`, "is");
}

/** The answer is said before the link ends, or after it is back: the outbox sees to that. */
function reconnect(
  wiring: ChatCommandWiring,
  name: string,
  answer: string,
  protocols: readonly string[] | null,
): ChatCommand {
  return {
    name,
    about: protocols === null ? "Connects every account anew." : "Connects Kosmi anew.",
    run: ({ event }) => {
      for (const { bridge } of wiring.accounts) {
        if (protocols !== null && !protocols.includes(bridge.protocol)) continue;
        wiring.relay().reconnect(bridge.account, `${event.sender.nick} asked for it`);
      }
      return answer;
    },
  };
}

function status(wiring: ChatCommandWiring): ChatCommand {
  return {
    name: "status",
    about: "Says how each account stands.",
    run: () => {
      const nowMs = wiring.clock.now();
      const lines = [...wiring.relay().links()].map(([account, state]) =>
        `${account}: ${stateText(state, nowMs)}`
      );
      return `kosmi-relay ${VERSION} | ${lines.join(" | ")}`;
    },
  };
}

function stateText(state: LinkState, nowMs: number): string {
  switch (state.kind) {
    case "ready":
      return `connected for ${duration(nowMs - state.sinceMs)}`;
    case "connecting":
      return "connecting";
    case "waiting":
    case "refused":
      return `not connected (${state.reason}), next try in ${duration(state.untilMs - nowMs)}`;
    case "idle":
    case "stopped":
      return "stopped";
  }
}

function duration(spanMs: number): string {
  const seconds = Math.max(0, Math.round(spanMs / 1_000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

/** Longest list of names: an answer is one or two lines, not a wall. */
const MOST_NAMES = 40;

function who(wiring: ChatCommandWiring): ChatCommand {
  return {
    name: "who",
    about: "Says who is on the other side.",
    run: ({ account, event }) => {
      const lines = wiring.relay().neighbours(account, event.channel).map((place) => {
        const names = membersOf(wiring, place.account, place.channel);
        return `${place.written} (${place.account}): ${names}`;
      });
      return lines.length === 0 ? null : lines.join("\n");
    },
  };
}

function membersOf(wiring: ChatCommandWiring, account: AccountId, channel: ChannelId): string {
  const bridge = wiring.accounts.find(({ bridge }) => bridge.account === account)?.bridge;
  const people = bridge?.members?.(channel) ?? [];
  if (people.length === 0) return "nobody, as far as can be told";
  const names = people.map((person) => person.nick).sort((a, b) => a.localeCompare(b));
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : "";
  return names.slice(0, MOST_NAMES).join(", ") + more;
}
