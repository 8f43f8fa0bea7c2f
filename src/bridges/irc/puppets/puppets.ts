import type { ChannelPlan, Part, Receipt, WireText } from "../../../relay/port/bridge.ts";
import type { ChannelId, MessageId } from "../../../relay/port/ids.ts";
import { asPuppet, asRelay, readSpeaker } from "../sending/speaker.ts";
import { type IrcMessage, param } from "../wire/message.ts";
import { Identities } from "./identities.ts";
import { Lane, type LaneEntry, type Voice } from "./lane.ts";
import { Puppet } from "./puppet.ts";
import { puppetWire } from "./puppet_name.ts";
import { Roster, type RosterOptions } from "./roster.ts";

/** What a connection lends to its puppets. */
export interface PuppetStage
  extends Pick<RosterOptions, "settings" | "features" | "timers" | "isTaken"> {
  /** The channel as configured; undefined for one that no gateway uses. */
  readonly planOf: (channel: ChannelId) => ChannelPlan | undefined;
  /** Sends under the relay's own nick. */
  readonly transmit: (channel: ChannelId, part: Part, signal: AbortSignal) => Promise<Receipt>;
}

interface PuppetsOptions extends PuppetStage, Pick<RosterOptions, "puppets" | "gate" | "open"> {}

/** The first words of somebody new wait this long for their puppet; then the relay says them under its own nick. */
const NEWCOMER_MS = 10_000;
/** The main connection must see a puppet leave within this time after its connection broke. */
const LOST_MS = 5_000;

/**
 * The puppets of one connection: who speaks by which, and what becomes of what they say. They end with the connection,
 * because it is their ear: it sees their lines, which confirms them, and knows them for ours by nick and user name.
 */
export class Puppets {
  readonly #options: PuppetsOptions;
  readonly #identities: Identities<Puppet>;
  readonly #lanes = new Map<ChannelId, Lane>();
  readonly #roster: Roster;
  readonly #relay: Voice;
  #stopped = false;

  constructor(options: PuppetsOptions) {
    this.#options = options;
    this.#identities = new Identities(options.features, options.puppets.suffix);
    this.#roster = new Roster({
      ...options,
      isUsed: (puppet) => [...this.#lanes.values()].some((lane) => lane.isUsing(puppet)),
      onNick: (puppet, nick) => this.#identities.add(nick, puppet),
      onChange: () => this.#pump(),
      onGone: (puppet) => this.#gone(puppet),
    });
    this.#relay = {
      say: ({ channel, part, signal }) => options.transmit(channel, asRelay(part), signal),
    };
  }

  transmit(channel: ChannelId, part: Part, signal: AbortSignal): Promise<Receipt> {
    return this.#lane(channel).transmit(part, readSpeaker(part), signal);
  }

  /** True for the nick of one of our puppets. */
  isNick(nick: string): boolean {
    return this.#identities.has(nick);
  }

  /**
   * Looks at what the main connection sees of people. True when it is about a puppet of ours: then it is no news, and
   * no gateway must hear of it.
   */
  takes(message: IrcMessage): boolean {
    const owner = this.#identities.ownerOf(message);
    switch (message.command) {
      case "KICK":
        return this.#identities.has(param(message, 1));
      case "NICK":
        this.#identities.renamed(message, param(message, 0));
        return owner !== null;
      case "QUIT":
        if (owner !== null) this.#quitSeen(owner);
        return this.#identities.looksLikeOurs(message);
      case "JOIN":
        // A goodbye that was seen before belonged to an earlier puppet of the same nick.
        if (owner !== null) owner.quitSeen = false;
        return this.#identities.looksLikeOurs(message);
      case "PART":
      case "ACCOUNT":
      case "CHGHOST":
        return this.#identities.looksLikeOurs(message);
      default:
        return false;
    }
  }

  /** True when what somebody said just now came from a puppet. */
  wrote(message: IrcMessage): boolean {
    return this.#identities.ownerOf(message) !== null;
  }

  /** The main connection shows a puppet's line: that confirms it. */
  shown(channel: ChannelId, message: IrcMessage, id: MessageId | null): void {
    const puppet = this.#identities.ownerOf(message);
    if (puppet === null) return;
    const text = param(message, 1);
    const lane = this.#lane(channel);
    const said = (entry: LaneEntry) => asPuppet(entry.part, puppet.speaker).wire === text;
    const lost = lane.lost(puppet).find(said);
    if (lost !== undefined) lane.settle(lost, { outcome: "confirmed", id });
    else puppet.seen(channel, text, id);
  }

  /** How a line of the history is compared with what was under way; null when no puppet wrote it. */
  wireOf(message: IrcMessage): WireText | null {
    const user = this.#identities.writerOf(message);
    return user === null ? null : puppetWire(user, param(message, 1));
  }

  /** Nothing leaves any more; all puppets say goodbye. Idempotent. */
  stop(reason: string): void {
    this.#stopped = true;
    for (const lane of this.#lanes.values()) lane.stop(reason);
    this.#roster.stop();
  }

  /** Resolves when no puppet has a connection any more. */
  ended(): Promise<void> {
    return this.#roster.ended();
  }

  #lane(channel: ChannelId): Lane {
    const known = this.#lanes.get(channel);
    if (known !== undefined) return known;
    const lane = new Lane({
      channel,
      clock: this.#options.settings.clock,
      timers: this.#options.timers,
      voiceFor: (entry) => this.#voiceFor(entry),
      retry: (entry, receipt) => this.#retry(entry, receipt),
    });
    this.#lanes.set(channel, lane);
    return lane;
  }

  /** Who says this now: the person's puppet, else the relay; null while the puppet is on its way. */
  #voiceFor(entry: LaneEntry): Voice | null {
    const { speaker, part, plain, channel } = entry;
    if (speaker === null || part.kind !== "message" || plain) return this.#relay;
    const plan = this.#options.planOf(channel);
    const puppet = plan === undefined ? null : this.#roster.puppetOf(speaker);
    if (plan === undefined || puppet === null) return this.#relay;
    puppet.enter(plan);
    switch (puppet.place(channel)) {
      case "up":
        return puppet;
      case "closed":
        return this.#relay;
      case "coming":
        return this.#isLongWaiting(entry) ? this.#relay : null;
    }
  }

  #isLongWaiting(entry: LaneEntry): boolean {
    const { settings, timers } = this.#options;
    const leftMs = entry.sinceMs + NEWCOMER_MS - settings.clock.monotonic();
    if (leftMs <= 0) return true;
    if (!entry.timed) timers.after(leftMs, () => this.#lane(entry.channel).pump());
    entry.timed = true;
    return false;
  }

  /** True when the entry is to be said again, or to be found out about. */
  #retry(entry: LaneEntry, receipt: Receipt): boolean {
    const { voice, channel } = entry;
    if (!(voice instanceof Puppet)) return false;
    switch (receipt.outcome) {
      case "rejected":
        // The relay may have more rights there (a voice, say): its own attempt decides.
        voice.mute(channel);
        entry.plain = true;
        break;
      case "unknown":
        entry.state = "lost";
        if (voice.quitSeen) break;
        if (!voice.left) this.#options.timers.after(LOST_MS, () => this.#swallowed(entry, voice));
        return true;
      default:
        if (entry.signal.aborted) return false;
        voice.close(channel);
    }
    this.#lane(channel).again(entry);
    return true;
  }

  /** The server took the line from the puppet and shows it to nobody: the relay says it itself. */
  #swallowed(entry: LaneEntry, puppet: Puppet): void {
    const lane = this.#lane(entry.channel);
    if (puppet.left || !lane.lost(puppet).includes(entry)) return;
    puppet.mute(entry.channel);
    entry.plain = true;
    lane.again(entry);
  }

  #gone(puppet: Puppet): void {
    this.#identities.ended(puppet);
    if (this.#stopped) return;
    this.#options.timers.after(LOST_MS, () => this.#doubt(puppet));
    this.#pump();
  }

  /** All that it has said stands before this line: what was not shown never will be. */
  #quitSeen(puppet: Puppet): void {
    puppet.quitSeen = true;
    for (const lane of this.#lanes.values()) {
      for (const entry of lane.lost(puppet)) lane.again(entry);
    }
  }

  #doubt(puppet: Puppet): void {
    const reason = `the connection of ${puppet.wantedNick} ended`;
    for (const lane of this.#lanes.values()) {
      for (const entry of lane.lost(puppet)) lane.settle(entry, { outcome: "unknown", reason });
    }
  }

  #pump(): void {
    for (const lane of this.#lanes.values()) lane.pump();
  }
}
