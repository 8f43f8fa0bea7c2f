import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { isBlank } from "../../base/text.ts";
import { type Bridge, ownLine } from "../port/bridge.ts";
import type {
  ChatEvent,
  DeletionEvent,
  EditEvent,
  MessageEvent,
  Person,
  ReactionEvent,
} from "../port/event.ts";
import { type AccountId, type EndpointId, endpointId, type MessageId } from "../port/ids.ts";
import { openText, textOf } from "../port/rich_text.ts";
import type { AccountSettings, Route } from "../port/settings.ts";
import type {
  Acceptance,
  Delivery,
  DeliveryId,
  NewDelivery,
  RelayStore,
  SourceRef,
} from "../port/store.ts";
import {
  composeEdit,
  composeLine,
  composeMessage,
  type Composition,
  type Reference,
} from "./compose.ts";
import { ServiceClocks } from "./catch_up.ts";
import { ignoreReason, isWanted, rewrite } from "./filter.ts";
import { numberedNick } from "./nick.ts";
import {
  LATELY_MS,
  type LoopGuard,
  Reactions,
  type RecentMessages,
  type RecentSpeakers,
} from "./recent.ts";
import type { Routing } from "./routing.ts";

export interface RelayAccount {
  readonly bridge: Bridge;
  readonly settings: AccountSettings;
}

interface IntakeOptions {
  readonly accounts: ReadonlyMap<AccountId, RelayAccount>;
  readonly routing: Routing;
  readonly store: RelayStore;
  readonly recent: RecentMessages;
  readonly speakers: RecentSpeakers;
  readonly loops: LoopGuard;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What follows from an event, and the event; null for what the relay itself says. */
export interface Taken {
  readonly acceptance: Acceptance;
  readonly event: ChatEvent | null;
  /** What should have followed from it, but for a fault of the program. */
  readonly lost?: { readonly deliveries: readonly Delivery[]; readonly words: string };
}

/** Turns events into what must be stored of them: which deliveries follow, and how far the cursor moves. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly clocks = new ServiceClocks();
  readonly #reactions = new Reactions();

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /**
   * What follows from an event of this account. Stores nothing. An event that can't be handled is taken over all the same,
   * so that it does not come again, and its message is lost.
   */
  taken(account: AccountId, event: ChatEvent): Taken {
    try {
      return { acceptance: this.#acceptanceOf(account, event), event };
    } catch (error) {
      const fault = describeError(error);
      this.#options.log.error("an event could not be relayed: {error}", { account, error: fault });
      const origin = endpointId(account, event.channel);
      const base = { origin, deliveries: [], live: !event.late };
      if (event.kind !== "message") {
        return { acceptance: { ...base, messageId: null, cursorAtMs: null }, event };
      }
      const lost = this.#lost(origin, event);
      const lostFor = lost.map(({ endpoint }) => endpoint);
      const acceptance = { ...base, messageId: event.id, cursorAtMs: event.atMs, lostFor };
      return { acceptance, event, lost: { deliveries: lost, words: fault } };
    }
  }

  #lost(origin: EndpointId, { id }: MessageEvent): Delivery[] {
    return this.#options.routing.from(origin).map((route) => ({
      ...followUp(route, ownLine("")),
      source: id === null ? null : { endpoint: origin, id },
      id: 0 as DeliveryId,
      acceptedAtMs: this.#options.clock.now(),
    }));
  }

  #acceptanceOf(account: AccountId, event: ChatEvent): Acceptance {
    const origin = endpointId(account, event.channel);
    const base = { origin, messageId: event.reportId ?? null, cursorAtMs: null };
    const from = this.#options.accounts.get(account);
    if (from === undefined) return { ...base, deliveries: [] };
    switch (event.kind) {
      case "message":
        return {
          origin,
          messageId: event.id,
          cursorAtMs: this.clocks.cursorTime(origin, event, this.#options.clock.now()),
          saidAtMs: event.atMs,
          live: !event.late,
          deliveries: this.#message(origin, from, event),
        };
      case "edit":
        return { ...base, deliveries: this.#edit(origin, from, event) };
      case "deletion":
        return { ...base, deliveries: this.#deletion(origin, from, event) };
      default:
        return { ...base, deliveries: this.#line(origin, from, event) };
    }
  }

  #message(origin: EndpointId, from: RelayAccount, received: MessageEvent): NewDelivery[] {
    if (this.#isOurCopy(origin, received.id)) return [];
    const rewritten = rewrite(from.settings, received);
    if (ignoreReason(from.settings, received) !== null || isBlank(textOf(rewritten.text))) {
      return [];
    }
    const { sender, id } = rewritten;
    if (this.#isLoop(origin, received)) return [];
    this.#options.speakers.spoke(origin, sender, this.#options.clock.now(), id);
    const event = { ...rewritten, sender: this.#toldApart(origin, from, sender) };
    if (event.id !== null) {
      this.#options.recent.remember(origin, event.id, event.sender.nick, openText(event.text));
    }
    const repliedTo = event.replyTo?.id ?? null;
    return this.#options.routing.from(origin).map((route) => {
      const outgoing = composeMessage(
        this.#composition(route, from),
        event,
        repliedTo === null
          ? this.#addressed(route, textOf(event.text))
          : this.#reference(origin, repliedTo, route.destination),
      );
      this.#rememberLine(origin, textOf(outgoing.prefix), textOf(event.text));
      return {
        endpoint: route.destination,
        outgoing,
        source: event.id === null ? null : { endpoint: origin, id: event.id },
        gateway: route.gateway,
        speaker: `${event.late ? "~" : ""}${origin} ${event.sender.id}`,
      };
    });
  }

  #rememberLine(origin: EndpointId, prefix: string, text: string): void {
    const { loops, clock } = this.#options;
    loops.relayed(origin, prefix, text, clock.now());
  }

  /** Another relay between the same places would bring each message back for ever. */
  #isLoop(origin: EndpointId, { sender, text }: MessageEvent): boolean {
    const { loops, clock, log } = this.#options;
    const verdict = loops.judge(origin, sender.id, textOf(text), clock.now());
    if (verdict === "begins") {
      log.warn(
        "{nick} at {origin} repeats relayed messages: another relay seems to be running between the same places. Its " +
          "repeats are dropped. Stop one of the two, or add it to IgnoreNicks",
        { nick: sender.nick, origin },
      );
    }
    return verdict === "begins" || verdict === "goes-on";
  }

  /** A second person of the same name gets a small number behind it, as long as both take part. */
  #toldApart(origin: EndpointId, from: RelayAccount, person: Person): Person {
    if (from.bridge.capabilities.uniqueNicks === true) return person;
    const { clock, speakers } = this.#options;
    const before = speakers.namesakesBefore(origin, person, clock.now());
    return before === 0 ? person : { ...person, nick: numberedNick(person.nick, before) };
  }

  /** "Zoë: yes" answers what Zoë said last over there, where the service can show that; the text says it anyway. */
  #addressed(route: Route, text: string): Reference {
    const speaker = this.#options.speakers.addressed(route.destination, text);
    return speaker === null ? NOTHING : { id: speaker.messageId, message: null };
  }

  /** Under a new identity a service shows us our own copies as somebody else's: their ids tell. */
  #isOurCopy(origin: EndpointId, id: MessageId | null): boolean {
    return id !== null && this.#options.store.isOwn({ endpoint: origin, id });
  }

  #edit(origin: EndpointId, from: RelayAccount, received: EditEvent): NewDelivery[] {
    if (ignoreReason(from.settings, received) !== null) return [];
    const rewritten = rewrite(from.settings, received);
    const event = { ...rewritten, sender: this.#toldApart(origin, from, rewritten.sender) };
    this.#options.recent.remember(origin, event.id, event.sender.nick, openText(event.text));
    const edits = this.#followUps(
      origin,
      event.id,
      (route, reference) => composeEdit(this.#composition(route, from), event, reference),
    );
    // Behind the message that it changes, should that still wait.
    return edits.map((edit) => ({ ...edit, speaker: `~${origin} ${event.sender.id}` }));
  }

  /** Taken back where the service can do it, else told in a line. */
  #deletion(origin: EndpointId, from: RelayAccount, event: DeletionEvent): NewDelivery[] {
    const source = { endpoint: origin, id: event.id };
    return this.#copies(origin, source).flatMap(({ route, ids }) => {
      const { destination } = route;
      const isShared = ids.some((id) =>
        this.#options.store.isPacked({ endpoint: destination, id })
      );
      const { deletions } = this.#receiver(route).bridge.capabilities;
      if (deletions && ids.length > 0 && !isShared) {
        return ids.map((target) => followUp(route, { kind: "deletion", target }));
      }
      const reference = this.#reference(origin, event.id, route.destination);
      const line = composeLine(this.#composition(route, from), event, reference);
      return line === null ? [] : [followUp(route, line)];
    });
  }

  #line(
    origin: EndpointId,
    from: RelayAccount,
    event: Exclude<ChatEvent, MessageEvent | EditEvent | DeletionEvent>,
  ): NewDelivery[] {
    if (!isWanted(event, from.settings)) return [];
    if (event.kind === "reaction") return this.#reaction(origin, from, event);
    const isNobody = "who" in event && !this.#spokeLately(origin, event.who);
    return this.#options.routing.from(origin).flatMap((route) => {
      const { settings } = this.#receiver(route);
      if (isNobody && settings.showJoinPartFor === "speakers") return [];
      const topic = event.kind === "topic" && settings.syncTopic;
      const outgoing = topic
        ? { kind: "topic" as const, topic: event.topic }
        : composeLine(this.#composition(route, from), event, NOTHING);
      return outgoing === null ? [] : [followUp(route, outgoing)];
    });
  }

  /** A reaction where the service has such, else told in a line. */
  #reaction(origin: EndpointId, from: RelayAccount, event: ReactionEvent): NewDelivery[] {
    const shown = { ...event, sender: this.#toldApart(origin, from, event.sender) };
    return this.#followUps(origin, event.id, (route, { id: target, message }) => {
      const { bridge, settings } = this.#receiver(route);
      if (!settings.showReactions) return null;
      if (bridge.capabilities.reactions !== true || target === null) {
        return composeLine(this.#composition(route, from), shown, { id: target, message });
      }
      const { key, removed } = event;
      const subject = `${route.destination} ${target} ${key}`;
      return this.#reactions.changes(subject, `${origin} ${event.sender.id}`, removed)
        ? { kind: "reaction", target, key, removed }
        : null;
    });
  }

  #spokeLately(origin: EndpointId, who: Person): boolean {
    const speaker = this.#options.speakers.find(origin, who.id);
    return speaker !== null && this.#options.clock.now() - speaker.atMs <= LATELY_MS;
  }

  /** Lines about a message, only where that message was relayed. */
  #followUps(
    origin: EndpointId,
    about: MessageId,
    compose: (route: Route, reference: Reference) => NewDelivery["outgoing"] | null,
  ): NewDelivery[] {
    const source = this.#sourceOf(origin, about);
    return this.#copies(origin, source).flatMap(({ route }) => {
      const outgoing = compose(route, this.#reference(origin, about, route.destination));
      return outgoing === null ? [] : [followUp(route, outgoing)];
    });
  }

  /** Where a message stands beside `origin`: its copies with their ids, and its own place without. */
  #copies(
    origin: EndpointId,
    source: SourceRef,
  ): { readonly route: Route; readonly ids: readonly MessageId[] }[] {
    const { store, routing } = this.#options;
    const traces = store.traces(source);
    if (traces === null) return [];
    return routing.from(origin).flatMap((route) => {
      const copy = traces.find((trace) => trace.endpoint === route.destination);
      if (copy === undefined && source.endpoint !== route.destination) return [];
      return [{ route, ids: copy?.ids ?? [] }];
    });
  }

  /** A message may be known at its endpoint as a copy of ours: then the original is meant. */
  #sourceOf(endpoint: EndpointId, id: MessageId): SourceRef {
    return this.#options.store.sourceOf({ endpoint, id }) ?? { endpoint, id };
  }

  #reference(origin: EndpointId, id: MessageId, destination: EndpointId): Reference {
    const { store, recent } = this.#options;
    const source = this.#sourceOf(origin, id);
    const message = recent.find(source.endpoint, source.id);
    if (source.endpoint === destination) return { id: source.id, message };
    const trace = store.traces(source)?.find((trace) => trace.endpoint === destination);
    return { id: trace?.ids[0] ?? null, message };
  }

  #receiver(route: Route): RelayAccount {
    const to = this.#options.accounts.get(route.to.account);
    if (to === undefined) throw new Error(`Cannot deliver: no account ${route.to.account}`);
    return to;
  }

  #composition(route: Route, from: RelayAccount): Composition {
    const to = this.#receiver(route);
    return {
      route,
      receiver: to.settings,
      capabilities: to.bridge.capabilities,
      protocol: from.bridge.protocol,
      label: from.settings.label,
      nowMs: this.#options.clock.now(),
    };
  }
}

const NOTHING: Reference = { id: null, message: null };

function followUp(route: Route, outgoing: NewDelivery["outgoing"]): NewDelivery {
  return {
    endpoint: route.destination,
    outgoing,
    source: null,
    gateway: route.gateway,
    speaker: null,
  };
}
