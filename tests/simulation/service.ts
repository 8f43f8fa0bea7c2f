import type {
  History,
  HistoryMessage,
  Part,
  Receipt,
  WireText,
} from "../../src/relay/port/bridge.ts";
import type { ChatEvent, MessageEvent, Person, ReplyRef } from "../../src/relay/port/event.ts";
import {
  type AccountId,
  type ChannelId,
  type EndpointId,
  endpointId,
  type MessageId,
} from "../../src/relay/port/ids.ts";
import type { Habits } from "./habits.ts";
import { numbered, readPieces } from "./hidden.ts";
import type { Ledger, Said, Shown } from "./ledger.ts";
import { chanceOf } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** What stands in a channel. */
export interface Entry {
  readonly id: MessageId | null;
  /** By the service's clock. */
  readonly atMs: number;
  readonly visibleMs: number;
  readonly said: Said | null;
  readonly event: MessageEvent | null;
  readonly shown: Shown | null;
  readonly wire: string;
}

/** What can befall a connection of the relay. */
export interface Cable {
  isUp(channel: ChannelId): boolean;
  cut(): void;
  /** Nothing passes for a while; then it goes on, or the link turns out to be dead. */
  stall(forMs: number, dies: boolean): void;
  kick(channel: ChannelId): void;
  /** The service says again that we enter a channel that we are in. */
  enterAgain(channel: ChannelId): void;
}

/** One connection of the relay, as the service sees it. */
export interface ServiceLink {
  readonly process: number;
  readonly entered: Set<ChannelId>;
  /** Hands something to the relay's end, behind all that was handed over before. */
  tell(act: () => void): void;
  /** The service ends the link. */
  end(reason: string): void;
}

/** What the service does to all that comes, for a while. */
export type Mood =
  | "well"
  /** It takes what comes, shows it, and answers nothing. */
  | "mute"
  /** What comes is lost, and nothing answers. */
  | "deaf"
  /** Everything is answered with an error that says nothing. */
  | "failing";

export interface ServiceOptions {
  readonly account: AccountId;
  readonly seed: number;
  readonly habits: Habits;
  readonly channels: readonly ChannelId[];
  readonly timeline: Timeline;
  readonly ledger: Ledger;
  readonly epochMs: number;
}

export type Answer = Receipt | "silence";

/** Takes an event as its link has it, and says when the relay has heard it. */
export type Reader = (event: ChatEvent, heard: () => void) => void;

/** A service that outlives every relay: its channels, its people, and how it treats what we send. */
export class Service {
  readonly account: AccountId;
  readonly habits: Habits;
  readonly channels: readonly ChannelId[];
  /** Nobody gets in. */
  down = false;
  mood: Mood = "well";
  slowMs = 0;
  /** Its clock was set. */
  jumped = false;
  /** Channels of whose history only a part could be read. */
  readonly wasCut = new Set<string>();
  /** For a while it did not answer. */
  wasSilent = false;
  /** Nothing but their time tells what it plays back from what is said now. */
  readonly tellsByTime: boolean = false;
  readonly speaksIrc: boolean = false;
  /** What nobody reads there in time is refused. */
  readonly mayLeaveUnread: boolean = false;
  /** Whoever reads there asks again from where it left off, and gets all that was kept. */
  get resumes(): boolean {
    return false;
  }
  /** Enters are refused for so long: thrown out. */
  readonly banned = new Set<ChannelId>();
  readonly links = new Set<ServiceLink>();
  protected readonly options: ServiceOptions;
  readonly #logs = new Map<ChannelId, Entry[]>();
  #jumpMs = 0;
  #nextId = 1;

  constructor(options: ServiceOptions) {
    this.options = options;
    this.account = options.account;
    this.habits = options.habits;
    this.channels = options.channels;
    for (const channel of options.channels) this.#logs.set(channel, []);
  }

  /** The service's own clock. */
  clockMs(): number {
    const { timeline, epochMs, habits } = this.options;
    const ms = epochMs + timeline.nowMs + habits.skewMs + this.#jumpMs;
    return habits.times === "seconds" ? Math.floor(ms / 1000) * 1000 : Math.floor(ms);
  }

  jumpClock(byMs: number): void {
    this.#jumpMs += byMs;
    this.jumped = true;
  }

  /** Everything that was said is forgotten. */
  forget(): void {
    for (const channel of this.channels) {
      for (const { said } of this.log(channel)) if (said !== null) said.forgotten = true;
      this.#logs.set(channel, []);
    }
  }

  latencyMs(): number {
    return this.habits.latencyMs + this.slowMs;
  }

  say(
    channel: ChannelId,
    person: Person,
    said: Said,
    text: string,
    replyTo: number | null,
  ): void {
    const { timeline, seed, ledger } = this.options;
    const { habits } = this;
    // What stands there when the relay comes for the first time is seldom from the future, and then it matters most.
    const often = timeline.nowMs === 0 ? 10 : 1;
    const ahead = chanceOf(seed, "future", said.number) < habits.future * often
      ? 40 * 86_400_000
      : 0;
    const id = habits.ids ? this.#newId() : null;
    const event: MessageEvent = {
      kind: "message",
      channel,
      id,
      atMs: this.clockMs() + ahead,
      late: false,
      sender: person,
      text: numbered(text, said.number),
      action: false,
      replyTo: replyTo === null ? null : this.#replyRef(channel, replyTo),
    };
    ledger.trace(`${endpointId(this.account, channel)} ${person.nick} says #${said.number}`);
    const visibleMs = timeline.nowMs + habits.lagMs;
    this.#add(channel, { id, atMs: event.atMs, visibleMs, said, event, shown: null, wire: "" });
    this.#report(channel, event, said);
    if (chanceOf(seed, "twice", said.number) < habits.duplicate) this.#report(channel, event, said);
  }

  #replyRef(channel: ChannelId, number: number): ReplyRef {
    const entry = this.entryOf(channel, number);
    return { id: entry?.id ?? null, nick: "somebody", excerpt: null };
  }

  /** Follow-ups of a message that has an id: edits, deletions, reactions. */
  tellAll(channel: ChannelId, event: ChatEvent, heard: () => void): void {
    for (const link of this.links) {
      if (link.entered.has(channel)) link.tell(() => this.#hand(link, event, heard));
    }
  }

  entryOf(channel: ChannelId, number: number): Entry | null {
    return this.log(channel).find((entry) => entry.said?.number === number) ?? null;
  }

  takeBack(channel: ChannelId, number: number): void {
    this.#logs.set(channel, this.log(channel).filter((entry) => entry.said?.number !== number));
  }

  /** The bridge's reader; the service only knows that it was told. */
  readonly readers = new Map<ServiceLink, Reader>();

  #hand(link: ServiceLink, event: ChatEvent, heard: () => void): void {
    const read = this.readers.get(link);
    read?.(event, heard);
  }

  #report(channel: ChannelId, event: MessageEvent, said: Said): void {
    const { timeline } = this.options;
    this.tellAll(channel, event, () => said.heardMs ??= timeline.nowMs);
  }

  /** What a channel shows to whoever enters it now. `since` null: as much as there is to read. */
  history(
    channel: ChannelId,
    since: { readonly id: MessageId | null; readonly atMs: number } | null,
  ): { readonly history: History | null; readonly read: () => void } {
    const { timeline } = this.options;
    const { habits } = this;
    if (habits.history === "none") return { history: null, read: () => {} };
    const kept = habits.history === "bounded"
      ? this.log(channel).slice(-habits.keeps)
      : this.log(channel);
    const visible = kept.filter((entry) => entry.visibleMs <= timeline.nowMs);
    // A history without ids can't be asked for by one.
    const sinceIt = since === null || habits.historyIds ? since : { ...since, id: null };
    const wanted = habits.history === "bounded" ? visible : from(visible, sinceIt);
    const fetched = wanted.slice(-habits.fetchLimit);
    const cut = fetched.length < wanted.length ||
      (habits.history === "bounded" && kept.length < this.log(channel).length);
    if (cut) this.wasCut.add(channel);
    const isRead = new Set(fetched);
    const hidden = habits.history === "bounded" ? this.log(channel) : wanted;
    const read = () => {
      for (const { said } of hidden.filter((entry) => !isRead.has(entry))) {
        if (said !== null) said.cut = true;
      }
      for (const entry of fetched) {
        entry.said?.readMs.push(timeline.nowMs);
        // Without ids a line is told by its place alone, and a history that is cut tells no places.
        const isTold = !cut || (habits.historyIds && habits.echo !== "none");
        if (entry.shown !== null && habits.echo !== "rewritten" && isTold) {
          entry.shown.readMs.push(timeline.nowMs);
        }
      }
    };
    const messages = fetched.map((entry) => this.#historyMessage(entry));
    return { history: { messages, complete: !cut }, read };
  }

  #historyMessage(entry: Entry): HistoryMessage {
    const id = this.habits.historyIds ? entry.id : null;
    if (entry.event !== null) return { own: false, event: { ...entry.event, id } };
    return { own: true, wire: entry.wire as WireText, id, atMs: entry.atMs };
  }

  /** A part of ours never came in, or was not looked at. */
  lose(
    channel: ChannelId,
    part: { readonly wire: string; readonly speaker: string | null },
    sentMs: number,
  ): void {
    const { ledger } = this.options;
    const endpoint = endpointId(this.account, channel);
    const numbers = readPieces(part.speaker).map(({ number }) => number);
    ledger.lostOnWay.push({ endpoint, numbers, sentMs });
    ledger.unseenLine(endpoint, numbers, part.wire);
  }

  /** A part of ours has come in. `answer` is told what becomes of it, or never called. */
  take(
    channel: ChannelId,
    part: Part,
    link: ServiceLink,
    sentMs: number,
    answer: (receipt: Receipt, shown: Shown | null) => void,
  ): void {
    const { timeline, ledger } = this.options;
    const endpoint = endpointId(this.account, channel);
    const numbers = readPieces(part.speaker).map(({ number }) => number);
    const lost = () => this.lose(channel, part, sentMs);
    if (!link.entered.has(channel)) {
      lost();
      return link.tell(() => answer({ outcome: "unsent", reason: "not in the channel" }, null));
    }
    if (this.mood === "deaf") return void lost();
    if (this.mood === "failing") {
      lost();
      const reason = "internal error";
      return link.tell(() => answer({ outcome: "unknown", reason }, null));
    }
    const fate = this.fate(endpoint, part.speaker ?? part.wire);
    ledger.trace(`${endpoint} takes ${part.kind} [${part.speaker ?? ""}] ${fate}`);
    if (fate === "reject") {
      this.refuse(endpoint, numbers, part.wire);
      const refuse = () =>
        link.tell(() => answer({ outcome: "rejected", reason: "not allowed" }, null));
      timeline.after(this.habits.rejectMs, refuse);
      return;
    }
    if (part.kind === "deletion") this.deleteOwn(channel, part.target);
    if (part.kind !== "message") {
      if (this.mood === "mute") return;
      return link.tell(() => answer({ outcome: "confirmed", id: null }, null));
    }
    if (fate === "swallow") this.refuse(endpoint, numbers, part.wire);
    const shown = this.show(channel, part, sentMs, fate === "show");
    if (this.mood === "mute") return;
    this.#confirm(link, shown, fate === "show", answer);
  }

  protected refuse(endpoint: EndpointId, numbers: readonly number[], text: string): void {
    const { ledger } = this.options;
    for (const number of numbers) ledger.refused.add(`${endpoint} ${number}`);
    ledger.unseenLine(endpoint, numbers, text);
  }

  #confirm(
    link: ServiceLink,
    { shown, id }: { readonly shown: Shown; readonly id: MessageId | null },
    isShown: boolean,
    answer: (receipt: Receipt, shown: Shown | null) => void,
  ): void {
    const { timeline } = this.options;
    const { echo } = this.habits;
    if (!isShown && echo !== "none") {
      // Whoever waits for echoes learns that this one never comes from those that do.
      const reason = "the service did not show it";
      timeline.after(10_000, () => link.tell(() => answer({ outcome: "rejected", reason }, null)));
      return;
    }
    const waitMs = echo === "late" ? 1_000 + 8_000 * this.#chance("late", shown) : 0;
    const receipt: Receipt = { outcome: "confirmed", id: echo === "none" ? null : id };
    timeline.after(waitMs, () => link.tell(() => answer(receipt, shown)));
  }

  #chance(what: string, shown: Shown): number {
    return chanceOf(this.options.seed, what, shown.endpoint, shown.takenMs);
  }

  /** The same message fares alike each time it comes. */
  protected fate(endpoint: string, what: string): "show" | "swallow" | "reject" {
    const { seed } = this.options;
    const { reject, swallow } = this.habits;
    if (chanceOf(seed, "reject", endpoint, what) < reject) return "reject";
    return chanceOf(seed, "swallow", endpoint, what) < swallow ? "swallow" : "show";
  }

  protected show(
    channel: ChannelId,
    part: { readonly wire: string; readonly speaker: string | null },
    sentMs: number,
    isShown: boolean,
  ): { readonly shown: Shown; readonly id: MessageId | null } {
    const { timeline, ledger } = this.options;
    const { habits } = this;
    const shown: Shown = {
      endpoint: endpointId(this.account, channel),
      pieces: readPieces(part.speaker),
      text: part.wire,
      sentMs,
      takenMs: timeline.nowMs,
      shownMs: isShown ? timeline.nowMs + habits.showMs : null,
      confirmedMs: null,
      readMs: [],
      deletedMs: null,
    };
    ledger.shown.push(shown);
    const id = habits.ids ? this.#newId() : null;
    if (!isShown) return { shown, id: null };
    const wire = habits.echo === "rewritten" ? `${part.wire.slice(0, 8)}*` : part.wire;
    const visibleMs = timeline.nowMs + Math.max(habits.lagMs, habits.showMs);
    const entry = { id, atMs: this.clockMs(), visibleMs, said: null, event: null, shown, wire };
    this.#add(channel, entry);
    return { shown, id };
  }

  protected deleteOwn(channel: ChannelId, target: MessageId | null): void {
    const entry = this.log(channel).find((entry) => entry.id === target && entry.shown !== null);
    if (entry?.shown) entry.shown.deletedMs ??= this.options.timeline.nowMs;
    this.#logs.set(channel, this.log(channel).filter((other) => other !== entry));
  }

  protected log(channel: ChannelId): Entry[] {
    return this.#logs.get(channel) ?? [];
  }

  #add(channel: ChannelId, entry: Entry): void {
    this.log(channel).push(entry);
  }

  #newId(): MessageId {
    return `m${this.#nextId++}` as MessageId;
  }
}

/** What stands behind the cursor: by its id where that is known, else by its time. */
function from(
  log: readonly Entry[],
  since: { readonly id: MessageId | null; readonly atMs: number } | null,
): readonly Entry[] {
  if (since === null) return log;
  const byId = since.id === null ? -1 : log.findIndex((entry) => entry.id === since.id);
  if (byId !== -1) return log.slice(Math.max(0, byId));
  const byTime = log.findIndex((entry) => entry.atMs >= since.atMs);
  return byTime === -1 ? [] : log.slice(byTime);
}
