import { DEFAULT_CHANNEL } from "./chat.ts";
import type { KosmiCore } from "./core.ts";
import { KosmiError } from "./errors.ts";
import type { Room, StoredMessage } from "./room.ts";
import { type SendArguments, sendMessage } from "./send.ts";
import type { SocketSession } from "./session.ts";
import type { KosmiUser } from "./users.ts";
import { memberView, messageView, roomView } from "./views.ts";

/** What a resolver knows besides its arguments. `session` is null over HTTP. */
export interface OperationContext {
  readonly session: SocketSession | null;
  /** Things to do once the answer was sent. */
  readonly afterReply: (() => void)[];
}

interface RoomArgument {
  readonly roomId: string;
}

/** The root fields by their original names; a subscription's are its events, not these. */
export function rootFields(core: KosmiCore): object {
  return Object.fromEntries(
    Object.entries(trueFields(core)).map((
      [name, resolve],
    ) => [name, withFaults(core, name, resolve)]),
  );
}

type Resolver = (args: never, context: OperationContext) => unknown;

function withFaults(core: KosmiCore, name: string, resolve: Resolver): Resolver {
  return (args, context) => {
    const failure = core.variants.failing[name];
    if (failure !== undefined) throw new KosmiError(failure);
    return core.variants.notOk.includes(name) ? { ok: false } : resolve(args, context);
  };
}

function trueFields(core: KosmiCore): Record<string, Resolver> {
  const { chat, users } = core;
  const members = ({ roomId }: RoomArgument) => chat.room(roomId).members().map(memberView);
  const send = (args: SendArguments, context: OperationContext) =>
    sendMessage(core, args, signedIn(context), context.afterReply);
  return {
    currentUser: (_: unknown, { session }: OperationContext) => session?.user ?? null,
    room: ({ id }: { id: string }) => roomView(chat.room(id)),
    members,
    getMembers: members,
    linkedMembers: () => [],
    chatArchive: (args: ArchiveArguments) => archive(core, args),
    anonLogin: () => {
      core.counters.anonLogins += 1;
      const user = users.addAnonymous();
      return { token: users.issueToken(user), user };
    },
    slackLogin: () => {
      throw new KosmiError("INVALID_CODE");
    },
    joinRoom: (args: JoinArguments, context: OperationContext) =>
      join(core, args, signedIn(context)),
    roomDisconnect: ({ id }: { id: string }, context: OperationContext) => {
      signedIn(context).session.leave(chat.room(id));
      return { ok: true };
    },
    sendMessage: send,
    sendMessage2: send,
    startTyping: (args: RoomArgument & { channelId?: string }, context: OperationContext) => {
      const { session, user } = signedIn(context);
      if (session.joined.has(args.roomId)) {
        chat.typing(chat.room(args.roomId), user, args.channelId ?? DEFAULT_CHANNEL);
      }
      return { ok: true };
    },
    setRole2: () => {
      throw new KosmiError("UNAUTHORIZED");
    },
  };
}

interface JoinArguments {
  readonly id: string;
  readonly disconnectOtherConnections?: boolean | null;
}

function join(
  core: KosmiCore,
  args: JoinArguments,
  { session, user }: { session: SocketSession; user: KosmiUser },
): { ok: boolean } {
  const room = core.chat.room(args.id);
  if (room.private && user.isAnonymous) throw new KosmiError(core.variants.privateRoomError);
  core.counters.joins += 1;
  if (args.disconnectOtherConnections === true) disconnectOthers(core, room, session, user);
  session.enter(room);
  return { ok: true };
}

function disconnectOthers(
  core: KosmiCore,
  room: Room,
  session: SocketSession,
  user: KosmiUser,
): void {
  for (const other of [...core.sessions]) {
    if (other === session || other.user?.id !== user.id || !other.joined.has(room.id)) continue;
    if (core.variants.otherConnections === "close") other.close(1000, "");
    if (core.variants.otherConnections === "silent") other.leave(room);
  }
}

interface ArchiveArguments extends RoomArgument {
  readonly cursor?: string | null;
}

/** One page, the newest without a cursor. `backCursor` leads to older messages, `forwardCursor` to newer ones. */
function archive(core: KosmiCore, { roomId, cursor }: ArchiveArguments): Record<string, unknown> {
  const { archivePageSize, archiveOrder, timeUnit } = core.variants;
  const room = core.chat.room(roomId);
  const before = cursor === undefined || cursor === null ? Infinity : readCursor(cursor);
  const { messages, more } = room.page(before, archivePageSize);
  const oldest = messages[0];
  const ordered = archiveOrder === "oldest-first" ? messages : messages.toReversed();
  const newer = before + archivePageSize;
  return {
    backCursor: more && oldest !== undefined ? writeCursor(oldest.sequence) : null,
    forwardCursor: before === Infinity ? null : writeCursor(newer),
    results: ordered.map((message: StoredMessage) => messageView(message, room, timeUnit)),
  };
}

function writeCursor(sequence: number): string {
  return btoa(`before:${sequence}`);
}

function readCursor(cursor: string): number {
  const sequence = /^YmVmb3Jl/.test(cursor) ? Number(atob(cursor).slice("before:".length)) : NaN;
  if (!Number.isInteger(sequence)) throw new KosmiError("INVALID_CURSOR");
  return sequence;
}

function signedIn({ session }: OperationContext): { session: SocketSession; user: KosmiUser } {
  const user = session?.user ?? null;
  if (session === null || user === null) throw new KosmiError("UNAUTHENTICATED");
  return { session, user };
}
