import { mergeOverrides, type MergeResult } from "./overrides.ts";
import type {
  ArgumentSpec,
  FieldSpec,
  KosmiProtocol,
  LoginPage,
  Need,
  OperationSpec,
  ShapeName,
} from "./protocol.ts";

/** The one place for everything that may change at Kosmi. Each value can be overridden in the configuration. */

const required = (...names: string[]): FieldSpec => ({ names, need: "required" });
const wanted = (...names: string[]): FieldSpec => ({ names, need: "wanted" });
const offered = (...names: string[]): FieldSpec => ({ names, need: "offered" });
const object = (need: Need, shape: ShapeName, ...names: string[]): FieldSpec => ({
  names,
  need,
  shape,
});

const STRING = ["String!", "ID!", "String", "ID"];
const argument = (need: Need, ...names: string[]): ArgumentSpec => ({ names, need, types: STRING });
const ROOM = argument("required", "roomId", "id", "room");
const CHANNEL = argument("wanted", "channelId", "channel");

const operation = (
  kind: OperationSpec["kind"],
  title: string,
  shape: ShapeName,
  names: readonly string[],
  args: OperationSpec["arguments"],
): OperationSpec => ({ kind, title, names, arguments: args, shape, document: "" });

/** Labels, roles and selectors of the web app's login, each with alternatives. */
export const LOGIN_PAGE: LoginPage = {
  path: "/",
  tokenKey: "token",
  loginButton: {
    roles: ["button", "link", "menuitem"],
    texts: ["Login", "Log in", "Log In", "Sign in"],
    selectors: ['[data-testid*="login" i]', 'a[href*="login" i]', 'button[class*="login" i]'],
  },
  emailChoice: {
    roles: ["button", "link", "tab", "menuitem"],
    texts: [
      "Login with Email",
      "Log in with Email",
      "Sign in with Email",
      "Continue with Email",
      "Use Email",
      "Email",
    ],
    selectors: ['[data-testid*="email" i]', 'button[class*="email" i]'],
  },
  emailField: {
    roles: ["textbox"],
    texts: ["Email", "E-mail", "Email address", "Email or username"],
    selectors: [
      'input[type="email"]',
      'input[autocomplete="email"]',
      'input[autocomplete="username"]',
      'input[name*="email" i]',
      'input[placeholder*="mail" i]',
      'input[type="text"]',
    ],
  },
  passwordField: {
    roles: ["textbox"],
    texts: ["Password"],
    selectors: [
      'input[type="password"]',
      'input[autocomplete="current-password"]',
      'input[name*="password" i]',
    ],
  },
  submitButton: {
    roles: ["button"],
    texts: ["Login", "Log in", "Sign in", "Submit", "Continue"],
    selectors: ['form button[type="submit"]', 'input[type="submit"]', "form button"],
  },
  errorMessage: {
    roles: ["alert", "status"],
    texts: [],
    selectors: ['[role="alert"]', '[class*="error" i]', '[aria-live="assertive"]'],
  },
  wrongCredentials: [
    "(wrong|invalid|incorrect|bad|unknown).{0,40}(password|e-?mail|credential|login|user)",
    "(password|e-?mail|credential|login|user).{0,40}(wrong|invalid|incorrect|not found|doesn.t match|does not match)",
    "no (such )?(user|account)",
  ],
  captcha: {
    texts: ["captcha", "not a robot", "are you (a )?human", "verify (that )?you are human"],
    selectors: [
      'iframe[src*="captcha" i]',
      'iframe[src*="challenges" i]',
      '[class*="captcha" i]',
      '[id*="captcha" i]',
      '[class*="turnstile" i]',
    ],
  },
  secondFactor: {
    texts: [
      "two.factor",
      "2fa",
      "authenticator",
      "(verification|security|one.time|6.digit) code",
      "check your e-?mail",
    ],
    selectors: ['input[autocomplete="one-time-code"]', 'input[name*="otp" i]'],
  },
};

export const KOSMI_PROTOCOL: KosmiProtocol = {
  v: "4364",
  r: "",
  userAgent:
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
  origin: "https://app.kosmi.io",
  channelId: "general",
  disconnectOtherConnections: false,
  introspection: true,
  anonLogin: {
    document: "mutation { anonLogin { token user { id displayName } } }",
    fallbackDocument: "mutation { anonLogin { token } }",
  },
  image: { field: "file", nameKeys: ["filename", "fileName", "name", "url"], timeoutMs: 30_000 },
  errors: {
    roomMissing: ["room_not_found", "(room|realm).{0,20}(not found|does not exist|unknown)"],
    roomForbidden: ["forbidden", "private", "banned", "not allowed", "unauthori[sz]ed", "password"],
    rateLimited: ["rate.?limit", "too (many|fast|quick|often)", "slow down", "thrott", "flood"],
    messageRefused: [
      "too.?long",
      "too.?large",
      "at most",
      "max(imum)?.{0,12}(length|size|char)",
      "(should|must|can.?t|cannot|can not).{0,20}(blank|empty|character)",
      "\\blength\\b",
      "profan",
      "body.{0,20}(invalid|blank|empty)",
      "invalid.{0,20}(body|text|message)",
      "message.{0,20}(rejected|refused|blocked|not allowed)",
    ],
    notInRoom: ["not.{0,12}(in|joined|member).{0,12}(room)?", "room_not_found", "join.{0,12}first"],
  },
  limits: {
    messageGraphemes: 2_000,
    frameBytes: 4 * 1024 * 1024,
    handshakeTimeoutMs: 15_000,
    ackTimeoutMs: 10_000,
    operationTimeoutMs: 10_000,
    introspectionTimeoutMs: 1_000,
    seenTimeoutMs: 15_000,
    probeEveryMs: 30_000,
    silenceMs: 90_000,
    sendAttempts: 5,
  },
  shapes: {
    user: {
      id: required("id", "userId", "uuid", "_id"),
      displayName: wanted("displayName", "display_name", "nickname", "nick", "name"),
      username: wanted("username", "userName", "login", "handle"),
      isAnonymous: wanted("isAnonymous", "anonymous", "isAnon", "isGuest"),
      avatarUrl: offered("avatarUrl", "avatar"),
      isBot: offered("isBot", "bot"),
    },
    currentUser: {
      id: wanted("id", "userId", "uuid"),
      displayName: wanted("displayName", "display_name", "nickname", "nick", "name"),
      username: wanted("username", "userName", "login", "handle"),
      isAnonymous: wanted("isAnonymous", "anonymous", "isAnon", "isGuest"),
      user: object("offered", "user", "user"),
    },
    member: {
      user: object("wanted", "user", "user", "member"),
      id: offered("id", "userId"),
      displayName: offered("displayName", "nickname", "name"),
      username: offered("username"),
    },
    message: {
      id: required("id", "messageId", "uuid", "_id"),
      text: required("body", "content", "text", "message"),
      time: wanted(
        "time",
        "createdAt",
        "created_at",
        "insertedAt",
        "timestamp",
        "sentAt",
        "date",
        "unixTime",
      ),
      sender: object("required", "user", "user", "author", "sender", "from", "owner"),
      reply: object(
        "wanted",
        "reply",
        "replyTo",
        "replyToMessage",
        "inReplyTo",
        "repliedTo",
        "parent",
      ),
      replyId: offered("replyToMessageId", "replyToId", "inReplyToId", "parentId"),
      member: object("offered", "member", "member"),
      imageUrl: offered("imageUrl", "image", "attachmentUrl"),
    },
    reply: {
      id: required("id", "messageId", "uuid", "_id"),
      text: wanted("body", "content", "text", "message"),
      sender: object("wanted", "user", "user", "author", "sender", "from"),
    },
    messageRef: { id: required("id", "messageId", "uuid", "_id") },
    deletion: {
      id: wanted("id", "messageId", "uuid"),
      message: object("offered", "messageRef", "message"),
      by: object("offered", "user", "deletedBy", "by", "user"),
    },
    reaction: {
      messageId: wanted("messageId", "id"),
      message: object("offered", "messageRef", "message"),
      key: wanted("emoji", "reaction", "key", "name", "content", "type"),
      user: object("wanted", "user", "user", "author", "sender", "by"),
      userId: offered("userId"),
    },
    room: {
      id: wanted("id", "roomId", "uuid"),
      topic: offered("topic", "description"),
      name: offered("name", "title", "roomName"),
    },
    archive: {
      results: object("required", "message", "results", "messages", "nodes", "items", "entries"),
      back: wanted("backCursor", "back_cursor", "beforeCursor", "previousCursor", "prevCursor"),
      forward: wanted("forwardCursor", "forward_cursor", "afterCursor", "nextCursor"),
    },
    acknowledgement: { ok: wanted("ok", "success", "done", "status") },
    sent: {
      ok: wanted("ok", "success", "done", "status"),
      id: offered("id", "messageId"),
      message: object("offered", "messageRef", "message"),
    },
  },
  operations: {
    currentUser: operation(
      "query",
      "ExtendedCurrentUserQuery",
      "currentUser",
      ["currentUser", "me", "viewer", "self"],
      {},
    ),
    joinRoom: operation("mutation", "JoinRoom", "acknowledgement", ["joinRoom", "enterRoom"], {
      room: argument("required", "id", "roomId", "room"),
      disconnectOthers: {
        names: ["disconnectOtherConnections"],
        need: "wanted",
        types: ["Boolean"],
      },
    }),
    roomRoot: operation("query", "RoomRootQuery", "room", ["room", "getRoom"], {
      room: argument("required", "id", "roomId", "room"),
    }),
    members: operation(
      "query",
      "WithGetMembers",
      "member",
      ["members", "getMembers", "roomMembers", "linkedMembers"],
      { room: ROOM },
    ),
    chatArchive: operation(
      "query",
      "RoomChatQuery",
      "archive",
      ["chatArchive", "messageArchive", "chatHistory"],
      {
        room: ROOM,
        channel: CHANNEL,
        cursor: {
          names: ["cursor", "before", "after"],
          need: "wanted",
          types: ["String", "ID", "String!", "ID!"],
        },
      },
    ),
    roomDisconnect: operation(
      "mutation",
      "RoomDisconnect",
      "acknowledgement",
      ["roomDisconnect", "leaveRoom"],
      { room: argument("required", "id", "roomId", "room") },
    ),
    memberJoins: operation(
      "subscription",
      "MemberJoins",
      "member",
      ["memberJoins", "memberJoined", "newMember"],
      { room: ROOM },
    ),
    memberLeaves: operation(
      "subscription",
      "MemberLeaves",
      "member",
      ["memberLeaves", "memberLeft"],
      { room: ROOM },
    ),
    messageEdited: operation(
      "subscription",
      "MessageEditedSubscription",
      "message",
      ["messageEdited", "messageUpdated", "editedMessage"],
      { room: ROOM, channel: CHANNEL },
    ),
    messageDeleted: operation(
      "subscription",
      "MessageDeletedSubscription",
      "deletion",
      ["messageDeleted", "messageRemoved", "deletedMessage"],
      { room: ROOM, channel: CHANNEL },
    ),
    reactionAdded: operation(
      "subscription",
      "ReactionAdded",
      "reaction",
      ["reactionAdded", "newReaction"],
      { room: ROOM, channel: CHANNEL },
    ),
    reactionRemoved: operation(
      "subscription",
      "ReactionRemoved",
      "reaction",
      ["reactionRemoved", "reactionDeleted"],
      { room: ROOM, channel: CHANNEL },
    ),
    newMessage: operation(
      "subscription",
      "NewMessageSubscription",
      "message",
      ["newMessage", "messageAdded", "messageCreated", "newMessage2"],
      { room: ROOM, channel: CHANNEL },
    ),
    sendMessage: operation("mutation", "SendMessage", "sent", ["sendMessage", "sendMessage2"], {
      body: argument("required", "body", "content", "text", "message"),
      room: ROOM,
      channel: argument("offered", "channelId", "channel"),
    }),
    sendReply: operation("mutation", "SendMessage2", "sent", ["sendMessage2", "sendMessage"], {
      body: argument("required", "body", "content", "text", "message"),
      room: ROOM,
      channel: CHANNEL,
      replyTo: argument("required", "replyToMessageId", "replyToId", "inReplyTo", "replyTo"),
    }),
    deleteMessage: operation(
      "mutation",
      "DeleteMessage",
      "acknowledgement",
      ["deleteMessage", "removeMessage"],
      {
        message: argument("required", "messageId", "id"),
        room: argument("offered", "roomId", "room"),
        channel: argument("offered", "channelId", "channel"),
      },
    ),
  },
  loginPage: LOGIN_PAGE,
};

/**
 * The protocol with what the configuration overrides ([kosmi.NAME.overrides]). Takes anything; what it can't use is
 * reported by key path and left as it was.
 */
export function parseOverrides(raw: unknown): MergeResult<KosmiProtocol> {
  return mergeOverrides(KOSMI_PROTOCOL, raw);
}
