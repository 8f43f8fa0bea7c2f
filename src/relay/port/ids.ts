import type { Brand } from "../../base/types.ts";

/** An account as the configuration names it: `protocol.name`. */
export type AccountId = Brand<string, "AccountId">;
/** A channel or room in the one spelling its bridge uses for it (see Bridge.channelId). */
export type ChannelId = Brand<string, "ChannelId">;
/** Account and channel together: where deliveries go and events come from. */
export type EndpointId = Brand<string, "EndpointId">;
/** A message as its service names it; unique within its endpoint. */
export type MessageId = Brand<string, "MessageId">;
/** A person as the service tells them apart: stable where the service has accounts. */
export type UserId = Brand<string, "UserId">;

/** The endpoint of a channel at an account. */
export function endpointId(account: AccountId, channel: ChannelId): EndpointId {
  return `${account} ${channel}` as EndpointId;
}
