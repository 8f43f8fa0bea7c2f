import type { KosmiVariants } from "./variants.ts";

/** The whole schema as the WebSocket has it, before fields are taken away or renamed. */
export function schemaText(variants: KosmiVariants): string {
  const id = variants.idArguments;
  const time = variants.timeUnit === "iso" ? "DateTime" : "UnixTime";
  const deleted = variants.deletedShape === "id" ? id : "Message";
  const inChannel = `roomId: ${id}!, channelId: ${id}`;
  const send = `body: String!, roomId: ${id}!, channelId: ${id}, replyToMessageId: ${id}`;
  const sendResult = variants.sendReturnsId
    ? "ok: Boolean id: String message: Message"
    : "ok: Boolean";
  return `
schema { query: RootQueryType mutation: RootMutationType subscription: RootSubscriptionType }
scalar ${time}${id === "UUID" ? "\nscalar UUID" : ""}
type RootQueryType {
  currentUser: User
  room(id: ${id}!): Room
  members(roomId: ${id}!): [Member]
  getMembers(roomId: ${id}!): [Member]
  linkedMembers(roomId: ${id}!): [Member]
  chatArchive(${inChannel}, cursor: String): ChatArchive
}
type RootMutationType {
  anonLogin: LoginResult
  slackLogin(code: String!): LoginResult
  joinRoom(id: ${id}!, disconnectOtherConnections: Boolean): OkResult
  roomDisconnect(id: ${id}!): OkResult
  sendMessage(${send}): SendMessageResult
  sendMessage2(${send}): SendMessageResult
  startTyping(${inChannel}): OkResult
  setRole2(roomId: ${id}!, userId: ${id}!, role: String!): OkResult
}
type RootSubscriptionType {
  newMessage(${inChannel}): Message
  messageEdited(${inChannel}): Message
  messageDeleted(${inChannel}): ${deleted}
  reactionAdded(${inChannel}): ReactionEvent
  reactionRemoved(${inChannel}): ReactionEvent
  userTyping(${inChannel}): TypingEvent
  memberJoins(roomId: ${id}!): Member
  memberLeaves(roomId: ${id}!): Member
  newMember(roomId: ${id}!): Member
  onLinkedMembers(roomId: ${id}!): Member
  onRoomUpdate(id: ${id}!): Room
  onMessageReadersUpdate(${inChannel}): MessageReaders
}
type LoginResult { token: String user: User }
type OkResult { ok: Boolean }
type SendMessageResult { ${sendResult} }
type User {
  id: ${id}! displayName: String username: String isAnonymous: Boolean avatarUrl: String
}
type Member { id: ${id}! role: String user: User }
type Room { id: ${id}! name: String private: Boolean members: [Member] }
type Message {
  id: ${id}! body: String time: ${time} editedAt: ${time} channelId: ${id} user: User member: Member
  reactions: [Reaction] replyToMessageId: ${id} replyTo: Message
}
type Reaction { emoji: String user: User }
type ReactionEvent { messageId: ${id}! emoji: String user: User message: Message }
type TypingEvent { user: User }
type MessageReaders { messageId: ${id} readers: [User] }
type ChatArchive { forwardCursor: String backCursor: String results: [Message] }
`;
}

/** Mutations that show over HTTP. */
export const LOGIN_MUTATIONS = ["anonLogin", "slackLogin"];
