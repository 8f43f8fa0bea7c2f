import type { BridgeHost, History } from "../../src/relay/port/bridge.ts";
import type { ChatEvent, MessageEvent } from "../../src/relay/port/event.ts";
import type { AccountId, ChannelId } from "../../src/relay/port/ids.ts";
import type { Ledger } from "./ledger.ts";
import type { Process } from "./process.ts";

interface NotedHostOptions {
  readonly account: AccountId;
  readonly process: Process;
  readonly ledger: Ledger;
  /** The channels that the core knows to be up. */
  readonly entered: Set<ChannelId>;
  readonly onUp?: (channel: ChannelId) => void;
  /** Puts its hidden number back into a message of others. */
  readonly numbered: (event: MessageEvent) => MessageEvent;
}

/** The core as a real bridge meets it, and what the simulation writes down of that. */
export function notedHost(host: BridgeHost, options: NotedHostOptions): BridgeHost {
  const { account, process, ledger, entered, onUp, numbered } = options;
  return {
    ...host,
    linkUp: (self) => {
      process.tries.ready(account);
      ledger.trace(`${account} link up of process ${process.number}`);
      host.linkUp(self);
    },
    channelUp: (channel, history) => {
      process.entered(account, channel);
      ledger.trace(`${account} ${channel} up, history ${history?.messages.length ?? "none"}`);
      entered.add(channel);
      onUp?.(channel);
      host.channelUp(channel, history === null ? null : numberedHistory(history, numbered));
    },
    channelDown: (channel, why) => {
      entered.delete(channel);
      host.channelDown(channel, why);
    },
    event: (event) => host.event(numberedEvent(event, numbered)),
  };
}

function numberedHistory(history: History, numbered: NotedHostOptions["numbered"]): History {
  const messages = history.messages.map((message) =>
    message.own ? message : { own: false as const, event: numbered(message.event) }
  );
  return { ...history, messages };
}

function numberedEvent(event: ChatEvent, numbered: NotedHostOptions["numbered"]): ChatEvent {
  return event.kind === "message" ? numbered(event) : event;
}
