import type { Room, StoredMessage } from "./room.ts";
import type { KosmiUser } from "./users.ts";
import type { KosmiVariants } from "./variants.ts";

/** Turn what rooms hold into what the schema's types show. */

export function messageView(
  message: StoredMessage,
  room: Room,
  unit: KosmiVariants["timeUnit"],
): Record<string, unknown> {
  return {
    id: message.id,
    body: message.body,
    time: timeIn(message.atMs, unit),
    editedAt: message.editedAtMs === null ? null : timeIn(message.editedAtMs, unit),
    channelId: message.channelId,
    user: message.user,
    member: memberView(message.user),
    reactions: message.reactions,
    replyToMessageId: message.replyToMessageId,
    replyTo: () => {
      const original = message.replyToMessageId === null
        ? null
        : room.find(message.replyToMessageId);
      return original === null ? null : messageView(original, room, unit);
    },
  };
}

export function memberView(user: KosmiUser): Record<string, unknown> {
  return { id: user.id, role: "MEMBER", user };
}

export function roomView(room: Room): Record<string, unknown> {
  const members = () => room.members().map(memberView);
  return { id: room.id, name: room.name, private: room.private, members };
}

function timeIn(atMs: number, unit: KosmiVariants["timeUnit"]): number | string {
  switch (unit) {
    case "seconds":
      return Math.floor(atMs / 1000);
    case "milliseconds":
      return atMs;
    case "iso":
      return new Date(atMs).toISOString();
  }
}
