import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import { property } from "../../base/json.ts";
import type { Logger, OnceLog } from "../../base/log.ts";
import type { TokenBucket } from "../../base/token_bucket.ts";
import type { BridgeHost, ChannelPlan } from "../../relay/port/bridge.ts";
import type { ChannelId, UserId } from "../../relay/port/ids.ts";
import { type KosmiLink, LinkEndedError } from "./link/link.ts";
import type { LinkFault } from "./link/link_end.ts";
import type { HistoryLimits, KosmiCredentials } from "./link/options.ts";
import type { Markup } from "./text/kosmi_text.ts";
import { OperationRunner } from "./link/runner.ts";
import { currentUserIn, type KosmiUser } from "./protocol/decode.ts";
import type { KnownOperations } from "./protocol/known_operations.ts";
import { describeErrors } from "./protocol/graphql_error.ts";
import type { KosmiProtocol } from "./protocol/protocol.ts";
import type { Schema } from "./protocol/schema.ts";
import { personOf } from "./room/events.ts";
import { RoomSession } from "./room/room.ts";

interface SessionOptions {
  readonly host: BridgeHost;
  readonly link: KosmiLink;
  readonly credentials: KosmiCredentials;
  readonly protocol: KosmiProtocol;
  readonly known: KnownOperations;
  /** Learns from the web app how it speaks now; true when that brought something new. */
  readonly learn?: ((signal: AbortSignal) => Promise<boolean>) | undefined;
  readonly schemaOverHttp: (signal: AbortSignal) => Promise<Schema | null>;
  /** Ids under which our account showed so far: an anonymous token that is renewed is a new user. Added to here. */
  readonly ownIds: Set<UserId>;
  readonly pace: TokenBucket;
  readonly window: number;
  readonly history: HistoryLimits;
  readonly markup: Markup;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly said: OnceLog;
}

/** Together under the 2 s that a stop may take. */
const LEAVE_LIMIT_MS = 500;
const CLOSE_LIMIT_MS = 1_000;

/** One acknowledged connection: who we are, then all rooms on the one socket, until the end. */
export class KosmiSession {
  readonly #o: SessionOptions;
  readonly #runner: OperationRunner;
  readonly #rooms = new Map<ChannelId, RoomSession>();
  readonly #stays = new Set<Promise<void>>();
  readonly #leaving = new Map<ChannelId, Promise<void>>();
  #isAnonymous: boolean | null = null;
  /** Before we know who we are no room may be entered. */
  #isIdentified = false;

  constructor(options: SessionOptions) {
    this.#o = options;
    this.#runner = new OperationRunner(options);
  }

  /** Whether Kosmi takes us for an anonymous visitor; null where it did not tell. */
  get isAnonymous(): boolean | null {
    return this.#isAnonymous;
  }

  room(channel: ChannelId): RoomSession | undefined {
    return this.#rooms.get(channel);
  }

  /** Resolves with why the connection ended, when nothing of it is left. Never rejects. */
  async run(signal: AbortSignal): Promise<LinkFault> {
    const { link } = this.#o;
    const goodbye = () => void this.#goodbye();
    if (signal.aborted) goodbye();
    else signal.addEventListener("abort", goodbye, { once: true });
    try {
      await this.#identify();
      await this.#liveInRooms();
    } catch (thrown) {
      await link.close(CLOSE_LIMIT_MS, { kind: "unusable", said: describeError(thrown) });
    } finally {
      signal.removeEventListener("abort", goodbye);
    }
    const ended: unknown = link.signal.reason;
    return ended instanceof LinkEndedError ? ended.fault : { kind: "closed-by-us" };
  }

  /** Learns who we are and tells the host. */
  async #identify(): Promise<void> {
    this.#runner.askOverHttp();
    const user = await this.#currentUser();
    const subject = tokenSubject(this.#o.credentials.token);
    const self = user ?? (subject === null ? null : unnamed(subject));
    if (self === null) {
      throw new Error(
        "Cannot identify the relay's Kosmi user (currentUser): its own messages cannot be told from others'",
      );
    }
    this.#isAnonymous = self.anonymous;
    this.#compareWithLogin(self);
    this.#o.host.linkUp(personOf(self));
    this.#o.ownIds.add(self.id);
    if (subject !== null) this.#o.ownIds.add(unnamed(subject).id);
  }

  async #currentUser(): Promise<KosmiUser | null> {
    const { log, link } = this.#o;
    try {
      let { value, errors } = await this.#runner.run("currentUser", {});
      let user = currentUserIn(value);
      if (user === null && value !== null && await this.#runner.unreadable("currentUser")) {
        ({ value, errors } = await this.#runner.run("currentUser", {}));
        user = currentUserIn(value);
      }
      if (user === null) {
        log.warn("Cannot identify the relay's Kosmi user: {said}", {
          said: errors.length === 0 ? "an answer without a user" : describeErrors(errors),
        });
      }
      return user;
    } catch (thrown) {
      if (link.signal.aborted) throw thrown;
      log.warn("Cannot identify the relay's Kosmi user: {said}", { said: describeError(thrown) });
      return null;
    }
  }

  /** A valid login can show as anonymous all the same: then people see another name, and private rooms are closed. */
  #compareWithLogin(self: KosmiUser): void {
    const { said, credentials } = this.#o;
    const kind = "anonymous though logged in";
    if (credentials.expectsLogin && self.anonymous === true) {
      said.warn(
        kind,
        'Kosmi shows the relay as the anonymous user "{name}" although a login is configured; its token may be that of an anonymous visitor',
        { name: self.name },
      );
    } else {
      said.forget(kind);
    }
  }

  async #liveInRooms(): Promise<void> {
    const { link } = this.#o;
    const ended = new Promise<void>((resolve) => {
      if (link.signal.aborted) resolve();
      else link.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    this.#isIdentified = true;
    this.replan();
    await ended;
    // Those that were left or entered meanwhile have ended with the link too.
    await Promise.all(this.#stays);
  }

  /** Enters the rooms that the host wants now, and leaves the others. */
  replan(): void {
    if (!this.#isIdentified || this.#o.link.signal.aborted) return;
    const plans = new Map(this.#o.host.channels().map((plan) => [plan.channel, plan]));
    for (const [channel, room] of this.#rooms) {
      if (plans.has(channel)) continue;
      this.#rooms.delete(channel);
      this.#leaving.set(channel, room.leave());
    }
    for (const plan of plans.values()) {
      if (!this.#rooms.has(plan.channel)) this.#enter(plan);
    }
  }

  #enter(plan: ChannelPlan): void {
    const room = new RoomSession({
      ...this.#o,
      channel: plan.channel,
      runner: this.#runner,
      log: this.#o.log.with({ room: plan.channel }),
    });
    this.#rooms.set(plan.channel, room);
    // Should it be wanted again at once, the goodbye must not overtake the new entry.
    const gone = this.#leaving.get(plan.channel) ?? Promise.resolve();
    const stay = gone.then(() => room.live());
    this.#stays.add(stay);
    void stay.then(() => this.#stays.delete(stay));
  }

  async #goodbye(): Promise<void> {
    const { link } = this.#o;
    await new Promise<void>((resolve) => {
      const cancel = link.deadlines.add(LEAVE_LIMIT_MS, resolve);
      link.signal.addEventListener("abort", () => resolve(), { once: true });
      const leaving = [...this.#rooms.values()].map((room) => room.disconnect());
      void Promise.all(leaving).then(() => {
        cancel();
        resolve();
      });
    });
    await link.close(CLOSE_LIMIT_MS);
  }
}

function unnamed(subject: string): KosmiUser {
  return { id: subject as UserId, name: "", username: "", anonymous: null, bot: false };
}

/** The user id that a JWT is about (`sub`); null when it can't be read. The signature is not ours to check. */
export function tokenSubject(token: string): string | null {
  const payload = token.split(".")[1];
  if (payload === undefined) return null;
  try {
    const text = atob(payload.replace(/-/g, "+").replace(/_/g, "/"));
    const subject = property(JSON.parse(text), "sub");
    return typeof subject === "string" && subject !== "" ? subject : null;
  } catch {
    return null;
  }
}
