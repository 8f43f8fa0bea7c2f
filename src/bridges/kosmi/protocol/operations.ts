import type { LoginPage } from "../../../auth/browser/login_page.ts";
import { mergeOverrides, type MergeResult } from "./overrides.ts";
import type {
  ArgumentSpec,
  FieldSpec,
  KosmiProtocol,
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
/** Also what resembles it, where a document or a schema shows what there is. */
const orLike = (spec: FieldSpec, like: string): FieldSpec => ({ ...spec, like });

const STRING = ["String!", "ID!", "String", "ID"];
const argument = (need: Need, like: string, ...names: string[]): ArgumentSpec => ({
  names,
  need,
  types: STRING,
  like,
});
const ROOM_LIKE = "room|realm|lobby|space|party";
const MESSAGE_ID_LIKE = "message|^msg|^id$";
const ROOM = argument("required", ROOM_LIKE, "roomId", "id", "room");
const CHANNEL = argument("wanted", "channel|thread|topic|conversation", "channelId", "channel");
const BODY = argument(
  "required",
  "body|content|text|^message$|markdown|msg$",
  "body",
  "content",
  "text",
  "message",
);

const USER_ID_LIKE = "^(user|member|account|person)?_?(id|uuid|guid|key|ref)$";
const TEXT_LIKE = "body|content|text|markdown|markup|plain|raw$|^message$|^msg$|said";
const SENDER_LIKE =
  "user|author|sender|member|person|from|owner|poster|creator|createdBy|who|account";
const SENDERS = ["user", "author", "sender", "from", "owner"];
const NAME = orLike(
  wanted("displayName", "display_name", "nickname", "nick", "name"),
  "(display|nick|screen|shown|full|visible).*(name|label)?$|^(nick|label|alias|title|name)",
);
const ANONYMOUS = orLike(
  wanted("isAnonymous", "anonymous", "isAnon", "isGuest"),
  "anon|guest|visitor",
);
const OK = orLike(wanted("ok", "success", "done", "status"), "^ok|success|succe|accepted|done");

const operation = (
  kind: OperationSpec["kind"],
  title: string,
  shape: ShapeName,
  names: readonly string[],
  args: OperationSpec["arguments"],
  like: string,
  unlike = "",
): OperationSpec => ({
  kind,
  title,
  names,
  arguments: args,
  shape,
  like,
  unlike: unlike === "" ? "^$" : unlike,
  document: "",
});

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
    roles: ["button", "link", "tab", "menuitem", "option"],
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
    texts: ["Email", "E-mail", "Email address", "Email or username", "Username"],
    selectors: [
      'input[type="email"]',
      'input[autocomplete="email"]',
      'input[autocomplete="username"]',
      'input[name="username" i]',
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
    selectors: [
      '[role="alert"]',
      ".ui.negative.message",
      ".ui.warning.message",
      '[class*="error" i]',
      '[class*="toast" i]',
      '[aria-live="assertive"]',
    ],
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
    like: "anon|guest|visitor",
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
    serverTrouble: [
      "internal|server.?error|went wrong|unexpected",
      "unavailab|overload|time(d.)?.?out",
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
    refusedForMs: 120_000,
  },
  shapes: {
    user: {
      id: orLike(required("id", "userId", "uuid", "_id"), USER_ID_LIKE),
      displayName: NAME,
      username: orLike(wanted("username", "userName", "login", "handle"), "user.?name|handle"),
      isAnonymous: ANONYMOUS,
      avatarUrl: offered("avatarUrl", "avatar"),
      isBot: offered("isBot", "bot"),
    },
    currentUser: {
      id: orLike(wanted("id", "userId", "uuid"), USER_ID_LIKE),
      displayName: NAME,
      username: orLike(wanted("username", "userName", "login", "handle"), "user.?name|handle"),
      isAnonymous: ANONYMOUS,
      user: object("offered", "user", "user"),
    },
    member: {
      user: object("wanted", "user", "user", "member"),
      id: offered("id", "userId"),
      displayName: offered("displayName", "nickname", "name"),
      username: offered("username"),
    },
    message: {
      id: orLike(
        required("id", "messageId", "uuid", "_id"),
        "^(message|msg|chat|post|entry)?_?(id|uuid|guid|key|ref|pk)$",
      ),
      text: orLike(required("body", "content", "text", "message"), TEXT_LIKE),
      time: orLike(
        wanted(
          "time",
          "createdAt",
          "created_at",
          "insertedAt",
          "timestamp",
          "sentAt",
          "date",
          "unixTime",
        ),
        "^(?!.*(edit|updat|delet|modif|read|seen)).*(time|date|stamp|At$|_at$|when|_on$)",
      ),
      sender: orLike(object("required", "user", ...SENDERS), SENDER_LIKE),
      reply: orLike(
        object(
          "wanted",
          "reply",
          "replyTo",
          "replyToMessage",
          "inReplyTo",
          "repliedTo",
          "parent",
        ),
        "repl(y|ied)|parent|quoted",
      ),
      replyId: orLike(
        offered("replyToMessageId", "replyToId", "inReplyToId", "parentId"),
        "(repl(y|ied)|parent|quoted).*id$",
      ),
      member: object("offered", "member", "member"),
      imageUrl: offered("imageUrl", "image", "attachmentUrl"),
    },
    reply: {
      id: orLike(required("id", "messageId", "uuid", "_id"), MESSAGE_ID_LIKE),
      text: orLike(wanted("body", "content", "text", "message"), TEXT_LIKE),
      sender: orLike(object("wanted", "user", ...SENDERS), SENDER_LIKE),
    },
    messageRef: { id: orLike(required("id", "messageId", "uuid", "_id"), MESSAGE_ID_LIKE) },
    deletion: {
      id: orLike(wanted("id", "messageId", "uuid"), "message.*id|msg.*id|delet.*id"),
      message: orLike(object("offered", "messageRef", "message"), "message|msg"),
      by: orLike(object("offered", "user", "deletedBy", "by", "user"), "by$|moderator|actor|user"),
    },
    reaction: {
      messageId: orLike(wanted("messageId", "id"), "message.*id|msg.*id"),
      message: orLike(object("offered", "messageRef", "message"), "message|msg"),
      key: orLike(
        wanted("emoji", "reaction", "key", "name", "content", "type"),
        "emoji|reaction|symbol|glyph|icon",
      ),
      user: orLike(object("wanted", "user", ...SENDERS, "by"), SENDER_LIKE),
      userId: orLike(offered("userId"), "(user|author|member|sender).*id$"),
    },
    room: {
      id: wanted("id", "roomId", "uuid"),
      topic: offered("topic", "description"),
      name: offered("name", "title", "roomName"),
    },
    archive: {
      results: orLike(
        object("required", "message", "results", "messages", "nodes", "items", "entries"),
        "messages|nodes?$|items|entries|results|data|list|page$",
      ),
      back: orLike(
        wanted("backCursor", "back_cursor", "beforeCursor", "previousCursor", "prevCursor"),
        "(back|before|prev|start|older).*cursor|cursor.*(back|before|prev|older)",
      ),
      forward: orLike(
        wanted("forwardCursor", "forward_cursor", "afterCursor", "nextCursor"),
        "(forward|after|next|end|newer).*cursor|cursor.*(forward|after|next|newer)",
      ),
    },
    login: {
      token: orLike(required("token", "accessToken", "jwt", "authToken"), "token|jwt"),
    },
    acknowledgement: { ok: OK },
    sent: {
      ok: OK,
      id: orLike(offered("id", "messageId"), "message.*id"),
      message: orLike(object("offered", "messageRef", "message"), "message|msg|result|node"),
    },
  },
  operations: {
    currentUser: operation(
      "query",
      "ExtendedCurrentUserQuery",
      "currentUser",
      ["currentUser", "me", "viewer", "self"],
      {},
      "current.?user|current.?account|^me$|viewer|^self$|who.?am.?i|^session",
      "room|member|setting",
    ),
    joinRoom: operation(
      "mutation",
      "JoinRoom",
      "acknowledgement",
      ["joinRoom", "enterRoom"],
      {
        room: argument("required", ROOM_LIKE, "id", "roomId", "room"),
        disconnectOthers: {
          names: ["disconnectOtherConnections"],
          need: "wanted",
          types: ["Boolean"],
          like: "disconnect|others|take.?over",
        },
      },
      "(join|enter).*(room|realm|lobby|space|party)|^(join|enter)$",
      "leave|call|voice|game|subscri",
    ),
    roomRoot: operation("query", "RoomRootQuery", "room", ["room", "getRoom"], {
      room: argument("required", ROOM_LIKE, "id", "roomId", "room"),
    }, "^roomroot"),
    members: operation(
      "query",
      "WithGetMembers",
      "member",
      ["members", "getMembers", "roomMembers", "linkedMembers"],
      { room: ROOM },
      "(get|room|linked|list)?.*members$",
      "join|leav|left|count",
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
          like: "cursor|before|after|until|older",
        },
      },
      "(chat|message|room).*(archive|history|log|feed|list|page)|(archive|history).*(chat|message)|room.?chat|^(get|load|fetch)?_?messages$",
      "direct|private|search|pinned",
    ),
    roomDisconnect: operation(
      "mutation",
      "RoomDisconnect",
      "acknowledgement",
      ["roomDisconnect", "leaveRoom"],
      { room: argument("required", ROOM_LIKE, "id", "roomId", "room") },
      "(leave|exit|disconnect|quit).*(room|realm|lobby|space|party)|(room|realm).*(leave|exit|disconnect)",
      "other|call|voice|game",
    ),
    memberJoins: operation(
      "subscription",
      "MemberJoins",
      "member",
      ["memberJoins", "memberJoined", "newMember"],
      { room: ROOM },
      "(member|user|visitor|participant).*(join|enter|arriv|added)|new.?(member|participant)",
      "leav|left|link",
    ),
    memberLeaves: operation(
      "subscription",
      "MemberLeaves",
      "member",
      ["memberLeaves", "memberLeft"],
      { room: ROOM },
      "(member|user|visitor|participant).*(leave|left|exit|part(ed|s)$|remov)",
      "join|link",
    ),
    messageEdited: operation(
      "subscription",
      "MessageEditedSubscription",
      "message",
      ["messageEdited", "messageUpdated", "editedMessage"],
      { room: ROOM, channel: CHANNEL },
      "(message|chat).*(edit|updat|chang|modif)|(edit|updat|chang|modif).*(message|chat)",
      "delet|react|read|typing|new",
    ),
    messageDeleted: operation(
      "subscription",
      "MessageDeletedSubscription",
      "deletion",
      ["messageDeleted", "messageRemoved", "deletedMessage"],
      { room: ROOM, channel: CHANNEL },
      "(message|chat).*(delet|remov|retract)|(delet|remov|retract).*(message|chat)",
      "react|edit|pin",
    ),
    reactionAdded: operation(
      "subscription",
      "ReactionAdded",
      "reaction",
      ["reactionAdded", "newReaction"],
      { room: ROOM, channel: CHANNEL },
      "react(ion|ed)?.*(add|new|creat|set)|(add|new|creat).*react",
      "remov|delet|unreact",
    ),
    reactionRemoved: operation(
      "subscription",
      "ReactionRemoved",
      "reaction",
      ["reactionRemoved", "reactionDeleted"],
      { room: ROOM, channel: CHANNEL },
      "react(ion|ed)?.*(remov|delet|unset)|(remov|delet).*react|unreact",
      "add|new",
    ),
    userTyping: operation(
      "subscription",
      "UserTyping",
      "member",
      ["userTyping", "typing", "userIsTyping"],
      { room: ROOM, channel: CHANNEL },
      "typing",
      "stop|start",
    ),
    startTyping: operation(
      "mutation",
      "StartTyping",
      "acknowledgement",
      ["startTyping", "setTyping", "typing"],
      { room: ROOM, channel: { ...CHANNEL, need: "offered" } },
      "(start|set|is|user).*typing|^typing",
      "stop",
    ),
    newMessage: operation(
      "subscription",
      "NewMessageSubscription",
      "message",
      ["newMessage", "messageAdded", "messageCreated", "newMessage2"],
      { room: ROOM, channel: CHANNEL },
      "message|chat|utterance|line|post",
      "edit|updat|delet|remov|react|typing|read|direct|private|pin|notif|unread",
    ),
    sendMessage: operation(
      "mutation",
      "SendMessage",
      "sent",
      ["sendMessage", "sendMessage2"],
      {
        body: BODY,
        room: ROOM,
        channel: { ...CHANNEL, need: "offered" },
      },
      "(send|post|create|add|say|write|submit|publish|new).*(message|chat|text|line|post)|^say$",
      "edit|updat|delet|remov|react|direct|private|typing|pin|report|schedul|image",
    ),
    sendReply: operation(
      "mutation",
      "SendMessage2",
      "sent",
      ["sendMessage2", "sendMessage"],
      {
        body: BODY,
        room: ROOM,
        channel: CHANNEL,
        replyTo: argument(
          "required",
          "repl(y|ied)|parent|quote|response",
          "replyToMessageId",
          "replyToId",
          "inReplyTo",
          "replyTo",
        ),
      },
      "(send|post|create|add|say|write|submit|publish|new|reply).*(message|chat|text|line|post|reply)?|^say$|^reply",
      "edit|updat|delet|remov|react|direct|private|typing|pin|report|schedul|image",
    ),
    deleteMessage: operation(
      "mutation",
      "DeleteMessage",
      "acknowledgement",
      ["deleteMessage", "removeMessage"],
      {
        message: argument("required", MESSAGE_ID_LIKE, "messageId", "id"),
        room: argument("offered", ROOM_LIKE, "roomId", "room"),
        channel: { ...CHANNEL, need: "offered" },
      },
      "(delete|remove|retract).*(message|chat)|(message|chat).*(delete|remove|retract)",
      "react|pin|all|account|room$",
    ),
  },
  loginPage: LOGIN_PAGE,
};

/** The anonymous login, in the form of the other operations: it is given nothing and yields a token. */
export function anonLoginSpec({ anonLogin }: KosmiProtocol): OperationSpec {
  return {
    kind: "mutation",
    title: "AnonLogin",
    names: ["anonLogin"],
    arguments: {},
    shape: "login",
    like: anonLogin.like,
    unlike: "upgrade|convert|link|delete|remove|merge",
    document: anonLogin.document,
  };
}

/**
 * The protocol with what the configuration overrides ([kosmi.NAME.overrides]). Takes anything; what it can't use is
 * reported by key path and left as it was.
 */
export function parseOverrides(raw: unknown): MergeResult<KosmiProtocol> {
  return mergeOverrides(KOSMI_PROTOCOL, raw);
}
