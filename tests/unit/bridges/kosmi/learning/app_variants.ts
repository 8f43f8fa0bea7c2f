import type { VariantChange } from "../../../../sandbox/kosmi/mod.ts";

const QUERY = "RootQueryType";
const MUTATION = "RootMutationType";
const SUBSCRIPTION = "RootSubscriptionType";
/** The older mutation is gone: what is asked is whether the newer one is found. */
const ONLY_NEWER = [`${MUTATION}.sendMessage`];
const ROOM_FIELDS = [
  `${QUERY}.chatArchive`,
  `${MUTATION}.sendMessage2`,
  ...["newMessage", "messageEdited", "messageDeleted", "memberJoins", "memberLeaves"]
    .map((field) => `${SUBSCRIPTION}.${field}`),
];
const ids = (name: string) =>
  Object.fromEntries(ROOM_FIELDS.map((field) => [`${field}(roomId)`, name]));

/** What Kosmi may change, one kind each: none of it in a form that the built-in names foresee. */
export const KINDS: Readonly<Record<string, VariantChange>> = {
  "the text is called otherwise": { renamed: { "Message.body": "utterance" } },
  "the root fields are called otherwise": {
    missing: ONLY_NEWER,
    renamed: {
      [`${SUBSCRIPTION}.newMessage`]: "roomStream",
      [`${MUTATION}.sendMessage2`]: "utter",
      [`${MUTATION}.joinRoom`]: "arrive",
      [`${QUERY}.chatArchive`]: "past",
      [`${QUERY}.currentUser`]: "identity",
    },
  },
  "the arguments are called otherwise": {
    missing: ONLY_NEWER,
    renamed: {
      ...ids("realmKey"),
      [`${MUTATION}.joinRoom(id)`]: "realmKey",
      [`${MUTATION}.sendMessage2(body)`]: "utterance",
      [`${MUTATION}.sendMessage2(channelId)`]: "lane",
      [`${SUBSCRIPTION}.newMessage(channelId)`]: "lane",
    },
  },
  "an input object": {
    missing: ONLY_NEWER,
    inputs: [`${MUTATION}.sendMessage2`, `${MUTATION}.joinRoom`],
  },
  "payloads are wrapped": {
    missing: ONLY_NEWER,
    wrapped: {
      [`${SUBSCRIPTION}.newMessage`]: "message",
      [`${MUTATION}.sendMessage2`]: "result",
      [`${QUERY}.currentUser`]: "viewer",
    },
  },
  "the archive is a connection": { connections: [`${QUERY}.chatArchive`] },
  "a new argument that is an enum": {
    missing: ONLY_NEWER,
    extraArguments: {
      [`${MUTATION}.sendMessage2`]: [{
        name: "flavour",
        type: "Flavour!",
        values: ["SYSTEM", "PLAIN"],
        value: "PLAIN",
        how: "inline",
      }],
      [`${MUTATION}.joinRoom`]: [{
        name: "device",
        type: "String!",
        value: "web",
        how: "variable",
      }],
    },
  },
  "names in a profile": {
    nested: { "User.displayName": "profile", "User.username": "profile" },
    renamed: { "User.displayName": "shownAs" },
  },
  "the author inside the member": { missing: ["Message.user", "Message.replyTo"] },
  "the anonymous login is called otherwise": {
    renamed: { [`${MUTATION}.anonLogin`]: "enterAsGuest", "LoginResult.token": "accessJwt" },
  },
  "ids are called otherwise, and of another type": {
    idArguments: "UUID",
    renamed: { "User.id": "accountUuid", "Message.id": "messageUuid" },
  },
  "the text in pieces": {
    missing: ONLY_NEWER,
    rich: { "Message.body": "objects", [`${MUTATION}.sendMessage2(body)`]: "objects" },
  },
  "the text as a list of strings": {
    missing: ONLY_NEWER,
    rich: { "Message.body": "strings", [`${MUTATION}.sendMessage2(body)`]: "strings" },
  },
  "the text as an editor's document": {
    missing: ONLY_NEWER,
    rich: { "Message.body": "document", [`${MUTATION}.sendMessage2(body)`]: "document" },
  },
  "the text in an object, the time otherwise": {
    nested: { "Message.body": "content" },
    renamed: { "Message.body": "plain", "Message.time": "postedAt" },
  },
};

/** Several of them at once. */
export const COMBINATIONS: Readonly<Record<string, VariantChange>> = {
  "all names are others": together(
    "the text is called otherwise",
    "the root fields are called otherwise",
    "the arguments are called otherwise",
  ),
  "an API in the manner of Relay": together(
    "an input object",
    "payloads are wrapped",
    "the archive is a connection",
    "names in a profile",
  ),
  "another model of people": together(
    "the author inside the member",
    "names in a profile",
    "ids are called otherwise, and of another type",
  ),
  "everything at once": together(
    "the text in an object, the time otherwise",
    "the root fields are called otherwise",
    "an input object",
    "payloads are wrapped",
    "the archive is a connection",
    "names in a profile",
    "a new argument that is an enum",
    "the anonymous login is called otherwise",
  ),
  "operations under other titles, with other arguments": {
    ...together("the arguments are called otherwise", "payloads are wrapped"),
    titles: {
      NewMessageSubscription: "OnChatMessage",
      SendMessage2: "PostChatMessage",
      JoinRoom: "EnterRoom",
      RoomChatQuery: "LoadMessages",
    },
  },
  "names that mean nothing": {
    renamed: {
      "Message.id": "q1",
      "Message.body": "q2",
      "Message.time": "q3",
      "Message.editedAt": "q4",
      "Message.user": "q5",
      "User.id": "w1",
      "User.displayName": "w2",
      "User.username": "w3",
      "User.isAnonymous": "w4",
    },
  },
  "a newer version is wanted": { appVersion: "5120", minimumVersion: 5000 },
};

function together(...names: readonly string[]): VariantChange {
  const all = names.map((name) => KINDS[name] ?? {});
  const missing = [...new Set(all.flatMap((each) => each.missing ?? []))];
  const list = (key: "inputs" | "connections") => all.flatMap((each) => each[key] ?? []);
  const table = (key: "renamed" | "nested" | "wrapped") =>
    Object.fromEntries(all.flatMap((each) => Object.entries(each[key] ?? {})));
  const extraArguments = Object.fromEntries(
    all.flatMap((each) => Object.entries(each.extraArguments ?? {})),
  );
  const idArguments = all.find((each) => each.idArguments !== undefined)?.idArguments;
  return {
    missing,
    renamed: table("renamed"),
    nested: table("nested"),
    wrapped: table("wrapped"),
    inputs: list("inputs"),
    connections: list("connections"),
    extraArguments,
    ...(idArguments === undefined ? {} : { idArguments }),
  };
}
