import type { Clock } from "../../base/clock.ts";
import { graphemes } from "../../base/text.ts";
import { spanInWords } from "../../base/times.ts";
import type { Config } from "../../config/options/config.ts";
import type { CommandUser } from "../../config/options/general.ts";
import {
  type ChatCommand,
  type ChatCommandCall,
  ChatCommands,
} from "../../relay/intake/chat_commands.ts";
import type { AccountId, ChannelId } from "../../relay/port/ids.ts";
import type { LinkState } from "../../relay/port/observer.ts";
import type { Relay } from "../../relay/relay.ts";
import type { LiveAccount } from "../setup/accounts.ts";
import { VERSION } from "../shared/build_info.ts";

interface ChatCommandSetup {
  readonly accounts: readonly LiveAccount[];
  /** The relay that the commands act on; it exists only after them. */
  readonly relay: () => Relay;
  readonly clock: Clock;
  /** A server may put anything into a name: no answer says a secret. */
  readonly redact: (text: string) => string;
}

/** Commands that change something are only for those whom CommandUsers names; `check` says where nobody is. */
const ACTING: readonly string[] = ["kreconnect", "reconnect"];

/** The chat commands of this program, as the configuration allows them. See docs/commands.md. */
export function makeChatCommands(config: Config, setup: ChatCommandSetup): ChatCommands {
  const { commandAccounts, commandPrefix, commandUsers } = config.general;
  const accounts = commandAccounts.map((account) => account.toLowerCase());
  const isNamed = ({ account, event }: ChatCommandCall) =>
    commandUsers.some((user) => isMeant(user, account, event.sender));
  const mayUse = (call: ChatCommandCall, command: ChatCommand) => {
    if (accounts.length > 0 && !accounts.includes(call.account.toLowerCase())) return false;
    const isFree = commandUsers.length === 0 && !ACTING.includes(command.name);
    return isFree || isNamed(call);
  };
  const commands: ChatCommand[] = [...reconnecting(setup), status(setup), who(setup)];
  // The name that people know from Matterbridge; help names each command once.
  const users: ChatCommand = { ...who(setup), name: "users" };
  const help: ChatCommand = {
    name: "help",
    about: "this list",
    run: (call) =>
      [...commands, help].filter((command) => mayUse(call, command))
        .map(({ name, about }) => `${commandPrefix}${name}: ${about}`).join(" | "),
  };
  return new ChatCommands({
    prefix: commandPrefix,
    commands: [...commands, users, help].map((command) => ({
      ...command,
      run: (call) => {
        const answer = command.run(call);
        return answer === null ? null : setup.redact(answer);
      },
    })),
    mayUse,
    clock: setup.clock,
  });
}

function isMeant(
  user: CommandUser,
  account: AccountId,
  sender: ChatCommandCall["event"]["sender"],
): boolean {
  if (user.account !== account.toLowerCase()) return false;
  const { id, nick, userId } = sender;
  const matches = (text: string) => maskPattern(user.mask).test(text);
  if (user.mask.includes("!")) return matches(`${nick}!${userId}`);
  if (user.mask.includes("@")) return matches(userId);
  // What people choose themselves (ident@host) must not look like a login.
  if (sender.account !== undefined && matches(sender.account)) return true;
  return !userId.includes("@") && (matches(userId) || matches(id));
}

/** `*` stands for anything, `?` for one character; letter case does not count. */
function maskPattern(mask: string): RegExp {
  const escaped = mask.replace(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*").replaceAll(
    "?",
    ".",
  );
  return new RegExp(`^${escaped}$`, "is");
}

/** A person's wish costs an account its connection for a moment: not more often than this. */
const RECONNECT_EVERY_MS = 5 * 60_000;

/** The answer is said before the link ends, or after it is back: the outbox sees to that. */
function reconnecting(setup: ChatCommandSetup): ChatCommand[] {
  const { accounts, clock, relay } = setup;
  const lastMs = new Map<AccountId, number>();
  const reconnect = (nick: string, protocol: string | null, answer: string): string => {
    const nowMs = clock.monotonic();
    const meant = accounts.map(({ bridge }) => bridge)
      .filter((bridge) => protocol === null || bridge.protocol === protocol);
    const waits = meant.map(({ account }) =>
      RECONNECT_EVERY_MS - (nowMs - (lastMs.get(account) ?? -Infinity))
    );
    const due = meant.filter((_, index) => (waits[index] ?? 0) <= 0);
    for (const { account } of due) {
      lastMs.set(account, nowMs);
      relay().reconnect(account, `${nick} asked for it`);
    }
    if (due.length > 0 || meant.length === 0) return answer;
    return `Reconnected only recently. Try again in ${spanInWords(Math.min(...waits))}.`;
  };
  return [
    {
      name: "kreconnect",
      about: "reconnects Kosmi",
      run: ({ event }) => reconnect(event.sender.nick, "kosmi", "Reconnecting Kosmi..."),
    },
    {
      name: "reconnect",
      about: "reconnects all services",
      run: ({ event }) => reconnect(event.sender.nick, null, "Reconnecting all services..."),
    },
  ];
}

/** States only: reasons are a server's words, and may hold anything. */
function status(setup: ChatCommandSetup): ChatCommand {
  return {
    name: "status",
    about: "how each account is",
    run: ({ account, event }) => {
      const nowMs = setup.clock.now();
      const links = setup.relay().links();
      const others = setup.relay().neighbours(account, event.channel).map((place) => place.account);
      const states = [...new Set([account, ...others])].map((id) =>
        `${id}: ${stateText(links.get(id) ?? { kind: "idle" }, nowMs)}`
      );
      return `kosmi-relay ${VERSION} | ${states.join(" | ")}`;
    },
  };
}

function stateText(state: LinkState, nowMs: number): string {
  switch (state.kind) {
    case "ready":
      return `connected for ${spanInWords(nowMs - state.sinceMs)}`;
    case "connecting":
      return "connecting";
    case "waiting":
    case "refused":
      return `not connected, next try in ${spanInWords(state.untilMs - nowMs)}`;
    case "idle":
      return "not started";
    case "stopped":
      return "stopped";
  }
}

/** Longest list of names: an answer is one or two lines, not a wall. */
const MOST_NAMES = 40;
const LONGEST_NAME = 32;

function who(setup: ChatCommandSetup): ChatCommand {
  return {
    name: "who",
    about: "who is on the other side",
    run: ({ account, event }) => {
      const lines = setup.relay().neighbours(account, event.channel).map((place) => {
        const names = membersOf(setup, place.account, place.channel);
        return `${place.written} (${place.account}): ${names}`;
      });
      return lines.length === 0 ? null : lines.join("\n");
    },
  };
}

function membersOf(setup: ChatCommandSetup, account: AccountId, channel: ChannelId): string {
  const bridge = setup.accounts.find(({ bridge }) => bridge.account === account)?.bridge;
  const people = bridge?.members?.(channel) ?? [];
  if (people.length === 0) return "no members known";
  const names = people.map(({ nick }) => shortName(nick)).sort((a, b) => a.localeCompare(b));
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : "";
  return names.slice(0, MOST_NAMES).join(", ") + more;
}

function shortName(nick: string): string {
  const letters = graphemes(nick);
  return letters.length <= LONGEST_NAME ? nick : `${letters.slice(0, LONGEST_NAME).join("")}…`;
}
