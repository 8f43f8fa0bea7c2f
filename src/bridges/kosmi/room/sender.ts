import { DeadlineError } from "../../../base/abort.ts";
import { describeError } from "../../../base/errors.ts";
import type { Part, Receipt } from "../../../relay/port/bridge.ts";
import type { MessageId } from "../../../relay/port/ids.ts";
import { LinkEndedError } from "../link/link.ts";
import type { OperationResult } from "../link/runner.ts";
import { acknowledgedIn, type KosmiMessage, sentIdIn } from "../protocol/decode.ts";
import { describeErrors, errorsMatch, type GraphqlError } from "../protocol/graphql_error.ts";
import type { RoomContext } from "./events.ts";

/** What the sender needs of its room. */
interface SenderRoom {
  /** Sends one message, or takes one back. */
  send(part: Part): Promise<OperationResult>;
  /** Our own messages at the end of the archive that were not shown before, oldest first; [] where it can't be asked. */
  unseen(): Promise<readonly KosmiMessage[]>;
  /** The room doesn't behave as one that we are in: it is to be entered anew. */
  suspect(reason: string): void;
}

interface Job extends Sending {
  readonly number: number;
  readonly part: Part;
  readonly signal: AbortSignal;
  readonly settle: (receipt: Receipt) => void;
  attempts: number;
  /** When it was first answered with an error. */
  refusedAtMs: number | null;
  state: "queued" | "left" | "settled";
  /** The mutation was answered with ok. */
  ok: boolean;
  cancelDeadline: () => void;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Sends to one room in order. A message is confirmed when Kosmi shows it: an ok alone does not prove it. One that Kosmi answers with an
 * error is tried again before anything behind it, with growing pauses; what may have arrived is never tried again here.
 */
export class RoomSender {
  readonly #context: RoomContext;
  readonly #room: SenderRoom;
  /** Aborts when the room is left or the link ends. */
  readonly #over: AbortSignal;
  readonly #matcher = new SentMatcher<Job>();
  readonly #queue: Job[] = [];
  readonly #underWay = new Set<Job>();
  /** Messages of the archive that were found to be ours. */
  readonly #claimed = new Set<MessageId>();
  #counter = 0;
  #running = false;
  #wake: () => void = () => {};
  #window: number;
  #pauseMs = 0;
  #pausedUntilMs = 0;
  /** Until a document was accepted the first message goes alone, so that mending it can't reorder. */
  #proven = false;

  constructor(context: RoomContext, room: SenderRoom, over: AbortSignal) {
    this.#context = context;
    this.#room = room;
    this.#over = over;
    this.#window = context.window;
    over.addEventListener("abort", () => this.#end(), { once: true });
  }

  transmit(part: Part, signal: AbortSignal): Promise<Receipt> {
    const reason = this.#over.aborted
      ? "The room was left"
      : signal.aborted
      ? "Stopped before it was sent"
      : null;
    if (reason !== null) return Promise.resolve({ outcome: "unsent", reason });
    return new Promise((resolve) => {
      const job = this.#newJob(part, signal, resolve);
      this.#queue.push(job);
      this.#go();
    });
  }

  /** Of what has left and was not shown yet. */
  get unseenTexts(): readonly string[] {
    return [...this.#underWay].map(({ wire }) => wire);
  }

  /** A message of our own account was shown in the room. */
  shown(message: KosmiMessage): void {
    const match = this.#matcher.shown(message);
    // What the room shows has arrived, whatever the mutation may still say. Only a text that the service altered
    // (or that somebody else wrote with our account) needs its ok.
    if (match !== null && (match.certain || match.sending.ok)) this.#confirm(match.sending);
  }

  #newJob(part: Part, signal: AbortSignal, resolve: (receipt: Receipt) => void): Job {
    const giveUp = () => {
      if (job.state !== "queued") return;
      this.#queue.splice(this.#queue.indexOf(job), 1);
      this.#settle(job, { outcome: "unsent", reason: "Stopped before it was sent" });
    };
    const job: Job = {
      number: ++this.#counter,
      part,
      signal,
      wire: part.wire,
      attempts: 0,
      refusedAtMs: null,
      state: "queued",
      ok: false,
      answeredId: null,
      seenId: null,
      cancelDeadline: () => {},
      settle: (receipt) => {
        signal.removeEventListener("abort", giveUp);
        resolve(receipt);
      },
    };
    signal.addEventListener("abort", giveUp, { once: true });
    return job;
  }

  #go(): void {
    this.#wake();
    if (!this.#running) void this.#pump();
  }

  async #pump(): Promise<void> {
    this.#running = true;
    while (this.#queue.length > 0) {
      const woken = new Promise<void>((resolve) => this.#wake = resolve);
      const job = this.#queue[0];
      if (job === undefined) break;
      if (this.#underWay.size >= (this.#proven ? this.#window : 1)) await woken;
      else if (await this.#isDue(job)) this.#leave(job);
    }
    this.#running = false;
  }

  /** Waits for the pace and for the end of a pause; false when the job went away meanwhile. */
  async #isDue(job: Job): Promise<boolean> {
    const now = this.#context.clock.monotonic();
    const paceMs = job.attempts === 0 ? this.#context.pace.take(now) : 0;
    const waitMs = Math.max(paceMs, this.#pausedUntilMs - now);
    if (waitMs <= 0) return true;
    const stop = AbortSignal.any([this.#over, job.signal]);
    await this.#context.clock.sleep(waitMs, stop).catch(() => {});
    return job.state === "queued" && this.#queue[0] === job;
  }

  #leave(job: Job): void {
    this.#queue.shift();
    this.#underWay.add(job);
    job.state = "left";
    job.attempts++;
    if (job.part.kind === "message") this.#matcher.expect(job);
    this.#room.send(job.part).then(
      (result) => this.#answered(job, result),
      (thrown) => this.#unanswered(job, thrown),
    );
  }

  #answered(job: Job, result: OperationResult): void {
    this.#proven = true;
    if (job.state === "settled") return;
    const acknowledged = acknowledgedIn(result.value);
    const said = result.value !== null && result.value !== undefined;
    const isDone = said && acknowledged !== false &&
      (result.errors.length === 0 || acknowledged === true);
    if (!isDone) return this.#refused(job, result.errors);
    this.#pauseMs = 0;
    job.ok = true;
    job.answeredId = sentIdIn(result.value);
    if (job.part.kind !== "message" || job.seenId !== null) return this.#confirm(job);
    job.cancelDeadline = this.#context.link.deadlines.add(
      this.#context.protocol.limits.seenTimeoutMs,
      () => void this.#lookUp(job, "Kosmi said ok, but did not show the message"),
    );
  }

  #unanswered(job: Job, thrown: unknown): void {
    if (job.state === "settled" || thrown instanceof LinkEndedError) return;
    if (job.seenId !== null) return this.#confirm(job);
    if (thrown instanceof DeadlineError && job.part.kind === "message") {
      return void this.#lookUp(job, thrown.message);
    }
    const reason = describeError(thrown);
    if (job.part.kind !== "message") return this.#settle(job, { outcome: "rejected", reason });
    this.#settle(job, { outcome: "unsent", reason });
    this.#room.suspect(reason);
  }

  #refused(job: Job, errors: readonly GraphqlError[]): void {
    if (job.seenId !== null) return this.#confirm(job);
    const { errors: patterns, limits } = this.#context.protocol;
    const said = errors.length === 0 ? "not ok, without a reason" : describeErrors(errors);
    const isLimit = errorsMatch(errors, patterns.rateLimited);
    const isTrouble = isLimit || errorsMatch(errors, patterns.serverTrouble);
    const nowMs = this.#context.clock.monotonic();
    job.refusedAtMs ??= nowMs;
    const isLong = nowMs - job.refusedAtMs >= limits.refusedForMs;
    if (!isLimit && errorsMatch(errors, patterns.messageRefused) || (isLong && !isTrouble)) {
      return this.#settle(job, { outcome: "rejected", reason: `Kosmi refused it: ${said}` });
    }
    // The core knows how old it is, and whether it is to be tried further.
    if (isLong) {
      return this.#settle(job, { outcome: "unsent", reason: `Kosmi is in trouble: ${said}` });
    }
    this.#retry(job, said);
    if (!isLimit && errorsMatch(errors, patterns.notInRoom)) {
      this.#room.suspect(`Kosmi does not take messages: ${said}`);
    }
  }

  /** Back in line, before all that came later; from now on one at a time, so that the order holds. */
  #retry(job: Job, said: string): void {
    const now = this.#context.clock.monotonic();
    this.#underWay.delete(job);
    this.#matcher.forget(job);
    job.state = "queued";
    this.#window = 1;
    // Several that were under way together failed together: that is one reason to wait, not many.
    if (now >= this.#pausedUntilMs) {
      this.#pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, this.#pauseMs * 2));
      this.#pausedUntilMs = now + this.#pauseMs;
      this.#context.log.warn("Kosmi rejected a message ({said}); trying again in {waitMs} ms", {
        said,
        waitMs: this.#pauseMs,
      });
    }
    const before = this.#queue.findIndex((each) => each.number > job.number);
    this.#queue.splice(before < 0 ? this.#queue.length : before, 0, job);
    if (job.signal.aborted) return this.#drop(job);
    this.#go();
  }

  #drop(job: Job): void {
    this.#queue.splice(this.#queue.indexOf(job), 1);
    this.#settle(job, { outcome: "unsent", reason: "Stopped before it was sent" });
  }

  /** Whether it arrived: the archive knows. */
  async #lookUp(job: Job, why: string): Promise<void> {
    const unseen = await this.#room.unseen().catch((): readonly KosmiMessage[] => []);
    if (job.state === "settled") return;
    if (job.seenId !== null) return this.#confirm(job);
    const free = unseen.filter((each) => !this.#claimed.has(each.id));
    const found = free.find((each) => each.id === job.answeredId) ??
      free.find((each) => sameText(each.text, job.wire));
    if (found === undefined) {
      this.#settle(job, { outcome: "unknown", reason: why });
      return this.#room.suspect(why);
    }
    this.#claimed.add(found.id);
    this.#settle(job, { outcome: "confirmed", id: found.id });
    this.#room.suspect("Kosmi has a message in its archive that it did not show");
  }

  #confirm(job: Job): void {
    this.#settle(job, { outcome: "confirmed", id: job.seenId });
  }

  #settle(job: Job, receipt: Receipt): void {
    if (job.state === "settled") return;
    job.state = "settled";
    job.cancelDeadline();
    this.#underWay.delete(job);
    this.#matcher.forget(job);
    job.settle(receipt);
    this.#wake();
  }

  #end(): void {
    const reason = "The connection to the room ended";
    for (const job of [...this.#underWay]) {
      if (job.seenId !== null) this.#confirm(job);
      else this.#settle(job, { outcome: "unknown", reason });
    }
    for (const job of this.#queue.splice(0)) this.#settle(job, { outcome: "unsent", reason });
  }
}

/** A message on its way, as far as telling it again when the room shows it goes. */
export interface Sending {
  readonly wire: string;
  /** The id that the mutation returned. */
  answeredId: MessageId | null;
  /** The id under which the room showed it. */
  seenId: MessageId | null;
}

/**
 * Finds the sent message that a shown message of our own account is: by the id that the mutation returned, else the
 * oldest with the same text, else (the service may alter texts) the only one under way.
 */
export class SentMatcher<T extends Sending> {
  #open: T[] = [];

  /** To be called in the order of sending. */
  expect(sending: T): void {
    this.#open.push(sending);
  }

  forget(sending: T): void {
    this.#open = this.#open.filter((each) => each !== sending);
  }

  /** `certain`: by id or text. The match is marked as seen and not found again. */
  shown(message: KosmiMessage): { readonly sending: T; readonly certain: boolean } | null {
    const waiting = this.#open.filter((each) => each.seenId === null);
    const known = waiting.find((each) => each.answeredId === message.id) ??
      this.#byText(waiting.filter((each) => each.answeredId === null), message.text) ??
      this.#byText(waiting, message.text);
    const found = known ?? (waiting.length === 1 ? waiting[0] : undefined);
    if (found === undefined) return null;
    found.seenId = message.id;
    return { sending: found, certain: known !== undefined };
  }

  #byText(waiting: readonly T[], text: string): T | undefined {
    return waiting.find((each) => each.wire === text) ??
      waiting.find((each) => sameText(each.wire, text));
  }
}

/** The same but for white space, normal form, and what HTML escaping does. */
export function sameText(one: string, other: string): boolean {
  return one === other || bare(one) === bare(other);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
  "&#x27;": "'",
};

function bare(text: string): string {
  return text.replace(
    /&(?:amp|lt|gt|quot|#39|#x27);/gi,
    (entity) => ENTITIES[entity.toLowerCase()] ?? entity,
  ).replace(/\s+/g, " ").trim().normalize("NFC");
}
