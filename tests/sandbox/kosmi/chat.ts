import { randomUUID } from "node:crypto";
import { KosmiError } from "./errors.ts";
import type { Hub } from "./hub.ts";
import { Room, type RoomOptions, type StoredMessage } from "./room.ts";
import type { KosmiUser } from "./users.ts";
import type { KosmiVariants } from "./variants.ts";
import { memberView, messageView, roomView } from "./views.ts";

export const DEFAULT_CHANNEL = "general";

export interface PostOptions {
  readonly channelId?: string;
  readonly replyTo?: string | null;
  /** When it was written, for a message that is not of now. */
  readonly atMs?: number;
}

interface ChatOptions {
  readonly hub: Hub;
  readonly now: () => number;
  readonly keepMessages: number;
  readonly variants: () => KosmiVariants;
  readonly changed: () => void;
  /** Does it after that time, or at once for 0. */
  readonly later: (waitMs: number, action: () => void) => void;
}

/** All rooms, and what can be done in them. Every change is published to the subscriptions. */
export class Chat {
  readonly #rooms = new Map<string, Room>();
  readonly #options: ChatOptions;
  #events = 0;

  constructor(options: ChatOptions) {
    this.#options = options;
  }

  addRoom(options: RoomOptions): Room {
    const room = new Room(options, this.#options.keepMessages);
    this.#rooms.set(room.id, room);
    return room;
  }

  /** The room of exactly that id: with its `@` if it has one. Throws ROOM_NOT_FOUND. */
  room(id: string): Room {
    const room = this.#rooms.get(id);
    if (room === undefined) throw new KosmiError("ROOM_NOT_FOUND");
    return room;
  }

  /** Keeps a message; `publish` shows it to the subscriptions. */
  post(
    room: Room,
    user: KosmiUser,
    body: string,
    options: PostOptions = {},
  ): { message: StoredMessage; publish: () => void } {
    const message = room.add({
      id: randomUUID(),
      channelId: options.channelId ?? DEFAULT_CHANNEL,
      user,
      atMs: options.atMs ?? this.#options.now(),
      replyToMessageId: options.replyTo ?? null,
      body,
      editedAtMs: null,
      deleted: false,
      reactions: [],
    });
    this.#options.changed();
    const publish = () => {
      if (!this.#isLost()) this.#publishMessage("newMessage", room, message);
    };
    return { message, publish };
  }

  edit(room: Room, id: string, body: string): StoredMessage {
    const message = this.#existing(room, id);
    message.body = body;
    message.editedAtMs = this.#options.now();
    this.#publishMessage("messageEdited", room, message);
    return message;
  }

  delete(room: Room, id: string): void {
    const message = this.#existing(room, id);
    message.deleted = true;
    if (this.#options.variants().deletedShape === "id") {
      this.#publish("messageDeleted", room, message.id, message.channelId);
    } else {
      this.#publishMessage("messageDeleted", room, message);
    }
  }

  /** Puts a reaction on, or takes it off again when it is there. Answers whether it is there now. */
  toggleReaction(room: Room, id: string, user: KosmiUser, emoji: string): boolean {
    const message = this.#existing(room, id);
    const others = message.reactions.filter((one) =>
      one.emoji !== emoji || one.user.id !== user.id
    );
    const added = others.length === message.reactions.length;
    message.reactions = added ? [...others, { emoji, user }] : others;
    const unit = this.#options.variants().timeUnit;
    const value = { messageId: id, emoji, user, message: messageView(message, room, unit) };
    this.#publish(added ? "reactionAdded" : "reactionRemoved", room, value, message.channelId);
    return added;
  }

  enter(room: Room, user: KosmiUser): void {
    if (!room.enter(user)) return;
    this.#publish("memberJoins", room, memberView(user));
    this.#publish("newMember", room, memberView(user));
    this.#publish("onRoomUpdate", room, roomView(room));
  }

  leave(room: Room, user: KosmiUser): void {
    if (!room.exit(user)) return;
    this.#publish("memberLeaves", room, memberView(user));
    this.#publish("onRoomUpdate", room, roomView(room));
  }

  typing(room: Room, user: KosmiUser, channelId: string): void {
    this.#publish("userTyping", room, { user }, channelId);
  }

  #isLost(): boolean {
    const { lostEvents } = this.#options.variants();
    if (typeof lostEvents === "string") return lostEvents === "all";
    this.#events += 1;
    return this.#events % lostEvents.every === 0;
  }

  #existing(room: Room, id: string): StoredMessage {
    const message = room.find(id);
    if (message === null || message.deleted) throw new KosmiError("MESSAGE_NOT_FOUND");
    return message;
  }

  #publishMessage(field: string, room: Room, message: StoredMessage): void {
    const value = messageView(message, room, this.#options.variants().timeUnit);
    this.#publish(field, room, value, message.channelId);
  }

  #publish(field: string, room: Room, value: unknown, channelId?: string): void {
    const { beforeJoin, deliveryDelayMs, duplicates } = this.#options.variants();
    const event = { field, roomId: room.id, value, copies: 1 + duplicates };
    this.#options.later(deliveryDelayMs, () => {
      this.#options.hub.publish(
        channelId === undefined ? event : { ...event, channelId },
        beforeJoin,
      );
      this.#options.changed();
    });
  }
}
