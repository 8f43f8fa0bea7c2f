import type { SeededRandom } from "../e2e/faults/random.ts";
import { nastyText } from "./nasty_text.ts";

export interface FrameScene {
  /** Operations that the relay has begun on this connection: id and root field. */
  readonly operations: readonly { readonly id: string; readonly field: string }[];
  readonly secrets: readonly [string, ...string[]];
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const TYPES = [
  "next",
  "next",
  "next",
  "next",
  "error",
  "complete",
  "connection_ack",
  "ping",
  "pong",
  "ka",
  "",
] as const;

const MESSAGE_KEYS = [
  ...[
    "id",
    "body",
    "text",
    "time",
    "insertedAt",
    "user",
    "sender",
    "member",
    "reactions",
    "replyToMessageId",
  ],
  ...[
    "message",
    "messageId",
    "emoji",
    "reaction",
    "displayName",
    "username",
    "isAnonymous",
    "avatarUrl",
  ],
  ...[
    "ok",
    "results",
    "forwardCursor",
    "backCursor",
    "channelId",
    "roomId",
    "imageUrl",
    "__proto__",
  ],
] as const;

/** One frame that a broken or hostile server might send. */
export function kosmiFrame(random: SeededRandom, scene: FrameScene): string | Uint8Array {
  if (random.chance(0.02)) {
    return Uint8Array.from({ length: random.int(0, 50) }, () => random.int(0, 255));
  }
  const text = random.chance(0.03) ? nastyText(random) : JSON.stringify(frame(random, scene));
  return random.chance(0.05) ? cut(random, text) : text;
}

function frame(random: SeededRandom, scene: FrameScene): Json {
  if (random.chance(0.02)) return anything(random, 2);
  const known = scene.operations[random.int(0, Math.max(0, scene.operations.length - 1))];
  const begun = random.chance(0.9) ? known : undefined;
  const id: Json = begun?.id ?? (random.chance(0.5) ? nastyText(random) : anything(random, 1));
  // What ends the connection or an operation comes seldom: most frames must find somebody who reads them.
  const type = random.chance(0.93) ? "next" : random.pick(TYPES);
  return { id, type, payload: payload(random, type, begun?.field ?? "newMessage", scene) };
}

function payload(random: SeededRandom, type: string, field: string, scene: FrameScene): Json {
  const errors: Json = [{ message: `token ${random.pick(scene.secrets)}: ${nastyText(random)}` }];
  if (type === "error") return random.chance(0.7) ? errors : anything(random, 3);
  if (random.chance(0.1)) return anything(random, 3);
  const data = { [field]: random.chance(0.85) ? message(random) : anything(random, 4) };
  return random.chance(0.05) ? { data, errors } : { data };
}

/** What a new message looks like, with any part of it replaced by anything. */
function message(random: SeededRandom): Json {
  const body = maybe(random, nastyText(random));
  const fresh: { [key: string]: Json } = {
    id: maybe(random, `fuzz-${random.int(0, 1e9)}`),
    body,
    text: body,
    time: maybe(random, 1_790_000_000 + random.int(0, 1e6)),
    user: maybe(random, {
      id: maybe(random, `person-${random.int(0, 50)}`),
      displayName: maybe(random, nastyText(random)),
      username: maybe(random, nastyText(random)),
      isAnonymous: maybe(random, random.chance(0.5)),
    }),
    replyToMessageId: random.chance(0.2) ? nastyText(random) : null,
    emoji: nastyText(random),
  };
  return random.chance(0.1)
    ? { ...fresh, message: message(random), [random.pick(MESSAGE_KEYS)]: anything(random, 2) }
    : fresh;
}

function maybe(random: SeededRandom, value: Json): Json {
  return random.chance(0.06) ? anything(random, 2) : value;
}

function anything(random: SeededRandom, depth: number): Json {
  switch (random.int(0, depth > 0 ? 8 : 5)) {
    case 0:
      return null;
    case 1:
      return random.chance(0.5);
    case 2:
      return random.pick([0, -1, 1.5, 1e308, Number.MAX_SAFE_INTEGER + 2, -0]);
    case 3:
    case 4:
      return nastyText(random);
    case 5:
      return "";
    case 6:
      return Array.from({ length: random.int(0, 4) }, () => anything(random, depth - 1));
    default: {
      const keys = Array.from({ length: random.int(0, 5) }, () => random.pick(MESSAGE_KEYS));
      return Object.fromEntries(keys.map((key) => [key, anything(random, depth - 1)]));
    }
  }
}

function cut(random: SeededRandom, text: string): string {
  const at = random.int(0, text.length);
  return random.chance(0.5)
    ? text.slice(0, at)
    : text.slice(0, at) + nastyText(random) + text.slice(at);
}
