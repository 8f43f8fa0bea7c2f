import { backoffMs, LINK_BACKOFF } from "../../../base/backoff.ts";
import { SeenIds } from "../../../base/bounded.ts";
import { describeError } from "../../../base/errors.ts";
import type { ChannelRefusal, History, Part, Receipt } from "../../../relay/port/bridge.ts";
import type { Person } from "../../../relay/port/event.ts";
import type { ChannelId, UserId } from "../../../relay/port/ids.ts";
import { OperationMissingError, type OperationResult, type Subscription } from "../link/runner.ts";
import {
  acknowledgedIn,
  deletionIn,
  type KosmiMessage,
  type KosmiUser,
  memberIn,
  membersIn,
  messageIn,
  reactionIn,
} from "../protocol/decode.ts";
import type { Values } from "../protocol/plan.ts";
import { describeErrors, errorsMatch } from "../protocol/graphql_error.ts";
import type { OperationName } from "../protocol/protocol.ts";
import {
  deletionEvent,
  editEvent,
  historyMessage,
  memberEvent,
  messageEvent,
  personOf,
  reactionEvent,
  type RoomContext,
} from "./events.ts";
import { RoomArchive } from "./history.ts";
import { RoomSender } from "./sender.ts";

const REMEMBERED_IDS = 5_000;
/** Nobody is told more names, and a flood of them must not fill the memory. */
const MOST_MEMBERS = 5_000;
const MOST_EARLY = 1_000;
/** So many in a row that can't be read show that the service has changed; at the beginning one is enough. */
const MANY_UNREAD = 3;
const FIRST_UNREAD = 2;
const SETTLED_AFTER_MS = 60_000;
const PERSON_RETRY_MS = 60_000;
const PERSON_RETRY_CAP_MS = 15 * 60_000;
/** How often the archive is read again because the subscription had to be started again meanwhile. */
const MOST_READINGS = 6;

/** One room on one link: enters it, again and again where needed, reports what happens there, sends. */
export class RoomSession {
  readonly channel: ChannelId;
  readonly #context: RoomContext;
  readonly #shown = new SeenIds(REMEMBERED_IDS);
  readonly #takenBack = new SeenIds(REMEMBERED_IDS);
  readonly #members = new Map<UserId, Person>();
  readonly #archive: RoomArchive;
  readonly #gone = new AbortController();
  #subscriptions: Subscription[] = [];
  #sender: RoomSender | null = null;
  /** What came before the room was reported up; null once it is. */
  #early: (() => void)[] | null = [];
  #missedSome = false;
  /** How many in a row could not be read, for operations of which one could be read before. */
  readonly #unread = new Map<OperationName, number>();
  /** What was reported last, but for messages, which have ids. */
  #lastReport = "";
  #leave: (refusal: ChannelRefusal) => void = () => {};
  #isUp = false;
  #reported = "";

  constructor(context: RoomContext) {
    this.#context = context;
    this.channel = context.channel;
    this.#archive = new RoomArchive(context);
  }

  /** People in the room, as far as Kosmi told. */
  members(): readonly Person[] {
    return [...this.#members.values()];
  }

  transmit(part: Part, signal: AbortSignal): Promise<Receipt> {
    return this.#sender?.transmit(part, signal) ??
      Promise.resolve({ outcome: "unsent", reason: "The room has not been entered" });
  }

  /** Says that we leave. */
  async disconnect(): Promise<void> {
    if (!this.#isUp || this.#context.runner.offers("roomDisconnect") === false) return;
    await this.#context.runner.run("roomDisconnect", { room: this.channel }).catch(() => {});
  }

  /**
   * Nobody wants the room any more: `live` ends, and nothing is reported from here on. Resolves when Kosmi knows, or
   * does not answer.
   */
  leave(): Promise<void> {
    const goodbye = this.disconnect();
    this.#gone.abort();
    this.#leave({ reason: "The room is no longer wanted", mend: "wait" });
    return goodbye;
  }

  /** Lives in the room until the link ends or the room is left. Never rejects. */
  async live(): Promise<void> {
    const { clock, random } = this.#context;
    const over = AbortSignal.any([this.#context.link.signal, this.#gone.signal]);
    let failures = 0;
    while (!over.aborted) {
      const startedMs = clock.monotonic();
      const refusal = await this.#stay();
      if (over.aborted) return;
      this.#report(refusal);
      failures = clock.monotonic() - startedMs > SETTLED_AFTER_MS ? 1 : failures + 1;
      const waitMs = refusal.mend === "wait"
        ? backoffMs(LINK_BACKOFF, failures, random())
        : Math.min(PERSON_RETRY_CAP_MS, PERSON_RETRY_MS * 2 ** Math.min(failures - 1, 10));
      await clock.sleep(waitMs, over).catch(() => {});
    }
  }

  /** The same refusal again is no news. */
  #report(refusal: ChannelRefusal): void {
    const text = `${refusal.mend} ${refusal.reason}`;
    if (this.#isUp || text !== this.#reported) {
      this.#context.host.channelDown(this.channel, refusal);
    }
    this.#isUp = false;
    this.#reported = text;
  }

  /** One stay: resolves with why it ended. */
  async #stay(): Promise<ChannelRefusal> {
    const over = new AbortController();
    const left = new Promise<ChannelRefusal>((resolve) => this.#leave = resolve);
    const linkEnded = () => this.#leave({ reason: "The connection ended", mend: "wait" });
    this.#context.link.signal.addEventListener("abort", linkEnded, { once: true });
    try {
      const joinsAtMs = this.#context.clock.now();
      const refusal = await this.#joinAsKnown();
      if (refusal !== null) return refusal;
      await this.#context.runner.introspect();
      const before = await this.#archive.firstLook(joinsAtMs);
      for (const message of before ?? []) this.#shown.add(message.id);
      this.#subscribe();
      const history = await Promise.race([this.#catchUp(before), left]);
      if (history !== null && "reason" in history) return history;
      this.#goUp(history, over.signal);
      return await left;
    } catch (thrown) {
      const mend = thrown instanceof OperationMissingError ? "person" : "wait";
      return { reason: describeError(thrown), mend };
    } finally {
      this.#context.link.signal.removeEventListener("abort", linkEnded);
      over.abort();
      this.#clear();
    }
  }

  #clear(): void {
    for (const subscription of this.#subscriptions) subscription.stop();
    this.#subscriptions = [];
    this.#sender = null;
    this.#early = [];
    this.#leave = () => {};
  }

  /** The schema is asked for when we are in; before, only where nothing else says how to enter. */
  async #joinAsKnown(): Promise<ChannelRefusal | null> {
    try {
      return await this.#join();
    } catch (thrown) {
      if (!(thrown instanceof OperationMissingError)) throw thrown;
      await this.#context.runner.introspect();
      return await this.#join();
    }
  }

  /** Null when we are in. */
  async #join(): Promise<ChannelRefusal | null> {
    const { runner, protocol } = this.#context;
    const others = protocol.disconnectOtherConnections ? true : undefined;
    const values = { room: this.channel, disconnectOthers: others };
    const { value, errors } = await runner.run("joinRoom", values);
    const said = describeErrors(errors);
    if (errorsMatch(errors, protocol.errors.roomMissing)) {
      return {
        reason:
          `Kosmi has no room "${this.channel}" (${said}); check RoomURL, and that its @ is there if it has one`,
        mend: "person",
      };
    }
    if (errorsMatch(errors, protocol.errors.roomForbidden)) {
      const advice = "log in (Email and Password) as a user who may enter it";
      return {
        reason:
          `Kosmi does not let the relay into "${this.channel}": ${said}; if the room is private, ${advice}`,
        mend: "person",
      };
    }
    const isRefused = acknowledgedIn(value) === false ||
      ((value === null || value === undefined) && errors.length > 0);
    if (!isRefused) return null;
    return {
      reason: `Cannot enter "${this.channel}": ${said === "" ? "Kosmi answered not ok" : said}`,
      mend: "wait",
    };
  }

  /** Everything after the join and on the same socket, new messages last: as the browser does it. */
  #subscribe(): void {
    this.#missedSome = false;
    const room = { room: this.channel };
    const chat = { ...room, channel: this.#context.protocol.channelId };
    this.#glance("roomRoot", room, () => {});
    this.#glance("members", room, (value) => this.#rememberMembers(value));
    this.#watch("memberJoins", room, (value) => this.#onMember(value, "join"));
    this.#watch("memberLeaves", room, (value) => this.#onMember(value, "leave"));
    this.#watch("messageEdited", chat, (value) => this.#onEdit(value));
    this.#watch("messageDeleted", chat, (value) => this.#onDeletion(value));
    this.#watch("reactionAdded", chat, (value) => this.#onReaction(value, false));
    this.#watch("reactionRemoved", chat, (value) => this.#onReaction(value, true));
    if (this.#context.host.wantsTyping?.(this.channel)) {
      this.#watch("userTyping", chat, (value) => this.#onTyping(value));
    }
    this.#subscriptions.push(this.#context.runner.subscribe("newMessage", chat, {
      next: (value) => this.#onMessage(value),
      ended: (reason, missing) => this.#leave({ reason, mend: missing ? "person" : "wait" }),
      restarted: () => this.#onRestart(),
      own: () => ({
        texts: this.#sender?.unseenTexts ?? [],
        userIds: this.#context.ownIds,
      }),
    }));
  }

  /** A query whose answer we can do without. */
  #glance(name: OperationName, values: Values, use: (value: unknown) => void): void {
    if (this.#context.runner.offers(name) === false) return;
    this.#context.runner.run(name, values).then(({ value }) => use(value), () => {});
  }

  /** A subscription that we can do without. */
  #watch(name: OperationName, values: Values, next: (value: unknown) => void): void {
    if (this.#context.runner.offers(name) === false) return;
    this.#subscriptions.push(this.#context.runner.subscribe(name, values, {
      next: (value) => {
        if (name === "userTyping" || !this.#isAgain(name, value)) next(value);
      },
      ended: (reason) => {
        const { title } = this.#context.protocol.operations[name];
        this.#context.said.info(`no ${name}`, "Kosmi does not offer {title}: {reason}", {
          title,
          reason,
        });
      },
    }));
  }

  /** Kosmi may report a thing more than once. */
  #isAgain(name: OperationName, value: unknown): boolean {
    const report = `${name} ${JSON.stringify(value)}`;
    const isAgain = report === this.#lastReport;
    this.#lastReport = report;
    return isAgain;
  }

  #onRestart(): void {
    if (this.#early !== null) this.#missedSome = true;
    else this.#leave({ reason: "The subscription had to be started again", mend: "wait" });
  }

  async #catchUp(before: readonly KosmiMessage[] | null): Promise<History | null> {
    for (let reading = 0; reading < MOST_READINGS; reading++) {
      this.#missedSome = false;
      await this.#context.runner.learned();
      const caughtUp = await this.#archive.sinceCursor();
      if (this.#missedSome) continue;
      if (caughtUp === null) return null;
      const context = this.#context;
      const asHistory = (message: KosmiMessage) =>
        historyMessage(message, context, this.#isOwn(message.sender));
      if (before !== null) {
        this.#saidSinceFirstLook(caughtUp.messages);
        return { messages: before.map(asHistory), complete: true };
      }
      const hasCursor = this.#context.host.cursor(this.channel) !== null;
      const fresh = caughtUp.messages.filter((message) => {
        const isNew = this.#shown.add(message.id);
        return this.#isOwn(message.sender) || (isNew && hasCursor);
      });
      const own = caughtUp.before.filter((message) => this.#isOwn(message.sender));
      return { messages: [...own, ...fresh].map(asHistory), complete: caughtUp.complete };
    }
    return null;
  }

  /** Said after we had entered and before anything was shown live: relayed as if it had been. */
  #saidSinceFirstLook(messages: readonly KosmiMessage[]): void {
    const acts = messages.filter((message) => !this.#shown.has(message.id)).map((message) => () => {
      if (!this.#shown.add(message.id) || this.#isOwn(message.sender)) return;
      this.#context.host.event(messageEvent(message, this.#context, false));
    });
    this.#early?.unshift(...acts);
  }

  #goUp(history: History | null, over: AbortSignal): void {
    this.#sender = new RoomSender(this.#context, {
      send: (part) => this.#send(part),
      unseen: () => this.#unseen(),
      suspect: (reason) => this.#leave({ reason, mend: "wait" }),
    }, over);
    this.#isUp = true;
    this.#context.host.channelUp(this.channel, history);
    const early = this.#early ?? [];
    this.#early = null;
    for (const act of early) act();
  }

  async #send(part: Part): Promise<OperationResult> {
    const { runner, protocol } = this.#context;
    const values = { room: this.channel, channel: protocol.channelId };
    if (part.kind === "deletion") {
      const result = await runner.run("deleteMessage", { ...values, message: part.target ?? "" });
      if (part.target !== null) this.#takenBack.add(part.target);
      return result;
    }
    const message = { ...values, body: part.wire };
    if (part.target !== null && runner.offers("sendReply") !== false) {
      try {
        return await runner.run("sendReply", { ...message, replyTo: part.target });
      } catch (thrown) {
        if (!(thrown instanceof OperationMissingError)) throw thrown;
      }
    }
    return await runner.run("sendMessage", message);
  }

  async #unseen(): Promise<readonly KosmiMessage[]> {
    const page = await this.#archive.page(null);
    return (page?.messages ?? []).filter((message) =>
      this.#isOwn(message.sender) && !this.#shown.has(message.id)
    );
  }

  #onMessage(value: unknown): void {
    const message = messageIn(value);
    if (!this.#isRead("newMessage", message)) return;
    this.#whenUp(() => {
      if (!this.#shown.add(message.id)) return;
      if (this.#isOwn(message.sender)) this.#sender?.shown(message);
      else this.#context.host.event(messageEvent(message, this.#context, false));
    });
  }

  #onEdit(value: unknown): void {
    const message = messageIn(value);
    if (!this.#isRead("messageEdited", message)) return;
    if (this.#isOwn(message.sender)) return;
    this.#whenUp(() => this.#context.host.event(editEvent(message, this.#context)));
  }

  #onDeletion(value: unknown): void {
    const deletion = deletionIn(value);
    if (!this.#isRead("messageDeleted", deletion)) return;
    this.#whenUp(() => {
      if (this.#takenBack.has(deletion.id) || this.#isOwn(deletion.by)) return;
      this.#context.host.event(deletionEvent(deletion, this.#context));
    });
  }

  #onReaction(value: unknown, removed: boolean): void {
    const reaction = reactionIn(value);
    if (!this.#isRead(removed ? "reactionRemoved" : "reactionAdded", reaction)) return;
    if (this.#isOwn(reaction.user)) return;
    this.#whenUp(() => this.#context.host.event(reactionEvent(reaction, this.#context, removed)));
  }

  #onTyping(value: unknown): void {
    const user = memberIn(value);
    if (user === null || this.#isOwn(user) || !this.#isUp) return;
    this.#context.host.typing?.(this.channel, personOf(user), true);
  }

  /** Somebody is typing elsewhere. Kosmi forgets it by itself. */
  typing(): void {
    const values = { room: this.channel, channel: this.#context.protocol.channelId };
    if (this.#isUp) this.#glance("startTyping", values, () => {});
  }

  #onMember(value: unknown, kind: "join" | "leave"): void {
    const user = memberIn(value);
    if (!this.#isRead(kind === "join" ? "memberJoins" : "memberLeaves", user)) return;
    if (this.#isOwn(user)) return;
    this.#whenUp(() => {
      if (kind === "join") this.#meet(user);
      else this.#members.delete(user.id);
      this.#context.host.event(memberEvent(user, this.#context, kind));
    });
  }

  #rememberMembers(value: unknown): void {
    for (const user of membersIn(value)) {
      if (!this.#isOwn(user)) this.#meet(user);
    }
  }

  #meet(user: KosmiUser): void {
    if (this.#members.size < MOST_MEMBERS) this.#members.set(user.id, personOf(user));
  }

  #whenUp(act: () => void): void {
    if (this.#early === null) act();
    else if (this.#early.length < MOST_EARLY) this.#early.push(act);
    // Read from the archive then.
    else this.#missedSome = true;
  }

  #isRead<T>(name: OperationName, read: T | null): read is T {
    if (read === null) this.#unreadable(name);
    else this.#unread.set(name, 0);
    return read !== null;
  }

  #unreadable(name: OperationName): void {
    const { title } = this.#context.protocol.operations[name];
    this.#context.said.warn(`unreadable ${name}`, "Kosmi sent an invalid payload for {title}", {
      title,
    });
    const before = this.#unread.get(name) ?? FIRST_UNREAD;
    this.#unread.set(name, before + 1);
    // One that is odd among many that can be read is no sign of a change.
    if (before + 1 < MANY_UNREAD) return;
    this.#unread.delete(name);
    void this.#context.runner.unreadable(name).then((isOther) => {
      if (isOther) {
        this.#leave({ reason: `${title} is asked for in other words now`, mend: "wait" });
      }
    });
  }

  #isOwn(user: KosmiUser | null): boolean {
    return user !== null && this.#context.ownIds.has(user.id);
  }
}
