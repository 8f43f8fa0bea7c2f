import type { Cancel } from "../../../base/timers.ts";
import type { Receipt } from "../../../relay/port/bridge.ts";
import type { ChannelId } from "../../../relay/port/ids.ts";
import { textOf } from "../../../relay/port/rich_text.ts";
import type { ChannelList } from "../channels/channel_list.ts";
import type { Link } from "../link/link.ts";
import { hasFormatting, readMirc } from "../text/formatting.ts";
import { type Flight, Flights, type Shown, type Strange } from "./flights.ts";

/** What follows from a refusal. */
export type Verdict =
  /** For good: the message ends. */
  | "good"
  /** It passes by itself: the same again, later. */
  | "wait"
  /** Formatting is not allowed there. */
  | "plain"
  /** RELAYMSG is not allowed there, or not with this name. */
  | "relay"
  | "name"
  /** The message has more lines, or longer ones, than the server takes at once. */
  | "single"
  /** We are not in the channel any more. */
  | "outside"
  /** The bouncer has no connection. */
  | "away";

export interface Refusal {
  readonly verdict: Verdict;
  readonly reason: string;
}

const MOST_STRANGE = 100;
/** So many lines are remembered that ended without having been shown. */
const MOST_GIVEN_UP = 50;

/** What a confirmation asks of the sender. */
interface ConfirmationParts {
  /** A line is settled: the next one may leave. */
  readonly next: () => void;
  /** A question that the network must answer costs as much as a line. */
  readonly spend: () => void;
  readonly refuseRelay: (channel: ChannelId) => void;
}

/**
 * What became of the lines that left: each ends with what the server showed, its echo or a refusal, or, from a server that
 * echoes nothing, with the answer to a question behind it. Where a bouncer stands between, only what the network itself
 * says counts.
 */
export class Confirmation {
  readonly #link: Link;
  readonly #channels: ChannelList;
  readonly #parts: ConfirmationParts;
  readonly #flights = new Flights();
  /** Lines that this link was the first not to show. */
  readonly #silentHere = new Set<string>();
  /** Their echoes may come all the same: late, or because a refusal without a label meant another line. */
  #givenUp: readonly Flight[] = [];
  #ended = false;
  #watch: Cancel | null = null;

  constructor(link: Link, channels: ChannelList, parts: ConfirmationParts) {
    this.#link = link;
    this.#channels = channels;
    this.#parts = parts;
  }

  /** True while a line is under way. */
  get isOpen(): boolean {
    return this.#flights.size > 0;
  }

  /** A line leaves. */
  add(flight: Flight): void {
    this.#flights.add(flight);
  }

  /** The line to this channel, where there is only one, is taken back: the server threw it away. */
  retract(channel: ChannelId): Flight | null {
    const flight = this.#flights.only(channel);
    return flight !== null && this.#flights.retract(flight) ? flight : null;
  }

  /** Nothing leaves any more; what has left may still be confirmed. */
  stop(): void {
    this.#ended = true;
    this.#watch?.();
  }

  /** The link has ended, or the network behind the bouncer is gone: nobody knows what became of what was under way. */
  end(reason: string): void {
    this.#flights.end(reason);
  }

  /** The core takes up again all that is not settled by now. */
  void(channel: ChannelId, reason: string): void {
    for (const flight of this.#flights.of(channel)) {
      this.#giveUp(flight, { outcome: "unknown", reason });
    }
  }

  /** The bouncer threw a line away. */
  thrownAway(channel: ChannelId, reason: string): void {
    const flight = this.#flights.of(channel)[0];
    if (flight !== undefined) this.#flights.settle(flight, { outcome: "unsent", reason });
  }

  /** A line under our own nick came. `label` null: to be found by its text. */
  echoed(channel: ChannelId, text: string, label: string | null, line: Strange): void {
    const flight = label === null ? this.#echoOf(channel, text) : this.#flights.labelled(label);
    if (flight !== null) return this.#shown(flight, line);
    if (this.#wasGivenUp(channel, text)) return;
    // Labels leave no doubt; else the only line that is under way may have come back with other words.
    const [suspect] = this.isLabelled ? [] : this.#flights.messagesOf(channel);
    if (suspect === undefined) line.otherwise();
    else if (this.#relaysOwnLines) this.#suspected(suspect, line);
    else this.#shown(suspect, line);
  }

  #echoOf(channel: ChannelId, text: string): Flight | null {
    const here = this.#flights.messagesOf(channel);
    return here.find((flight) => flight.text === text) ??
      here.find((flight) => sameWords(flight.text, text)) ?? null;
  }

  #giveUp(flight: Flight, receipt: Receipt): void {
    this.#givenUp = [...this.#givenUp, flight].slice(-MOST_GIVEN_UP);
    this.#flights.settle(flight, receipt);
  }

  /** Shown after all, it is no other line's echo, nor another client's. */
  #wasGivenUp(channel: ChannelId, text: string): boolean {
    const isIt = (flight: Flight) => flight.channel === channel && sameWords(flight.text, text);
    const flight = this.#givenUp.find(isIt);
    this.#givenUp = this.#givenUp.filter((other) => other !== flight);
    return flight !== undefined;
  }

  /** Whether it was the echo is known when the server has answered behind it. */
  #suspected(flight: Flight, line: Strange): void {
    if (flight.strange.length >= MOST_STRANGE) return line.otherwise();
    flight.strange.push(line);
    this.watch();
  }

  #shown(flight: Flight, shown: Shown): void {
    // A bouncer echoes by itself; an id is given by the network alone.
    if (this.#link.bouncer.present && shown.id === null) {
      flight.echo ??= shown;
      return this.watch();
    }
    this.#confirm(flight, shown);
  }

  /** Our own topic is shown. */
  topicShown(channel: ChannelId, label: string | null): void {
    const flight = label === null ? this.#flights.topicOf(channel) : this.#flights.labelled(label);
    if (flight !== null) this.#confirm(flight, null);
  }

  /** The server took a labelled command and has nothing to show for it. */
  acknowledged(label: string): void {
    const flight = this.#flights.labelled(label);
    if (flight === null) return;
    if (flight.part.kind === "message" && this.#link.has("echo-message")) {
      const reason = "the server took it and shows it to nobody";
      this.#flights.settle(flight, { outcome: "rejected", reason });
      this.#parts.next();
    } else this.#confirm(flight, null);
  }

  /** The server refused a line. True when it was one of ours. */
  refused(channel: ChannelId | null, label: string | null, refusal: Refusal): boolean {
    const flight = label === null ? this.#flights.only(channel) : this.#flights.labelled(label);
    if (flight === null) return false;
    const { verdict, reason } = refusal;
    if (verdict === "outside" || verdict === "away" || !this.#isIn(flight.channel)) {
      // It was refused for where we are, and nobody has seen it.
      this.#flights.settle(flight, { outcome: "unsent", reason });
    } else if (isFinal(flight, verdict)) {
      this.#giveUp(flight, { outcome: "rejected", reason });
    } else this.#refusedForNow(flight, verdict);
    this.#parts.next();
    return true;
  }

  #isIn(channel: ChannelId): boolean {
    const state = this.#channels.byId(channel)?.state;
    return state === "up" || state === "entering";
  }

  #refusedForNow(flight: Flight, verdict: Verdict): void {
    if (!this.#flights.retract(flight)) return;
    switch (verdict) {
      case "plain":
        return flight.again({ plain: true });
      case "good":
      case "relay":
        this.#parts.refuseRelay(flight.channel);
        return flight.again({ name: "ours" });
      case "single":
        return flight.again({ single: true });
      case "name":
        return flight.again({ name: "repaired" });
      default:
        return flight.again({ waitMs: this.#link.settings.limits.refusedMs });
    }
  }

  /** The server has worked off all our lines, in order, up to our goodbye. */
  workedOff(): void {
    if (!this.#link.bouncer.present && !this.#echoes) this.#flights.confirmAll();
  }

  #confirm(flight: Flight, shown: Shown | null): void {
    this.#flights.confirm(flight, shown);
    this.#parts.next();
  }

  /** A puppet's lines are seen, and confirmed, by the main connection. */
  get #echoes(): boolean {
    return this.#link.has("echo-message") || this.#link.settings.puppet !== null;
  }

  get #relaysOwnLines(): boolean {
    return this.#link.settings.relayOwnLines ?? this.#link.bouncer.present;
  }

  /** A bouncer's answers are not the network's, whatever label they bear. */
  get isLabelled(): boolean {
    const link = this.#link;
    return link.has("labeled-response") && link.has("batch") && !link.bouncer.present;
  }

  /** True when something will come that tells of the line, so that there is no need to ask. */
  #isAnswered(flight: Flight): boolean {
    if (flight.echo !== null || flight.strange.length > 0) return false;
    return flight.label !== null || (this.#echoes && flight.part.kind === "message");
  }

  /** Asks behind lines that nothing else will tell of, and behind those that were not answered in time. */
  watch(): void {
    const oldest = this.#flights.oldestUnfenced;
    if (oldest === null || this.#ended) return;
    if (!this.#isAnswered(oldest)) return this.#fence();
    this.#watchFor(this.#link.settings.limits.echoMs);
  }

  #fence(): void {
    const behind = this.#flights.takeUnfenced();
    if (this.#link.bouncer.present) this.#parts.spend();
    this.#link.through.after(
      (atMs) => behind.forEach((flight) => this.#workedOff(flight, atMs)),
      () => behind.forEach((flight) => this.#unanswered(flight)),
    );
  }

  /** The network has handled the line, and did not refuse it. */
  #workedOff(flight: Flight, atMs: number | null): void {
    if (!this.#flights.has(flight)) return;
    const [altered, ...others] = flight.echo === null ? flight.strange : [null, ...flight.strange];
    const shown = flight.echo ?? altered ?? null;
    if (shown === null && this.#echoes && flight.part.kind === "message") this.#notShown(flight);
    else this.#confirm(flight, shown ?? { id: null, atMs });
    for (const line of others) line?.otherwise();
  }

  /** Nothing tells what became of it: on one link that may be an accident, on two it is none. */
  #notShown(flight: Flight): void {
    const key = `${flight.channel} ${flight.text}`;
    if (this.#link.memory.silent.add(key)) this.#silentHere.add(key);
    const isFirst = this.#silentHere.has(key);
    const receipt: Receipt = isFirst || this.#link.bouncer.present
      ? { outcome: "unknown", reason: "the server did not show it" }
      : { outcome: "rejected", reason: "the server takes it and shows it to nobody" };
    this.#giveUp(flight, receipt);
    this.#parts.next();
  }

  #unanswered(flight: Flight): void {
    this.#giveUp(flight, { outcome: "unknown", reason: "the network does not answer" });
  }

  /** Sets a fence once the oldest line has waited this long for its confirmation. */
  #watchFor(patienceMs: number): void {
    if (this.#watch !== null) return;
    this.#watch = this.#link.timers.after(patienceMs, () => {
      this.#watch = null;
      const oldest = this.#flights.oldestUnfenced;
      const nowMs = this.#link.clock.monotonic();
      if (oldest !== null && nowMs - oldest.sentAtMs >= patienceMs) this.#fence();
      this.watch();
    });
  }
}

/** The same but for formatting and spaces, which servers take away. */
function sameWords(one: string, other: string): boolean {
  const words = (text: string) => textOf(readMirc(text)).replace(/\s+/g, " ").trim();
  return words(one) === words(other);
}

/** A RELAYMSG that is refused is said under our own nick: what comes of that decides. */
function isFinal(flight: Flight, verdict: Verdict): boolean {
  if (verdict === "single") return !flight.text.includes("\n");
  if (verdict === "plain") return !hasFormatting(flight.text);
  if (verdict === "relay" || verdict === "name") return flight.speaker === null;
  return verdict === "good" && flight.speaker === null;
}
