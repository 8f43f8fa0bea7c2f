import type { AccountId, ChannelId, EndpointId } from "./ids.ts";

export type Replacement = readonly [pattern: RegExp, replacement: string];

/** What the configuration says of the events that come from an account. */
export interface SenderSettings {
  readonly label: string;
  /** Nothing of a person whose nick matches one of these is relayed. */
  readonly ignoreNicks: readonly RegExp[];
  readonly ignoreMessages: readonly RegExp[];
  readonly replaceMessages: readonly Replacement[];
  readonly replaceNicks: readonly Replacement[];
  /**
   * [nick, text]: where both match, the text's first group is the true nick. Its second group is the true text; without
   * one that is what the match leaves.
   */
  readonly extractNicks: readonly (readonly [nick: RegExp, text: RegExp])[];
  /** Nobody is told who comes and leaves here. */
  readonly noSendJoinPart: boolean;
}

/** What the configuration says of the deliveries that go to an account. */
export interface ReceiverSettings {
  readonly remoteNickFormat: string;
  readonly stripNick: boolean;
  readonly colorNicks: boolean;
  readonly editSuffix: string;
  readonly editDisable: boolean;
  readonly showDeletes: boolean;
  readonly showReactions: boolean;
  /** Shows that somebody is typing elsewhere. Omitted: it does not. */
  readonly showTyping?: boolean;
  readonly showReplies: boolean;
  readonly showJoinPart: boolean;
  /** Whose coming, going and renaming is told, where it is told at all. */
  readonly showJoinPartFor: "everybody" | "speakers";
  readonly verboseJoinPart: boolean;
  readonly showQuit: boolean;
  readonly showNickChange: boolean;
  readonly showTopicChange: boolean;
  readonly syncTopic: boolean;
}

export type AccountSettings = SenderSettings & ReceiverSettings;

/** One place of a gateway. */
export interface GatewayEndpoint {
  readonly account: AccountId;
  readonly channel: ChannelId;
  /** As written in the configuration: for people and for the {CHANNEL} placeholder. */
  readonly written: string;
  readonly direction: "in" | "out" | "inout";
  readonly key: string | null;
}

/** A named set of endpoints that share their messages. */
export interface Gateway {
  readonly name: string;
  readonly endpoints: readonly GatewayEndpoint[];
}

/** A way from one endpoint to another, through a gateway. */
export interface Route {
  readonly gateway: string;
  readonly from: GatewayEndpoint;
  readonly to: GatewayEndpoint;
  readonly destination: EndpointId;
}
