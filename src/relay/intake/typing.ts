import type { Clock } from "../../base/clock.ts";
import type { Person } from "../port/event.ts";
import { type AccountId, type ChannelId, type EndpointId, endpointId } from "../port/ids.ts";
import { isIgnored } from "./filter.ts";
import type { RelayAccount } from "./intake.ts";
import type { Routing } from "./routing.ts";

interface TypingOptions {
  readonly accounts: ReadonlyMap<AccountId, RelayAccount>;
  readonly routing: Routing;
  readonly clock: Clock;
}

/** Who is told to type is thought to go on for this long: clients forget it by themselves. */
const LASTS_MS = 6_000;
/** It is shown again no sooner. */
const EVERY_MS = 3_000;

/** Passes on that somebody is typing: at once, to those who are there, kept nowhere. */
export class Typing {
  readonly #options: TypingOptions;
  /** For each destination who types elsewhere, and until when. */
  readonly #people = new Map<EndpointId, Map<string, number>>();
  /** When it was last shown there that somebody types. */
  readonly #shownMs = new Map<EndpointId, number>();

  constructor(options: TypingOptions) {
    this.#options = options;
  }

  /** Whether anybody wants to know who types in this channel. */
  isWanted(account: AccountId, channel: ChannelId): boolean {
    return this.#receivers(endpointId(account, channel)).length > 0;
  }

  told(account: AccountId, channel: ChannelId, who: Person, active: boolean): void {
    const origin = endpointId(account, channel);
    const from = this.#options.accounts.get(account);
    if (from === undefined || isIgnored(from.settings, who.nick)) return;
    for (const { bridge, place, destination } of this.#receivers(origin)) {
      const others = this.#typists(destination, `${origin} ${who.id}`, active);
      if (this.#isDue(destination, active, others)) bridge.typing?.(place, active);
    }
  }

  #isDue(destination: EndpointId, active: boolean, others: number): boolean {
    const nowMs = this.#options.clock.monotonic();
    const agoMs = nowMs - (this.#shownMs.get(destination) ?? -Infinity);
    const isDue = active ? agoMs >= EVERY_MS : others === 0 && agoMs < LASTS_MS;
    if (isDue) this.#shownMs.set(destination, active ? nowMs : -Infinity);
    return isDue;
  }

  #receivers(origin: EndpointId) {
    return this.#options.routing.from(origin).flatMap(({ to, destination }) => {
      const receiver = this.#options.accounts.get(to.account);
      if (receiver?.settings.showTyping !== true || receiver.bridge.typing === undefined) return [];
      return [{ bridge: receiver.bridge, place: to.channel, destination }];
    });
  }

  /** How many type, now that this person does or does not. */
  #typists(destination: EndpointId, person: string, active: boolean): number {
    const nowMs = this.#options.clock.monotonic();
    const people = this.#people.get(destination) ?? new Map<string, number>();
    this.#people.set(destination, people);
    people.delete(person);
    for (const [other, untilMs] of people) if (untilMs <= nowMs) people.delete(other);
    if (active) people.set(person, nowMs + LASTS_MS);
    return people.size;
  }
}
