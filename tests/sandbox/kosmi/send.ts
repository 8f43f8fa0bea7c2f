import type { KosmiCore } from "./core.ts";
import { KosmiError } from "./errors.ts";
import type { SocketSession } from "./session.ts";
import type { KosmiUser } from "./users.ts";
import { messageView } from "./views.ts";

export interface SendArguments {
  readonly body: string;
  readonly roomId: string;
  readonly channelId?: string | null;
  readonly replyToMessageId?: string | null;
}

export interface SendResult {
  readonly ok: boolean;
  readonly id?: string;
  readonly message?: Record<string, unknown>;
}

/** sendMessage as the variants want it. The message shows on the subscriptions after the answer, unless `echoFirst`. */
export function sendMessage(
  core: KosmiCore,
  args: SendArguments,
  { session, user }: { session: SocketSession; user: KosmiUser },
  afterReply: (() => void)[],
): SendResult {
  const room = core.chat.room(args.roomId);
  core.counters.sends += 1;
  const verdict = judge(core, args.body, session, user);
  if (verdict.kind === "not-ok") return { ok: false };
  // ok without a join, and nothing shows: what the browser's order of operations is for.
  if (verdict.kind === "lost" || !mayShow(core, session, args.roomId)) return { ok: true };
  const { message, publish } = core.chat.post(room, user, verdict.body, {
    replyTo: args.replyToMessageId ?? null,
    ...(args.channelId ? { channelId: args.channelId } : {}),
  });
  if (core.variants.echoFirst) publish();
  else afterReply.push(publish);
  if (!core.variants.sendReturnsId) return { ok: true };
  return {
    ok: true,
    id: message.id,
    message: messageView(message, room, core.variants.timeUnit),
  };
}

function mayShow(core: KosmiCore, session: SocketSession, roomId: string): boolean {
  return session.joined.has(roomId) || core.variants.beforeJoin === "deliver";
}

type Verdict = { kind: "post"; body: string } | { kind: "not-ok" } | { kind: "lost" };

function judge(core: KosmiCore, body: string, session: SocketSession, user: KosmiUser): Verdict {
  const { maxLength, rateLimit, lostSends } = core.variants;
  if (maxLength !== null && body.length > maxLength.characters) {
    if (maxLength.how === "error") throw new KosmiError(maxLength.message);
    if (maxLength.how === "not-ok") return { kind: "not-ok" };
    return { kind: "post", body: body.slice(0, maxLength.characters) };
  }
  if (rateLimit !== null && !core.sendRate(user, rateLimit)) {
    if (rateLimit.how === "error") throw new KosmiError(rateLimit.message);
    return rateLimit.how === "not-ok" ? { kind: "not-ok" } : { kind: "lost" };
  }
  session.sends += 1;
  if (lostSends === "all") return { kind: "lost" };
  if (lostSends !== "none" && session.sends % lostSends.every === 0) return { kind: "lost" };
  return { kind: "post", body };
}
