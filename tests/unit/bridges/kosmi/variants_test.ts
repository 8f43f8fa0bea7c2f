import assert from "node:assert/strict";
import type { KosmiBridgeOptions } from "../../../../src/bridges/kosmi/link/options.ts";
import { startKosmi, type VariantChange } from "../../../sandbox/kosmi/mod.ts";
import { protocolWith, runBridge, send } from "./support.ts";

/** What every Kosmi must give: a message in, a message out and confirmed, our own echo dropped. */
async function crosses(
  variants: VariantChange,
  options: Partial<KosmiBridgeOptions> = {},
): Promise<void> {
  await using kosmi = await startKosmi({ variants });
  await using running = runBridge({ kosmi, options });
  const { host } = running;
  await host.waitUp();
  kosmi.say("@movienight", { name: "alice" }, "from alice");
  await host.waitFor(() => host.texts().length > 0, "a message");
  const [first] = host.messages();
  assert.equal(first?.sender.nick, "alice");
  assert.equal(first?.late, false);
  assert.ok(Math.abs((first?.atMs ?? 0) - Date.now()) < 60_000, `time of ${first?.atMs}`);
  for (const text of ["one", "two", "two"]) {
    const [receipt] = await send(running, text);
    assert.equal(receipt?.outcome, "confirmed", JSON.stringify(receipt));
  }
  kosmi.say("@movienight", { name: "bob" }, "fence");
  await host.waitFor(() => host.texts().includes("fence"), "fence");
  assert.deepEqual(host.texts(), ["from alice", "fence"]);
  assert.deepEqual(
    kosmi.messages("@movienight").map((message) => message.text),
    ["from alice", "one", "two", "two", "fence"],
  );
}

const off = { introspection: "off" } as const;
const VARIANTS: Readonly<Record<string, VariantChange>> = {
  "introspection off": off,
  "introspection off and no suggestions": { ...off, suggestions: false },
  "the text under another name": { renamed: { "Message.body": "content" } },
  "the text under another name, introspection off": {
    ...off,
    renamed: { "Message.body": "content" },
  },
  "many names changed, introspection off": {
    ...off,
    renamed: {
      "Message.time": "insertedAt",
      "Message.user": "author",
      "User.displayName": "nickname",
      "ChatArchive.results": "messages",
    },
  },
  "arguments of type ID": { idArguments: "ID" },
  "arguments of type ID, introspection off": { ...off, idArguments: "ID" },
  "no optional field left, introspection off": {
    ...off,
    missing: [
      "User.username",
      "User.isAnonymous",
      "User.avatarUrl",
      "Message.member",
      "Message.replyTo",
      "Message.replyToMessageId",
      "ChatArchive.backCursor",
      "ChatArchive.forwardCursor",
    ],
  },
  "no archive": { missing: ["RootQueryType.chatArchive"] },
  "no archive, introspection off": { ...off, missing: ["RootQueryType.chatArchive"] },
  "no side operations, introspection off": {
    ...off,
    missing: [
      "RootQueryType.room",
      "RootQueryType.members",
      "RootQueryType.getMembers",
      "RootQueryType.linkedMembers",
      "RootMutationType.roomDisconnect",
      "RootMutationType.sendMessage2",
      "RootSubscriptionType.memberJoins",
      "RootSubscriptionType.memberLeaves",
      "RootSubscriptionType.newMember",
      "RootSubscriptionType.messageEdited",
      "RootSubscriptionType.messageDeleted",
      "RootSubscriptionType.reactionAdded",
      "RootSubscriptionType.reactionRemoved",
    ],
  },
  "only the old send, without a channel": {
    ...off,
    missing: [
      "RootMutationType.sendMessage2",
      "RootMutationType.sendMessage(channelId)",
      "RootMutationType.sendMessage(replyToMessageId)",
    ],
  },
  "only the new send": { ...off, missing: ["RootMutationType.sendMessage"] },
  "time in milliseconds": { timeUnit: "milliseconds" },
  "time as a date": { timeUnit: "iso" },
  "the mutation tells the id": { sendReturnsId: true },
  "the echo first": { echoFirst: true },
  "answers interleave": { shuffle: { seed: 7, maxDelayMs: 30 } },
  "answers interleave, introspection off": { ...off, shuffle: { seed: 8, maxDelayMs: 30 } },
  "messages come three times": { duplicates: 2 },
  "one message, then 1006, for who subscribes before joining": { beforeJoin: "one-then-1006" },
  "the schema is never answered": { noReply: ["__schema"] },
  "currentUser is never answered": { noReply: ["currentUser"] },
  "currentUser is null": { nulls: ["RootQueryType.currentUser"] },
  "the archive is never answered": { noReply: ["chatArchive"] },
  "side queries are never answered": { noReply: ["room", "members", "roomDisconnect"] },
  "side operations crash": { crash: ["room", "members", "memberJoins", "reactionAdded"] },
  "the send is never answered": { noReply: ["sendMessage", "sendMessage2"] },
  "no name told": { nulls: ["User.username"] },
  "the archive newest first": { archiveOrder: "newest-first" },
  "a slow acknowledgement": { ackDelayMs: 150 },
};

for (const [name, variants] of Object.entries(VARIANTS)) {
  Deno.test(`KosmiBridge relays with ${name}`, () => crosses(variants));
}

Deno.test("KosmiBridge relays with introspection switched off in the protocol data", () =>
  crosses({}, { protocol: protocolWith({}, { introspection: false }) }));

Deno.test("KosmiBridge relays with a send limit", () =>
  crosses({}, { messageDelayMs: 20, burst: 1 }));

Deno.test("KosmiBridge asks for the schema over HTTP at once, and on the socket only when it has entered", async () => {
  await using kosmi = await startKosmi();
  await using running = runBridge({ kosmi });
  await running.host.waitUp();
  const asked = kosmi.log().flatMap((entry) => entry.kind === "operation" ? [entry] : []);
  assert.ok(
    asked.some(({ connection, fields }) => connection === null && fields[0] === "__schema"),
  );
  const onSocket = asked.filter(({ connection }) => connection !== null).map(({ fields }) =>
    fields[0]
  );
  assert.ok(onSocket.indexOf("joinRoom") >= 0);
  assert.ok(onSocket.indexOf("__schema") > onSocket.indexOf("joinRoom"), onSocket.join(" "));
});

Deno.test("KosmiBridge asks no schema on the socket where a room does not let it in", async () => {
  await using kosmi = await startKosmi({ variants: { failing: { joinRoom: "UNAUTHORIZED" } } });
  await using running = runBridge({ kosmi });
  await running.host.waitFor(() => running.host.downs.length > 0, "a refusal");
  const onSocket = kosmi.log().flatMap((entry) =>
    entry.kind === "operation" && entry.connection !== null ? entry.fields : []
  );
  assert.ok(onSocket.includes("joinRoom"));
  assert.ok(!onSocket.includes("__schema"), onSocket.join(" "));
});
