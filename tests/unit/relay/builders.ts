import type { Outgoing, OutgoingMessage, Part, WireText } from "../../../src/relay/port/bridge.ts";
import type { MessageEvent, Person } from "../../../src/relay/port/event.ts";
import type { AccountId, ChannelId, EndpointId, MessageId } from "../../../src/relay/port/ids.ts";
import { plainText } from "../../../src/relay/port/rich_text.ts";
import type { AccountSettings, GatewayEndpoint } from "../../../src/relay/port/settings.ts";
import type { Delivery, DeliveryId, Shipment, ShipmentId } from "../../../src/relay/port/store.ts";

/** Small makers of the core's values, so that a test shows only what it is about. */

export const accountId = (id: string): AccountId => id as AccountId;
export const channelId = (id: string): ChannelId => id as ChannelId;
export const endpoint = (id: string): EndpointId => id as EndpointId;
export const messageId = (id: string): MessageId => id as MessageId;

export function person(nick: string): Person {
  return { id: `id-${nick}` as Person["id"], nick, userId: `${nick}@host` };
}

export function message(text: string, more: Partial<MessageEvent> = {}): MessageEvent {
  return {
    kind: "message",
    channel: channelId("#a"),
    id: null,
    atMs: 1_000_000,
    late: false,
    sender: person("alice"),
    text: plainText(text),
    action: false,
    replyTo: null,
    ...more,
  };
}

export function outgoing(text: string, more: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return {
    kind: "message",
    prefix: plainText("<alice> "),
    text: plainText(text),
    action: false,
    replyTo: null,
    sender: null,
    ...more,
  };
}

export function delivery(id: number, content: Outgoing, more: Partial<Delivery> = {}): Delivery {
  return {
    id: id as DeliveryId,
    endpoint: endpoint("memory.b #b"),
    outgoing: content,
    source: null,
    gateway: "main",
    speaker: "alice",
    acceptedAtMs: 0,
    ...more,
  };
}

export function part(wire: string): Part {
  return { kind: "message", wire: wire as WireText, target: null, speaker: null };
}

export function shipment(id: number, wires: readonly string[], confirmed = 0): Shipment {
  return {
    id: id as ShipmentId,
    endpoint: endpoint("memory.b #b"),
    deliveries: [delivery(id, outgoing(wires.join(" ")))],
    parts: wires.map(part),
    announces: null,
    confirmed,
    refused: 0,
    doubtful: true,
  };
}

export function settings(more: Partial<AccountSettings> = {}): AccountSettings {
  return {
    label: "",
    ignoreNicks: [],
    ignoreMessages: [],
    replaceMessages: [],
    replaceNicks: [],
    extractNicks: [],
    noSendJoinPart: false,
    remoteNickFormat: "<{NICK}> ",
    stripNick: false,
    colorNicks: false,
    editSuffix: "",
    editDisable: false,
    showDeletes: true,
    showReactions: true,
    showReplies: true,
    showJoinPart: false,
    showJoinPartFor: "everybody",
    verboseJoinPart: false,
    showQuit: false,
    showNickChange: false,
    showTopicChange: false,
    syncTopic: false,
    ...more,
  };
}

export function place(
  account: string,
  channel: string,
  direction: GatewayEndpoint["direction"] = "inout",
): GatewayEndpoint {
  return {
    account: accountId(account),
    channel: channelId(channel),
    written: channel,
    direction,
    key: null,
  };
}
