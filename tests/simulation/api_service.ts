import { Buffer } from "node:buffer";
import type { ChatEvent, Person } from "../../src/relay/port/event.ts";
import type { ChannelId, MessageId } from "../../src/relay/port/ids.ts";
import { textOf } from "../../src/relay/port/rich_text.ts";
import type { Habits } from "./habits.ts";
import { type Frame, HttpService } from "./http_bridge.ts";
import { numbersIn } from "./hidden.ts";
import type { Said, Shown } from "./ledger.ts";
import { portOf, RelayEnd, Way } from "./memory_net.ts";
import type { Cable, Entry, ServiceLink, ServiceOptions } from "./service.ts";
import type { Timeline } from "./timeline.ts";

/** What a program that uses the relay's API does. */
export interface ApiHabits {
  /** It reads a stream; else it asks for what waits again and again. */
  readonly streams: boolean;
  /** It says which message was the last that it read. */
  readonly resumes: boolean;
  /** It posts with an Idempotency-Key until it knows that the message is stored; else once. */
  readonly repeats: boolean;
}

const AGAIN_MS = 1_000;
const ASK_EVERY_MS = 2_000;
const ANSWER_LIMIT_MS = 15_000;
const SILENCE_MS = 70_000;

/** The program at the other end of `[api.NAME]`: it reads what is relayed and posts what its people say. */
export class ApiService extends HttpService implements Cable {
  readonly #api: ApiHabits;
  readonly #posts: Post[] = [];
  #posted = 0;
  /** What was said -> the id that the relay answered. */
  readonly #ids = new Map<number, MessageId>();
  readonly #open = new Set<Visit>();
  readonly #byId = new Map<string, Shown>();
  #lastId: string | null = null;
  #hasForgotten = false;
  #isConnected = false;
  #isPosting = false;
  #isReading = false;

  constructor(options: ServiceOptions & { readonly api: ApiHabits }) {
    super(options);
    this.#api = options.api;
    this.links.add(
      {
        process: 0,
        entered: new Set(options.channels),
        tell: (act) => act(),
        end: () => this.cut(),
      } satisfies ServiceLink,
    );
  }

  override get resumes(): boolean {
    return this.#api.resumes && !this.#hasForgotten;
  }

  override readonly mayLeaveUnread = true;

  /** The program starts anew and knows nothing of what it read. */
  override forget(): void {
    this.#lastId = null;
    this.#hasForgotten = true;
  }

  get cable(): Cable {
    return this;
  }

  override say(
    channel: ChannelId,
    person: Person,
    said: Said,
    text: string,
    replyTo: number | null,
  ): void {
    const parent_id = replyTo === null ? "" : this.#ids.get(replyTo) ?? "";
    this.#post({ channel, person, number: said.number, text, more: { parent_id } }, (id) => {
      this.#ids.set(said.number, id);
      said.heardMs ??= this.options.timeline.nowMs;
    });
  }

  override entryOf(_channel: ChannelId, number: number): Entry | null {
    const id = this.#ids.get(number);
    if (id === undefined) return null;
    return { id, atMs: 0, visibleMs: 0, said: null, event: null, shown: null, wire: "" };
  }

  override takeBack(): void {}

  /** Edits and deletions are posted too. */
  override tellAll(channel: ChannelId, event: ChatEvent, heard: () => void): void {
    if (event.kind === "deletion" && event.by !== null) {
      const more = { event: "msg_delete", id: event.id };
      this.#post({ channel, person: event.by, number: null, text: "", more }, heard);
    } else if (event.kind === "edit") {
      const [number = null] = numbersIn(event.text);
      const more = { event: "msg_update", id: event.id };
      this.#post({ channel, person: event.sender, number, text: textOf(event.text), more }, heard);
    }
  }

  // The cable

  isUp(): boolean {
    return this.#isConnected;
  }

  cut(): void {
    for (const visit of [...this.#open]) visit.cut();
  }

  stall(forMs: number, dies: boolean): void {
    for (const visit of this.#open) visit.way.stall(forMs, dies);
  }

  kick(): void {}

  enterAgain(): void {}

  // Reading

  override attach(bridge: Parameters<HttpService["attach"]>[0]): void {
    super.attach(bridge);
    if (this.#isReading) return;
    this.#isReading = true;
    this.#read();
  }

  #read(): void {
    const { timeline } = this.options;
    const again = (afterMs: number) => void timeline.after(afterMs, () => this.#read());
    const { streams, resumes } = this.#api;
    const path = streams ? "/api/stream" : "/api/messages";
    const since = resumes && this.#lastId !== null ? `?since=${this.#lastId}` : "";
    const visit = this.#dial(`GET ${path}${since} HTTP/1.1\r\nhost: ${this.#host}\r\n\r\n`, {
      line: (line, status) => this.#takeLine(line, status),
      end: (status) => {
        stopWatching();
        if (status !== 200 || streams) this.#isConnected = false;
        again(status === 200 && !streams ? ASK_EVERY_MS : AGAIN_MS);
      },
    });
    const stopWatching = visit === null ? () => {} : this.#watch(visit);
    if (visit !== null) return;
    this.#isConnected = false;
    again(AGAIN_MS);
  }

  /** Hangs up where nothing comes any more, not even a sign of life. */
  #watch(visit: Visit): () => void {
    const { timeline } = this.options;
    let stop = () => {};
    const look = () => {
      const leftMs = visit.heardAtMs + SILENCE_MS - timeline.nowMs;
      if (leftMs <= 0) return visit.cut();
      stop = timeline.after(leftMs, look);
    };
    look();
    return () => stop();
  }

  /** The stream has one object a line, the list one array of them. */
  #takeLine(line: string, status: number): void {
    const words = line.trim();
    if (words === "") return;
    if (status !== 200) return this.options.ledger.trace(`${this.account} is refused: ${words}`);
    if (!this.#isConnected) this.options.ledger.trace(`${this.account} reads`);
    this.#isConnected = true;
    if (this.#api.streams) return this.#take(JSON.parse(words));
    const one = words.replace(/^\[|\]$/g, "").replace(/,$/, "");
    if (one !== "") this.#take(JSON.parse(one));
  }

  #take(frame: Frame): void {
    if (frame.id === "") return;
    const { timeline, ledger } = this.options;
    const channel = frame.gateway as ChannelId;
    if (frame.event === "msg_delete") {
      ledger.trace(`${this.account} ${channel} reads a deletion`);
      const shown = this.#byId.get(frame.id);
      if (shown !== undefined) shown.deletedMs ??= timeline.nowMs;
      return;
    }
    // An edit bears the id of what it changes.
    const isNew = frame.event !== "msg_update";
    if (isNew && this.#byId.has(frame.id)) return;
    const shown = this.shownOf(channel, frame);
    shown.shownMs ??= timeline.nowMs;
    if (isNew) {
      this.#byId.set(frame.id, shown);
      this.#lastId = frame.id;
    }
    const [numbers] = frame.avatar.split("@");
    ledger.trace(`${this.account} ${channel} reads [${numbers}] ${frame.event}`);
  }

  // Posting

  #post(post: Omit<Post, "stored" | "key">, stored: (id: MessageId) => void): void {
    this.#posts.push({ ...post, stored, key: ++this.#posted });
    if (!this.#isPosting) this.#postNext();
  }

  #postNext(): void {
    const post = this.#posts[0];
    this.#isPosting = post !== undefined;
    if (post === undefined) return;
    const { timeline, ledger } = this.options;
    const done = () => {
      this.#posts.shift();
      timeline.after(0, () => this.#postNext());
    };
    const failed = () =>
      this.#api.repeats ? timeline.after(AGAIN_MS, () => this.#postNext()) : done();
    let answer = "";
    const visit = this.#dial(this.#requestOf(post), {
      line: (line) => answer += line,
      end: (status) => {
        cancel();
        if (status === 200) {
          const { id } = JSON.parse(answer) as { id: MessageId };
          post.stored(id);
          return done();
        }
        // The message itself is at fault.
        if (status === 400 || status === 404 || status === 422) {
          ledger.trace(`${this.account} post refused: ${status} ${answer.slice(0, 80)}`);
          return done();
        }
        failed();
      },
    });
    const cancel = timeline.after(ANSWER_LIMIT_MS, () => visit?.cut());
    if (visit === null) {
      cancel();
      failed();
    }
  }

  #requestOf({ channel, person, number, text, more, key }: Post): string {
    const body = JSON.stringify({
      text,
      ...{ username: person.nick, userid: person.userId, gateway: channel },
      avatar: number === null ? "" : String(number),
      ...more,
    });
    return [
      "POST /api/message HTTP/1.1",
      `host: ${this.#host}`,
      "content-type: application/json",
      ...(this.#api.repeats ? [`idempotency-key: ${this.account}-${key}`] : []),
      `content-length: ${Buffer.byteLength(body)}`,
      "",
      body,
    ].join("\r\n");
  }

  // Connections

  get #host(): string {
    return this.bridge === null ? "" : this.hostOf(this.bridge.process);
  }

  /** Null where nobody listens, or nothing gets through. */
  #dial(request: string, far: Far): Visit | null {
    const { bridge } = this;
    const port = bridge === null || bridge.process.dead ? null : portOf(this.#host);
    if (bridge === null || port === null || this.down || this.mood !== "well") return null;
    const { timeline } = this.options;
    const way = new Way({
      timeline,
      process: bridge.process,
      latencyMs: () => this.latencyMs(),
    });
    const visit = new Visit(timeline, way, {
      line: far.line,
      end: (status) => {
        this.#open.delete(visit);
        far.end(status);
      },
    });
    this.#open.add(visit);
    const end = new RelayEnd(way, visit);
    visit.onCut = () =>
      timeline.after(this.latencyMs(), () => bridge.process.when(() => end.ended()));
    way.toRelay(() => {
      port.offer(end);
      end.give(Buffer.from(request));
    });
    return visit;
  }
}

interface Post {
  readonly channel: ChannelId;
  readonly person: Person;
  readonly number: number | null;
  readonly text: string;
  readonly more: Record<string, string>;
  readonly key: number;
  readonly stored: (id: MessageId) => void;
}

interface Far {
  line(line: string, status: number): void;
  /** `status` 0: the connection broke before the answer was whole. */
  end(status: number): void;
}

/** One request and what comes of it, at the program's end. */
class Visit {
  /** Tells the relay's end that the connection is gone. */
  onCut: () => void = () => {};
  heardAtMs: number;
  readonly way: Way;
  readonly #timeline: Timeline;
  readonly #far: Far;
  #rest = "";
  #status = 0;
  #inBody = false;
  #isOver = false;

  constructor(timeline: Timeline, way: Way, far: Far) {
    this.#timeline = timeline;
    this.way = way;
    this.#far = far;
    this.heardAtMs = timeline.nowMs;
  }

  data(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.heardAtMs = this.#timeline.nowMs;
    this.#rest += Buffer.from(bytes).toString("utf8");
    if (!this.#inBody) {
      const end = this.#rest.indexOf("\r\n\r\n");
      if (end === -1) return;
      this.#status = Number(/^HTTP\/1\.1 (\d+)/.exec(this.#rest)?.[1]);
      this.#rest = this.#rest.slice(end + 4);
      this.#inBody = true;
    }
    // A list is one line after another too, but for its brackets.
    const lines = this.#rest.split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#far.line(line, this.#status);
  }

  end(): void {
    this.#finish(this.#status);
  }

  /** The connection is gone; the relay finds out later. */
  cut(): void {
    if (this.#isOver) return;
    if (!this.way.isDead) this.onCut();
    this.way.cut();
    this.#finish(0);
  }

  #finish(status: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#far.end(status);
  }
}

/** The habits that the judge weighs. */
export function withApi(habits: Habits): Habits {
  return {
    ...habits,
    ...{ ids: true, historyIds: true, times: "none", skewMs: 0, future: 0, history: "none" },
    ...{ lagMs: 0, showMs: 0, echo: "none", swallow: 0, reject: 0, rejectMs: 0, duplicate: 0 },
    ...{ packs: false, deletions: true, replies: true, messageDelayMs: 0 },
  };
}
