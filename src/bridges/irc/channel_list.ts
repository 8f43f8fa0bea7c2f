import type { ChannelPlan } from "../../relay/bridge.ts";
import type { ChannelId } from "../../relay/ids.ts";
import { type Channel, newChannel } from "./channel.ts";

/** The channels of one connection, by id and by the names that servers write. */
export class ChannelList {
  readonly #fold: (name: string) => string;
  readonly #byId = new Map<ChannelId, Channel>();
  readonly #byName = new Map<string, Channel>();

  constructor(plans: readonly ChannelPlan[], fold: (name: string) => string) {
    this.#fold = fold;
    for (const plan of plans) this.add(plan);
  }

  get all(): readonly Channel[] {
    return [...this.#byId.values()];
  }

  byId(id: ChannelId): Channel | undefined {
    return this.#byId.get(id);
  }

  byName(name: string): Channel | undefined {
    return this.#byName.get(this.#fold(name));
  }

  /** Null when it was there. */
  add(plan: ChannelPlan): Channel | null {
    if (this.#byId.has(plan.channel)) return null;
    const channel = newChannel(plan);
    this.#byId.set(plan.channel, channel);
    this.#byName.set(this.#fold(channel.name), channel);
    return channel;
  }

  remove(channel: Channel): void {
    this.#byId.delete(channel.plan.channel);
    this.#byName.delete(this.#fold(channel.name));
  }
}
