import type { PostOptions } from "./chat.ts";
import type { KosmiCore, KosmiCounters, LogEntry } from "./core.ts";
import type { Images, StoredImage } from "./images.ts";
import { type Junk, junkFrame } from "./junk.ts";
import type { Room, RoomOptions, StoredMessage } from "./room.ts";
import { PATHS } from "./paths.ts";
import type { KosmiServer } from "./server.ts";
import type { ConnectionView } from "./session.ts";
import type { KosmiUser, UserOptions } from "./users.ts";
import type { KosmiVariants, VariantChange } from "./variants.ts";

/** Who speaks in `say`: somebody of that name (made when new), told from a namesake by `userId`. */
export interface Speaker {
  readonly name: string;
  readonly userId?: string;
  readonly anonymous?: boolean;
}

/** A message as tests look at it. */
export interface SeenMessage {
  readonly id: string;
  readonly text: string;
  readonly author: { readonly id: string; readonly name: string; readonly anonymous: boolean };
  readonly atMs: number;
  readonly channelId: string;
  readonly replyTo: string | null;
  readonly edited: boolean;
  readonly reactions: readonly { readonly emoji: string; readonly userId: string }[];
}

/** A running stand-in Kosmi, and what a test may do to it and see of it. */
export class KosmiSandbox implements AsyncDisposable {
  readonly #core: KosmiCore;
  readonly #server: KosmiServer;
  readonly #images: Images;

  constructor(core: KosmiCore, server: KosmiServer, images: Images) {
    this.#core = core;
    this.#server = server;
    this.#images = images;
  }

  /** Address of the web app, without a slash at its end. */
  get appUrl(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }
  get httpEndpoint(): string {
    return `${this.appUrl}${PATHS.engine}`;
  }
  get wsEndpoint(): string {
    return `ws://127.0.0.1:${this.#server.port}${PATHS.socket}`;
  }
  get imageEndpoint(): string {
    return `${this.appUrl}${PATHS.images}`;
  }
  get port(): number {
    return this.#server.port;
  }
  get counters(): Readonly<KosmiCounters> {
    return this.#core.counters;
  }
  get variants(): KosmiVariants {
    return this.#core.variants;
  }

  /** Address of a room's page: what a configuration calls RoomURL. */
  roomUrl(roomId: string): string {
    return `${this.appUrl}/room/${roomId}`;
  }

  addRoom(options: RoomOptions): void {
    this.#core.chat.addRoom(options);
  }

  addUser(options: UserOptions): KosmiUser {
    return this.#core.users.add(options);
  }

  /** Somebody says something. `timestamp` (ms) is when it was written; `replyTo` the id of another message. */
  say(
    roomId: string,
    who: Speaker,
    text: string,
    options: { replyTo?: string; timestamp?: number; channelId?: string } = {},
  ): SeenMessage {
    const room = this.#core.chat.room(roomId);
    const post: PostOptions = {
      replyTo: options.replyTo ?? null,
      ...(options.timestamp === undefined ? {} : { atMs: options.timestamp }),
      ...(options.channelId === undefined ? {} : { channelId: options.channelId }),
    };
    const { message, publish } = this.#core.chat.post(
      room,
      this.#core.users.member(who),
      text,
      post,
    );
    publish();
    return seen(message);
  }

  edit(roomId: string, messageId: string, text: string): void {
    this.#core.chat.edit(this.#core.chat.room(roomId), messageId, text);
  }

  delete(roomId: string, messageId: string): void {
    this.#core.chat.delete(this.#core.chat.room(roomId), messageId);
  }

  /** Puts a reaction on the message; the second time takes it off. Answers whether it is there now. */
  react(roomId: string, messageId: string, who: Speaker, emoji: string): boolean {
    const user = this.#core.users.member(who);
    return this.#core.chat.toggleReaction(this.#core.chat.room(roomId), messageId, user, emoji);
  }

  join(roomId: string, who: Speaker): void {
    this.#core.chat.enter(this.#core.chat.room(roomId), this.#core.users.member(who));
  }

  leave(roomId: string, who: Speaker): void {
    this.#core.chat.leave(this.#core.chat.room(roomId), this.#core.users.member(who));
  }

  typing(roomId: string, who: Speaker): void {
    const room = this.#core.chat.room(roomId);
    this.#core.chat.typing(room, this.#core.users.member(who), "general");
  }

  /** What the room holds, oldest first (at most `keepMessages`). */
  messages(roomId: string): SeenMessage[] {
    return this.#core.chat.room(roomId).history().map(seen);
  }

  /** How many messages the room ever got. */
  messageCount(roomId: string): number {
    return this.#core.chat.room(roomId).messageCount;
  }

  /** Names of who is in the room. */
  members(roomId: string): string[] {
    return this.#core.chat.room(roomId).members().map((user) => user.displayName);
  }

  /** The first message, already there or to come, that the predicate likes. */
  async waitForMessage(
    roomId: string,
    predicate: (message: SeenMessage) => boolean,
    timeoutMs = 5000,
  ): Promise<SeenMessage> {
    const room = this.#core.chat.room(roomId);
    const found: { message: SeenMessage | null; upTo: number } = { message: null, upTo: -1 };
    await this.waitUntil(
      () => findNew(room, predicate, found),
      timeoutMs,
      `the message in ${roomId}`,
    );
    if (found.message === null) {
      throw new Error(`Cannot see the message in ${roomId}: it went away`);
    }
    return found.message;
  }

  /** Waits for a state of the server; looked at after every change. */
  async waitUntil(check: () => boolean, timeoutMs = 5000, what = "the state"): Promise<void> {
    await this.#core.waiting.until(check, timeoutMs, what);
  }

  connections(): ConnectionView[] {
    return [...this.#core.sessions].map((session) => session.view());
  }

  /** Ends the live sockets: with a close code, or without any (the client sees 1006). */
  dropConnections(how: { code?: number; reason?: string; userId?: string } = {}): void {
    for (const session of [...this.#core.sessions]) {
      if (how.userId !== undefined && session.user?.id !== how.userId) continue;
      if (how.code === undefined) session.terminate();
      else session.close(how.code, how.reason ?? "");
    }
  }

  /** Takes live sockets out of the room without telling them: their subscriptions fall silent, sends are ok and lost. */
  expel(roomId: string, userId?: string): void {
    const room = this.#core.chat.room(roomId);
    for (const session of this.#core.sessions) {
      if (userId === undefined || session.user?.id === userId) session.leave(room);
    }
  }

  /** Sends a frame as it stands to every live socket. */
  sendRaw(frame: string | Uint8Array): void {
    for (const session of this.#core.sessions) session.send(frame);
  }

  /** Sends a frame that nobody should send: see the README beside this folder. */
  sendJunk(kind: Junk): void {
    this.sendRaw(junkFrame(kind));
  }

  setVariant(change: VariantChange): void {
    this.#core.setVariant(change);
  }

  /** A token that the server signed: of the user with that email (made when new), or of a new anonymous user. */
  issueToken(
    options: { expInDays?: number; anonymous?: boolean; email?: string; userId?: string } = {},
  ): string {
    return this.#core.users.issueToken(this.#tokenUser(options), options.expInDays);
  }

  /** From now on the token is refused; live sockets stay. */
  revokeToken(token: string): void {
    this.#core.users.revokeToken(token);
  }

  /** What clients sent, oldest first (the last `keepLog` entries). */
  log(): LogEntry[] {
    return this.#core.log();
  }

  /** Uploads by the file name that was given back. */
  images(): ReadonlyMap<string, StoredImage> {
    return this.#images.all();
  }

  /** Takes the server away: every socket ends, the port refuses. */
  stop(): Promise<void> {
    return this.#server.stop();
  }

  /** Brings it back on the same port, with all it knew. */
  start(): Promise<void> {
    return this.#server.start();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #tokenUser(options: { anonymous?: boolean; email?: string; userId?: string }): KosmiUser {
    const { users } = this.#core;
    if (options.anonymous === true) return users.addAnonymous();
    const known = options.userId === undefined ? null : users.byId(options.userId);
    if (known !== null) return known;
    const email = options.email ?? "bot@example.org";
    return users.byEmail(email) ??
      users.add({ email, password: "s3cr3t horse", displayName: email.split("@")[0] ?? email });
  }
}

function seen(message: StoredMessage): SeenMessage {
  const { user } = message;
  return {
    id: message.id,
    text: message.body,
    author: { id: user.id, name: user.displayName, anonymous: user.isAnonymous },
    atMs: message.atMs,
    channelId: message.channelId,
    replyTo: message.replyToMessageId,
    edited: message.editedAtMs !== null,
    reactions: message.reactions.map(({ emoji, user }) => ({ emoji, userId: user.id })),
  };
}

/** Looks only at messages that were not looked at before: a bench waits while thousands come. */
function findNew(
  room: Room,
  predicate: (message: SeenMessage) => boolean,
  found: { message: SeenMessage | null; upTo: number },
): boolean {
  for (const message of room.since(found.upTo)) {
    found.upTo = message.sequence;
    const view = seen(message);
    if (!predicate(view)) continue;
    found.message = view;
    return true;
  }
  return false;
}
