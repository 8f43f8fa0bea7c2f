import type { EndpointId } from "../../src/relay/port/ids.ts";
import type { Dropped, Ledger, Said, Shown } from "./ledger.ts";
import type { Service } from "./service.ts";
import { announcementIn, type World } from "./world.ts";

/** Something that must not be. */
export interface Deviation {
  readonly kind:
    | "lost"
    | "doubled"
    | "reordered"
    | "uncovered"
    | "announcement"
    | "fault";
  readonly what: string;
}

/** How much later than allowed something may be before it counts. */
const SLACK_MS = 120_000;
/** Entering a channel takes no longer. */
const ENTERING_MS = 60_000;

/** Weighs all that happened in a world. What nobody could have known is counted, and is no deviation. */
export function judge(world: World): Deviation[] {
  const { ledger } = world;
  const deviations: Deviation[] = ledger.faults.map((what) => ({ kind: "fault", what }));
  for (const gateway of world.gateways) {
    const endpoints = gateway.endpoints.map((one) => `${one.account} ${one.channel}` as EndpointId);
    for (const endpoint of endpoints) {
      const origins = endpoints.filter((other) => other !== endpoint);
      deviations.push(...new EndpointJudge(world, endpoint, origins).judge());
    }
  }
  return deviations;
}

/** One destination. */
class EndpointJudge {
  readonly #world: World;
  readonly #ledger: Ledger;
  readonly #endpoint: EndpointId;
  readonly #origins: readonly EndpointId[];
  readonly #service: Service;
  readonly #shown: readonly Shown[];
  readonly #dropped: readonly Dropped[];
  readonly #deviations: Deviation[] = [];

  constructor(world: World, endpoint: EndpointId, origins: readonly EndpointId[]) {
    this.#world = world;
    this.#ledger = world.ledger;
    this.#endpoint = endpoint;
    this.#origins = origins;
    this.#service = serviceOf(world, endpoint);
    this.#shown = world.ledger.shown.filter((shown) => shown.endpoint === endpoint);
    this.#dropped = world.ledger.dropped.filter((dropped) => dropped.endpoint === endpoint);
  }

  judge(): Deviation[] {
    this.#announcements();
    const byNumber = new Map<number, Shown[]>();
    for (const shown of this.#shown) {
      for (const { number } of shown.pieces) {
        const list = byNumber.get(number) ?? [];
        list.push(shown);
        byNumber.set(number, list);
      }
    }
    for (const said of this.#ledger.said.values()) {
      if (!this.#origins.includes(said.origin)) continue;
      const copies = byNumber.get(said.number) ?? [];
      this.#doubled(said, copies);
      this.#tooLate(said, copies);
    }
    for (const said of this.#ledger.said.values()) {
      if (this.#origins.includes(said.origin)) this.#lost(said, byNumber.get(said.number) ?? []);
    }
    this.#order();
    for (const { what, text, sentMs } of this.#surplus) {
      if (what === null) continue;
      if (this.#standsForUnknown(text, sentMs)) this.#ledger.count("allowed to be doubled");
      else this.#deviates("doubled", what);
    }
    if (this.#untold > 0 && !this.#mayTellTwice()) {
      this.#deviates("announcement", `${this.#untold} more were announced than were dropped`);
    }
    return this.#deviations;
  }

  #deviates(kind: Deviation["kind"], what: string): void {
    this.#deviations.push({ kind, what: `${this.#endpoint}: ${what}` });
  }

  #lost(said: Said, copies: readonly Shown[]): void {
    if (said.empty) {
      if (copies.length > 0) this.#deviates("uncovered", `#${said.number} is empty and was shown`);
      return;
    }
    if (said.edits !== null) return;
    const { deletedMs, deletionHeardMs, number } = said;
    if (deletedMs !== null) {
      // What its bridge had already can't be taken back.
      const givenMs = this.#ledger.given.get(`${this.#endpoint} ${number}`);
      const isLate = copies.length > 0 && givenMs !== undefined && deletionHeardMs !== null &&
        said.takenMs !== null && said.takenMs <= deletionHeardMs && givenMs > deletionHeardMs &&
        !this.#isNameless(said) &&
        !this.#diedAt(deletionHeardMs) && !this.#diedUnwritten(deletionHeardMs);
      if (isLate) this.#deviates("uncovered", `#${number} was sent after it had been taken back`);
      // It took the place of another one with the same words, which came twice.
      if (copies.every(({ shownMs }) => shownMs === null)) this.#isSwapped(said, copies);
      return;
    }
    if (isComplete(said, copies.filter((copy) => copy.deletedMs === null))) return;
    const excuse = this.#excuse(said, copies);
    if (excuse.allowed) this.#ledger.count(`allowed to be lost: ${excuse.why}`);
    else this.#deviates("lost", `#${number}: ${excuse.why}`);
  }

  /** It was taken over from a history that names nothing: what is deleted by its id is not known there. */
  #isNameless({ origin, readMs, heardMs, takenMs }: Said): boolean {
    if (takenMs === null || serviceOf(this.#world, origin).habits.historyIds) return false;
    const isNews = heardMs === null || heardMs > takenMs || this.#endedBetween(heardMs, takenMs);
    return isNews && readMs.some((atMs) => atMs <= takenMs);
  }

  #excuse(said: Said, copies: readonly Shown[]): { allowed: boolean; why: string } {
    const no = (why: string) => ({ allowed: false, why });
    const yes = (why: string) => ({ allowed: true, why });
    if (isComplete(said, copies)) return no("its copy was taken back with another's");
    const dropped = this.#dropped.find((one) => one.numbers.includes(said.number));
    // Taken over as the process died, it may be dropped before anybody saw that.
    if (dropped !== undefined) return this.#isRightlyDropped(said, dropped);
    if (said.takenMs === null) return this.#excuseUntaken(said);
    if (!said.takenFor.includes(this.#endpoint)) {
      const isSetAside = said.poison === "compose" &&
        this.#dropped.some((one) => one.cause === "fault" && one.atMs === said.takenMs);
      return isSetAside ? yes("could not be composed") : no("taken over, but not for here");
    }
    const canTell = this.#service.habits.echo !== "none";
    if (!canTell && copies.some((copy) => this.#isThoughtShown(copy))) {
      return yes("the service said that it was shown");
    }
    if (this.#diedUnwritten(said.takenMs)) return yes("only in memory when the process died");
    if (this.#isSwapped(said, copies)) {
      return yes("told by nothing from another one, which came twice");
    }
    if (this.#service.wasCut.has(channelOf(this.#endpoint)) && !this.#service.habits.historyIds) {
      return yes("told by nothing in a history that is cut");
    }
    if (this.#isMiscounted) return yes("the service confirms what it never shows");
    // Dropped in the very transaction in which the process died: the store alone knows of it, and tells.
    if (this.#untold > 0 && this.#ledger.deaths.length > 0) {
      this.#untold--;
      return yes("dropped as the process died");
    }
    // … or would tell, if it were let.
    if (this.#isUntellable(said)) return yes("dropped as the process died, its count refused");
    return no("taken over and never shown");
  }

  #isUntellable({ takenMs, saidMs }: Said): boolean {
    const sinceMs = takenMs ?? saidMs;
    return this.#ledger.deaths.some(({ atMs, storeCall }) =>
      storeCall === "trim" && atMs >= sinceMs && this.#mayBeOverLimits(atMs - sinceMs)
    );
  }

  #mayBeOverLimits(ageMs: number): boolean {
    const { outboxMaxMessages, outboxMaxAgeMs } = this.#world.plan.limits;
    return outboxMaxMessages < 100 || ageMs >= outboxMaxAgeMs * 0.95;
  }

  /** Nobody saw it, and the relay was told otherwise. */
  #isThoughtShown({ shownMs, confirmedMs }: Shown): boolean {
    if (shownMs !== null || confirmedMs === null) return false;
    if (!this.#service.resumes) return true;
    // Whoever asks again gets it, unless the process that kept it is gone.
    return this.#endedBetween(confirmedMs, Infinity);
  }

  /** A process died or stopped, or an account was replaced. */
  #endedBetween(fromMs: number, toMs: number): boolean {
    const ends = [...this.#ledger.deaths.map(({ atMs }) => atMs), ...this.#ledger.endsMs];
    return ends.some((atMs) => atMs >= fromMs && atMs <= toMs);
  }

  /** Unconfirmed copies that came once more than they should; `what` is said of those that need not have. */
  readonly #surplus: {
    readonly said: Said;
    readonly text: string;
    readonly sentMs: number;
    readonly what: string | null;
  }[] = [];
  /** Copies for which another one with the same words was sent again. */
  readonly #stoodFor = new Set<Shown>();

  /** One with the same words had arrived by then and could not be known: one of the two had to be sent again. */
  #standsForUnknown(text: string, sentMs: number): boolean {
    const unknown = this.#shown.find((one) =>
      one.text === text && one.shownMs !== null && one.sentMs < sentMs &&
      !this.#wasKnown(one, sentMs) && !this.#stoodFor.has(one)
    );
    if (unknown !== undefined) this.#stoodFor.add(unknown);
    return unknown !== undefined;
  }

  /**
   * One under way can't be told from another one under way with the same words: what is shown then of one stands for the
   * other. People see as many of them as were said.
   */
  #isSwapped(said: Said, copies: readonly Shown[]): boolean {
    // A piece that never left has the words of another piece of the same message.
    const shown = said.repeats ? copies.filter((copy) => copy.shownMs !== null) : [];
    const own = this.#surplus.findIndex(({ text }) => shown.some((copy) => copy.text === text));
    if (own !== -1) return this.#surplus.splice(own, 1).length === 1;
    const texts = new Set(this.#ledger.unseen.get(`${this.#endpoint} ${said.number}`));
    if (texts.size === 0) {
      // It never left: the same words of the same speaker came in its place.
      const alike = this.#surplus.findIndex((one) =>
        one.said.text === said.text && one.said.speaker === said.speaker &&
        one.said.origin === said.origin
      );
      return alike !== -1 && this.#surplus.splice(alike, 1).length === 1;
    }
    for (const text of texts) {
      const at = this.#surplus.findIndex((one) => one.text === text);
      if (at === -1) return false;
      this.#surplus.splice(at, 1);
    }
    return true;
  }

  #excuseUntaken(said: Said): { allowed: boolean; why: string } {
    const no = (why: string) => ({ allowed: false, why });
    const yes = (why: string) => ({ allowed: true, why });
    const isLogged = this.#ledger.errors.some((line) => line.includes("cannot compose this"));
    if (said.poison === "compose" && isLogged) return yes("could not be composed");
    const firstMs = this.#world.firstEntered.get(said.origin);
    if (firstMs === undefined || said.saidMs <= firstMs) return yes("before the first visit");
    if (this.#diedAt(firstMs) || this.#diedUnwritten(firstMs)) {
      return yes("the first visit was forgotten with its process");
    }
    if (said.heardMs !== null) {
      const origin = serviceOf(this.#world, said.origin);
      if (origin.tellsByTime && origin.jumped) return yes("a bouncer's clock jumped");
      // Whether we are in a channel whose server answers nothing is not known.
      if (origin.speaksIrc && origin.wasSilent) return yes("heard where nothing was answered");
      if (this.#diedAt(said.heardMs) || this.#diedUnwritten(said.heardMs)) {
        return yes("the process died as it was heard");
      }
      const { heardMs } = said;
      const isCutShort = this.#ledger.deaths.some(({ atMs }) =>
        atMs >= heardMs && atMs <= heardMs + ENTERING_MS
      );
      if (said.isEarly && isCutShort) return yes("the process died as it entered the channel");
      if (said.readMs.length === 0) {
        // Said while a channel is entered, it is part of what its history tells.
        return said.isEarly && this.#hasGap(said)
          ? yes("over the limits of catching up")
          : no("heard and not taken over");
      }
    }
    const origin = serviceOf(this.#world, said.origin);
    if (said.readMs.length > 0) {
      if (this.#timeTellsNothing(origin)) return yes("no ids, and the service's clock jumped");
      if (said.readMs.every((readMs) => this.#diedAt(readMs))) {
        return yes("the process died as it was read");
      }
      if (origin.habits.lagMs > 0) return yes("the history lagged");
      if (this.#isUncountable(said)) return yes("told by nothing in the cursor's second");
      return this.#hasGap(said) ? yes("over the limits of catching up") : no(
        "read in the history and neither taken over nor announced",
      );
    }
    const { habits } = origin;
    if (this.#timeTellsNothing(origin)) return yes("no ids, and the service's clock jumped");
    if (habits.history === "none") return yes("said while away, no history");
    if (said.forgotten) return yes("the service forgot it");
    if (habits.lagMs > 0) return yes("the history lagged");
    if (said.cut) {
      return this.#hasGap(said)
        ? yes("beyond what is read of a history")
        : no("beyond what is read of the history, unsaid");
    }
    return no("stands in the history and was never asked for");
  }

  /** Without ids, in whole seconds, only how many bear one tells the known from the new: not where some of them are gone. */
  #isUncountable({ number, origin, saidMs }: Said): boolean {
    const { habits } = serviceOf(this.#world, origin);
    if (habits.historyIds || habits.times !== "seconds") return false;
    return [...this.#ledger.said.values()].some((other) =>
      other.number !== number && other.origin === origin && other.takenMs !== null &&
      Math.abs(other.saidMs - saidMs) < 1_000 && (other.forgotten || habits.history === "bounded")
    );
  }

  #isRightlyDropped(said: Said, dropped: Dropped): { allowed: boolean; why: string } {
    const { limits } = this.#world.plan;
    switch (dropped.cause) {
      case "limits": {
        const ageMs = dropped.atMs - (said.takenMs ?? said.saidMs);
        const isRight = this.#mayBeOverLimits(ageMs) || this.#clockJumped();
        const why = isRight ? "dropped by limits" : `dropped by limits at the age of ${ageMs} ms`;
        return { allowed: isRight, why };
      }
      case "rejected": {
        const { rejectMs, echo } = this.#service.habits;
        const ageMs = dropped.atMs - (said.takenMs ?? said.saidMs);
        if (this.#service.mayLeaveUnread && ageMs >= limits.outboxMaxAgeMs * 0.95) {
          return { allowed: true, why: "nobody read it" };
        }
        // Without echo and label nothing tells whose refusal it is that comes so late.
        const isOthers = rejectMs > 0 && echo === "none" &&
          [...this.#ledger.refused].some((one) => one.startsWith(`${this.#endpoint} `));
        return {
          allowed: isOthers || this.#ledger.refused.has(`${this.#endpoint} ${said.number}`),
          why: "dropped as refused",
        };
      }
      case "unconfirmed":
        return { allowed: false, why: "given up though nobody had refused it" };
      default:
        return { allowed: said.poison !== null, why: `dropped because of ${dropped.cause}` };
    }
  }

  /** A line at the destination says that something is missing. */
  #hasGap(said: Said): boolean {
    const { swallow, reject } = this.#service.habits;
    return swallow > 0 || reject > 0 ||
      this.#shown.some((shown) =>
        announcementIn(shown.text) === "gap" && shown.takenMs >= said.saidMs
      ) || this.#dropped.some((dropped) => dropped.numbers.length < dropped.deliveries);
  }

  #doubled(said: Said, copies: readonly Shown[]): void {
    const byPiece = Map.groupBy(copies, (copy) => {
      const piece = copy.pieces.find((piece) => piece.number === said.number);
      return `${piece?.at}`;
    });
    for (const same of byPiece.values()) {
      for (let at = 1; at < same.length; at++) {
        const copy = same[at];
        if (copy === undefined || copy.shownMs === null) continue;
        const { text, sentMs } = copy;
        const earlier = same.slice(0, at).filter((one) => one.shownMs !== null);
        const known = earlier.find((one) => this.#wasKnown(one, copy.sentMs));
        const origin = serviceOf(this.#world, said.origin);
        const isNews = this.#timeTellsNothing(origin) || this.#cameLateAndNameless(said, origin);
        if (known !== undefined && !isNews) {
          const what = `#${said.number}: ${this.#howKnown(known, copy.sentMs)}`;
          const wasConfirmed = earlier.some((one) => this.#wasConfirmed(one, copy.sentMs));
          if (wasConfirmed) this.#deviates("doubled", what);
          else if (this.#countsLines) {
            this.#surplus.push({ said, text, sentMs, what: null });
            this.#ledger.count(
              "allowed to be doubled: lines of ours are told by their number alone",
            );
          } else this.#surplus.push({ said, text, sentMs, what });
        } else if (earlier.length > 0) {
          this.#surplus.push({ said, text, sentMs, what: null });
          this.#stoodFor.add(earlier[0] ?? copy);
          this.#ledger.count("allowed to be doubled");
        }
      }
    }
  }

  /** Whether the relay could know that this copy had arrived when it sent another. */
  #wasKnown(copy: Shown, sentMs: number): boolean {
    const { readMs } = copy;
    // What it was sent for went with its process: then its copy is nobody's.
    const isOrphan = this.#diedUnwritten(copy.sentMs);
    const read = isOrphan || this.#isMiscounted ? [] : readMs;
    return this.#wasConfirmed(copy, sentMs) ||
      read.some((atMs) => atMs <= sentMs && !this.#forgot(atMs, sentMs));
  }

  #wasConfirmed({ confirmedMs, pieces }: Shown, sentMs: number): boolean {
    if (confirmedMs === null || confirmedMs > sentMs || this.#forgot(confirmedMs, sentMs)) {
      return false;
    }
    // Parts are written down in their order: a later one that was confirmed first is known to its process alone.
    const isPart = pieces.some(({ of }) => of > 1);
    return !isPart || !this.#endedBetween(confirmedMs, sentMs);
  }

  /** Own lines have no ids that the relay was told: only how many there are tells which are known. */
  get #countsLines(): boolean {
    const { historyIds, echo } = this.#service.habits;
    return !historyIds || echo === "none";
  }

  /** Confirmed lines are counted, and a service that confirms what it never shows makes the count wrong. */
  get #isMiscounted(): boolean {
    return this.#service.habits.echo === "none" &&
      this.#shown.some((one) => one.shownMs === null && one.confirmedMs !== null);
  }

  /** What was learned at this time had gone with its process before `untilMs`. */
  #forgot(atMs: number, untilMs: number): boolean {
    return this.#ledger.deaths.some((death) =>
      death.atMs <= untilMs && death.atMs >= atMs - 0.5 &&
      (death.atMs - atMs < 0.5 ||
        (death.unwrittenSinceMs !== null && death.unwrittenSinceMs <= atMs))
    );
  }

  #howKnown(copy: Shown, sentMs: number): string {
    const read = copy.readMs.find((readMs) => readMs <= sentMs);
    const how = read === undefined
      ? `confirmed at ${copy.confirmedMs}`
      : `read in the history at ${read}`;
    return `${how}, and sent again at ${sentMs}`;
  }

  #tooLate(said: Said, copies: readonly Shown[]): void {
    const { outboxMaxAgeMs } = this.#world.plan.limits;
    const { takenMs } = said;
    if (takenMs === null || this.#clockJumped() || this.#diedUnwritten(takenMs)) return;
    // It was taken over anew.
    if (this.#timeTellsNothing(serviceOf(this.#world, said.origin))) return;
    const late = copies.find((copy) => copy.sentMs - takenMs > outboxMaxAgeMs + SLACK_MS);
    if (late === undefined) return;
    this.#deviates(
      "uncovered",
      `#${said.number} was sent ${late.sentMs - takenMs} ms after it was taken`,
    );
  }

  #order(): void {
    const met = new Set<string>();
    const whole = new Set<number>();
    const last = new Map<string, { number: number; at: number; copy: Shown }>();
    for (const copy of this.#shown) {
      if (copy.shownMs === null) continue;
      for (const { number, at, of } of copy.pieces) {
        const key = `${number}.${at}`;
        const said = this.#ledger.said.get(number);
        if (said === undefined || said.edits !== null || met.has(key)) continue;
        // All of it was there before, cut into fewer pieces: this is its double.
        if (whole.has(number)) continue;
        met.add(key);
        if (at === of - 1) whole.add(number);
        const who = `${said.origin} ${said.speaker}`;
        const before = last.get(who);
        const isBehind = before !== undefined &&
          (before.number > number || (before.number === number && before.at > at));
        if (isBehind) this.#overtaken(said, before, at, copy.takenMs);
        else last.set(who, { number, at, copy });
      }
    }
  }

  #overtaken(
    said: Said,
    by: { number: number; copy: Shown },
    at: number,
    cameMs: number,
  ): void {
    const other = this.#ledger.said.get(by.number);
    const tookLater = (said.takenMs ?? 0) > (other?.takenMs ?? 0) &&
      serviceOf(this.#world, said.origin).habits.lagMs > 0;
    const wasLost =
      this.#ledger.lostOnWay.some((lost) =>
        lost.endpoint === this.#endpoint && lost.numbers.includes(said.number) &&
        lost.sentMs <= by.copy.sentMs
      ) || this.#shown.some((swallowed) =>
        swallowed.shownMs === null && swallowed.sentMs <= by.copy.sentMs &&
        swallowed.pieces.some(({ number }) =>
          number === said.number
        )
      );
    const isDisordered = this.#timeTellsNothing(serviceOf(this.#world, said.origin));
    // It was given up or taken back by then, and comes over a connection that had been left; or nobody knows of it any more.
    const isTakenBack = said.deletionHeardMs !== null && said.deletionHeardMs <= cameMs;
    const isNoMore = isTakenBack || this.#diedUnwritten(said.takenMs ?? 0) ||
      this.#dropped.some(({ numbers, atMs }) => numbers.includes(said.number) && atMs <= cameMs);
    const wasBefore = said.saidMs <= (this.#world.firstEntered.get(said.origin) ?? 0);
    if (tookLater || wasLost || isDisordered || isNoMore || wasBefore) {
      return this.#ledger.count("allowed to be overtaken");
    }
    this.#deviates("reordered", `#${said.number}.${at} stands behind #${by.number}`);
  }

  /** What is read of such a history can be told by its place alone, and that changes too. */
  #timeTellsNothing(origin: Service): boolean {
    return !origin.habits.historyIds && origin.jumped;
  }

  /** It was heard before the history showed it, and those before it there only later: its place is told wrongly. */
  #cameLateAndNameless({ readMs }: Said, { habits }: Service): boolean {
    return !habits.historyIds && habits.lagMs > 0 && readMs.length > 0;
  }

  /** How many more were announced than the relay said that it drops. */
  #untold = 0;

  #announcements(): void {
    const told = this.#announced().filter((line) => line.shownMs !== null)
      .reduce((total, line) => total + Number(announcementIn(line.text)), 0);
    const count = (dropped: readonly Dropped[]) =>
      dropped.reduce((total, one) => total + one.deliveries, 0);
    const dropped = count(this.#dropped.filter((one) => !this.#leftAllTheSame(one)));
    const { swallow, reject } = this.#service.habits;
    const mayMiss = swallow > 0 || reject > 0 ||
      this.#ledger.deaths.some((death) => death.unwrittenSinceMs !== null) ||
      this.#dropped.some((one) => this.#diedAt(one.atMs)) ||
      this.#announced().some((line) => line.shownMs === null);
    if (told < dropped && !mayMiss) {
      this.#deviates("announcement", `${dropped} were dropped and only ${told} announced`);
    }
    this.#untold = Math.max(0, told - count(this.#dropped));
  }

  /** A worker had it in its hands already when it was dropped. */
  #leftAllTheSame({ numbers, atMs, cause }: Dropped): boolean {
    return cause === "limits" &&
      this.#shown.some((shown) =>
        shown.sentMs >= atMs && shown.pieces.some(({ number }) => numbers.includes(number))
      );
  }

  #announced(): readonly Shown[] {
    return this.#shown.filter((shown) =>
      shown.pieces.length === 0 && typeof announcementIn(shown.text) === "number"
    );
  }

  /** Nobody could have known that an announcement was seen. */
  #mayTellTwice(): boolean {
    return this.#announced().some((line) =>
      line.confirmedMs === null || this.#diedAt(line.confirmedMs) ||
      this.#diedUnwritten(line.confirmedMs)
    );
  }

  #diedAt(atMs: number): boolean {
    return this.#ledger.deaths.some((death) => Math.abs(death.atMs - atMs) < 0.5);
  }

  /** The process died later without having written to the disk what it knew at this time. */
  #diedUnwritten(atMs: number): boolean {
    return this.#ledger.deaths.some((death) =>
      death.unwrittenSinceMs !== null && death.unwrittenSinceMs <= atMs && death.atMs >= atMs
    );
  }

  #clockJumped(): boolean {
    return (this.#ledger.counts.get("clock") ?? 0) > 0 ||
      (this.#ledger.counts.get("suspend") ?? 0) > 0;
  }
}

function serviceOf(world: World, endpoint: EndpointId): Service {
  const service = world.services.find(({ account }) => endpoint.startsWith(`${account} `));
  if (service === undefined) throw new Error(`Cannot find the service of ${endpoint}`);
  return service;
}

function channelOf(endpoint: EndpointId): string {
  return endpoint.slice(endpoint.indexOf(" ") + 1);
}

/** Whether all pieces of one cutting are there. */
function isComplete(said: Said, copies: readonly Shown[]): boolean {
  const pieces = new Map<number, Set<number>>();
  for (const copy of copies) {
    if (copy.shownMs === null) continue;
    for (const { number, at, of } of copy.pieces) {
      if (number !== said.number) continue;
      const seen = pieces.get(of) ?? new Set();
      seen.add(at);
      pieces.set(of, seen);
    }
  }
  return [...pieces].some(([of, seen]) => seen.size === of);
}
