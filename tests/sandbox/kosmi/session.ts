// @ts-types="@types/ws"
import { WebSocket } from "ws";
import type { AbsintheError } from "./absinthe.ts";
import type { KosmiCore } from "./core.ts";
import { prepareSubscription, type RunnableDocument, runOperation } from "./documents.ts";
import type { Subscription } from "./hub.ts";
import { isRecord, recordOperation } from "./frames.ts";
import { seededRandom } from "./random.ts";
import { type OperationContext, rootFields } from "./resolvers.ts";
import type { Room } from "./room.ts";
import type { KosmiUser } from "./users.ts";
import type { KosmiVariants } from "./variants.ts";

/** What the stand-in's user may see of a live socket. */
export interface ConnectionView {
  readonly id: number;
  readonly user: { readonly id: string; readonly name: string; readonly anonymous: boolean } | null;
  readonly token: string | null;
  readonly init: unknown;
  readonly userAgent: string | null;
  readonly origin: string | null;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly joined: readonly string[];
  /** Root fields of its subscriptions, in the order they were made. */
  readonly subscriptions: readonly string[];
}

type Frame = Readonly<Record<string, unknown>>;

/** One gql-ws socket: the server library's frames and closings, and what is remembered of the client. */
export class SocketSession {
  readonly id: number;
  readonly joined = new Set<string>();
  user: KosmiUser | null = null;
  sends = 0;
  readonly #core: KosmiCore;
  readonly #socket: WebSocket;
  readonly #root: object;
  readonly #headers: { userAgent: string | null; origin: string | null };
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #random: { key: KosmiVariants["shuffle"]; next: () => number } = { key: null, next: () => 0 };
  #initialized = false;
  #init: unknown = null;
  #framesIn = 0;
  #framesOut = 0;

  constructor(
    core: KosmiCore,
    socket: WebSocket,
    options: { id: number; userAgent: string | null; origin: string | null },
  ) {
    this.#core = core;
    this.#socket = socket;
    this.#root = rootFields(core);
    this.id = options.id;
    this.#headers = options;
    socket.on("message", (data, isBinary) => this.#receive(String(data), isBinary));
    socket.on("close", () => this.#closed());
    socket.on("error", () => socket.terminate());
    core.sessions.add(this);
    this.variantsChanged();
    core.waiting.changed();
  }

  view(): ConnectionView {
    const user = this.user;
    const token = isRecord(this.#init) ? this.#init["token"] : null;
    return {
      id: this.id,
      user: user && { id: user.id, name: user.displayName, anonymous: user.isAnonymous },
      token: typeof token === "string" ? token : null,
      init: this.#init,
      userAgent: this.#headers.userAgent,
      origin: this.#headers.origin,
      framesIn: this.#framesIn,
      framesOut: this.#framesOut,
      joined: [...this.joined],
      subscriptions: [...this.#subscriptions.values()].map((subscription) => subscription.field),
    };
  }

  /** Sends a frame as it stands, whatever it is. */
  send(frame: string | Uint8Array): void {
    if (this.#core.variants.silent || this.#socket.readyState !== WebSocket.OPEN) return;
    this.#framesOut += 1;
    this.#socket.send(frame);
  }

  /** The control ping of every 30 s. */
  ping(): void {
    if (!this.#core.variants.silent && this.#socket.readyState === WebSocket.OPEN) {
      this.#socket.ping("ping");
    }
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
    // A closed session is out of the rooms at once, whether the client answers the close or not.
    this.#closed();
  }

  /** Ends the socket without a close frame: the client sees 1006. */
  terminate(): void {
    this.#socket.terminate();
  }

  variantsChanged(): void {
    // A paused socket is not read at all: no pong, no close; TCP stays.
    if (this.#core.variants.silent) this.#socket.pause();
    else if (this.#socket.isPaused) this.#socket.resume();
  }

  enter(room: Room): void {
    if (this.joined.has(room.id) || this.user === null) return;
    this.joined.add(room.id);
    this.#core.chat.enter(room, this.user);
  }

  leave(room: Room): void {
    if (!this.joined.delete(room.id) || this.user === null) return;
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.roomId === room.id) subscription.live = false;
    }
    this.#core.chat.leave(room, this.user);
  }

  #receive(text: string, isBinary: boolean): void {
    this.#framesIn += 1;
    // The library has no clause for binary frames: its process dies.
    if (isBinary) return this.terminate();
    let frame: unknown;
    try {
      frame = JSON.parse(text);
    } catch {
      return this.send('{"id":"4400","type":"error","payload":{}}');
    }
    if (isRecord(frame)) this.#handle(frame);
    else this.close(4400, "Unhandled message from client");
  }

  #handle(frame: Frame): void {
    switch (frame["type"]) {
      case "connection_init":
        if (this.#initialized) return this.close(4429, "Too many initialisation requests");
        return this.#initialize(frame["payload"] ?? {});
      case "subscribe":
        if (!this.#initialized) {
          return this.close(4400, "Subscribe message received before ConnectionInit");
        }
        if (frame["id"] === undefined || frame["payload"] === undefined) break;
        return this.#operate(frame["id"], frame["payload"]);
      case "complete":
        if (frame["id"] === undefined) break;
        return this.#unsubscribe(String(frame["id"]));
      case "ping":
        return this.send('{"type":"pong"}');
    }
    this.close(4400, "Unhandled message from client");
  }

  #initialize(payload: unknown): void {
    this.#init = payload;
    const { core, variants } = { core: this.#core, variants: this.#core.variants };
    core.counters.inits += 1;
    core.record({ kind: "init", atMs: core.now(), connection: this.id, payload });
    const check = core.users.check(isRecord(payload) ? payload["token"] : null);
    const expired = check.kind === "expired" ? variants.expiredToken : null;
    if (variants.init === "silence" || expired === "silence") return;
    if (check.kind === "bad" || variants.init === "refuse" || expired === "refuse") {
      core.counters.refusedInits += 1;
      core.waiting.changed();
      return this.send(JSON.stringify({ id: variants.refusal, type: "error", payload: {} }));
    }
    const hidden = expired === "anonymous" || variants.loggedInShowsAnonymous;
    this.user = hidden && !check.user.isAnonymous ? masked(check.user) : check.user;
    this.#initialized = true;
    if (variants.oneConnectionPerUser) this.#closeOthers(check.user.id);
    this.#later(variants.ackDelayMs, () => this.send('{"type":"connection_ack","payload":{}}'));
    core.waiting.changed();
  }

  #closeOthers(userId: string): void {
    for (const other of [...this.#core.sessions]) {
      if (other !== this && other.user?.id === userId) other.close(1000, "");
    }
  }

  #operate(id: unknown, payload: unknown): void {
    const query = isRecord(payload) && typeof payload["query"] === "string" ? payload["query"] : "";
    const given = isRecord(payload) ? payload["variables"] : null;
    const variables = isRecord(given) ? given : {};
    const compiled = this.#core.documents.socket.compile(query);
    recordOperation(this.#core, this.id, compiled, query, variables);
    if (compiled.kind === "invalid") return this.#refuse(id, compiled.errors);
    if (concerns(this.#core.variants.crash, compiled)) return;
    if (compiled.kind === "subscription") return this.#subscribe(id, compiled, variables);
    const context: OperationContext = { session: this, afterReply: [] };
    const result = runOperation(compiled, variables, this.#root, context);
    if (!concerns(this.#core.variants.noReply, compiled)) {
      if (result.data === undefined) this.#refuse(id, result.errors ?? []);
      else this.#answer(id, JSON.stringify(result));
    }
    for (const action of context.afterReply) action();
  }

  #subscribe(id: unknown, document: RunnableDocument, variables: Record<string, unknown>): void {
    const prepared = prepareSubscription(document, variables);
    if ("errors" in prepared) return this.#refuse(id, prepared.errors);
    const { field, args, render } = prepared;
    const roomId = String(args["roomId"] ?? args["id"]);
    const channelId = args["channelId"];
    const subscription: Subscription = {
      subscriber: this,
      id: String(id),
      field,
      roomId,
      channelId: typeof channelId === "string" ? channelId : null,
      document,
      variablesKey: JSON.stringify(variables),
      render,
      live: this.joined.has(roomId),
    };
    this.#unsubscribe(subscription.id);
    this.#subscriptions.set(subscription.id, subscription);
    this.#core.hub.add(subscription);
    this.#core.counters.subscriptions += 1;
    this.#core.waiting.changed();
  }

  #unsubscribe(id: string): void {
    const subscription = this.#subscriptions.get(id);
    if (subscription === undefined) return;
    this.#subscriptions.delete(id);
    this.#core.hub.remove(subscription);
  }

  #answer(id: unknown, payload: string): void {
    const idText = JSON.stringify(id);
    const next = `{"id":${idText},"type":"next","payload":${payload}}`;
    const complete = `{"id":${idText},"type":"complete","payload":{}}`;
    const firstMs = this.#randomDelay();
    this.#later(firstMs, () => this.send(next));
    this.#later(firstMs === 0 ? 0 : firstMs + this.#randomDelay(), () => this.send(complete));
  }

  #refuse(id: unknown, errors: readonly AbsintheError[]): void {
    const frame = JSON.stringify({ id, type: "error", payload: errors });
    this.#later(this.#randomDelay(), () => this.send(frame));
  }

  #randomDelay(): number {
    const { shuffle } = this.#core.variants;
    if (shuffle === null) return 0;
    if (this.#random.key !== shuffle) {
      this.#random = { key: shuffle, next: seededRandom(shuffle.seed + this.id) };
    }
    return 1 + this.#random.next() * shuffle.maxDelayMs;
  }

  #later(waitMs: number, action: () => void): void {
    if (waitMs <= 0) return action();
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, waitMs);
    this.#timers.add(timer);
  }

  #closed(): void {
    if (!this.#core.sessions.delete(this)) return;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const subscription of this.#subscriptions.values()) this.#core.hub.remove(subscription);
    this.#subscriptions.clear();
    for (const roomId of [...this.joined]) this.leave(this.#core.chat.room(roomId));
    this.#core.waiting.changed();
  }
}

/** Whether a list of root fields or operation names has this document. */
function concerns(names: readonly string[], compiled: RunnableDocument): boolean {
  if (names.length === 0) return false;
  return compiled.fields.some((field) => names.includes(field)) ||
    (compiled.name !== null && names.includes(compiled.name));
}

function masked(user: KosmiUser): KosmiUser {
  return { ...user, displayName: "Anonymous Otter", username: null, isAnonymous: true };
}
