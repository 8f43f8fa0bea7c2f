// @ts-types="@types/ws"
import { WebSocket } from "ws";
import type { KosmiCore } from "./core.ts";
import { isRecord } from "./frames.ts";
import { SocketOperations } from "./operations.ts";
import type { Room } from "./room.ts";
import type { KosmiUser } from "./users.ts";

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
  readonly #headers: { userAgent: string | null; origin: string | null };
  readonly #operations: SocketOperations;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
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
    this.#operations = new SocketOperations(core, this);
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
      subscriptions: this.#operations.fields(),
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
    this.#operations.roomLeft(room.id);
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
        return this.#operations.run(frame["id"], frame["payload"]);
      case "complete":
        if (frame["id"] === undefined) break;
        return this.#operations.unsubscribe(String(frame["id"]));
      case "ping":
        return this.send('{"type":"pong"}');
    }
    this.close(4400, "Unhandled message from client");
  }

  #initialize(payload: unknown): void {
    this.#init = payload;
    const core = this.#core;
    const { variants } = core;
    core.counters.inits += 1;
    core.record({ kind: "init", atMs: core.now(), connection: this.id, payload });
    const check = core.users.check(isRecord(payload) ? payload["token"] : null);
    const expired = check.kind === "expired" ? variants.expiredToken : null;
    if (variants.init === "silence" || expired === "silence") return;
    const old = isOld(payload, variants.minimumVersion);
    if (check.kind === "bad" || variants.init === "refuse" || expired === "refuse" || old) {
      core.counters.refusedInits += 1;
      core.waiting.changed();
      return this.send(JSON.stringify({ id: variants.refusal, type: "error", payload: {} }));
    }
    const hidden = expired === "anonymous" || variants.loggedInShowsAnonymous;
    this.user = hidden && !check.user.isAnonymous ? masked(check.user) : check.user;
    this.#initialized = true;
    if (variants.oneConnectionPerUser) this.#closeOthers(check.user.id);
    this.later(variants.ackDelayMs, () => this.send('{"type":"connection_ack","payload":{}}'));
    core.waiting.changed();
  }

  #closeOthers(userId: string): void {
    for (const other of [...this.#core.sessions]) {
      if (other !== this && other.user?.id === userId) other.close(1000, "");
    }
  }

  /** Does it now, or after a wait that ends with the socket. */
  later(waitMs: number, action: () => void): void {
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
    this.#operations.close();
    for (const roomId of [...this.joined]) this.leave(this.#core.chat.room(roomId));
    this.#core.waiting.changed();
  }
}

function masked(user: KosmiUser): KosmiUser {
  return { ...user, displayName: "Anonymous Otter", username: null, isAnonymous: true };
}

function isOld(payload: unknown, minimum: number | null): boolean {
  if (minimum === null) return false;
  return !(isRecord(payload) && Number(payload["v"]) >= minimum);
}
