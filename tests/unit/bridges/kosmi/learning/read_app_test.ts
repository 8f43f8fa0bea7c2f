import assert from "node:assert/strict";
import axe from "axe-core";
import { systemClock } from "../../../../../src/base/clock.ts";
import { readApp } from "../../../../../src/bridges/kosmi/learning/read_app.ts";
import { KOSMI_PROTOCOL } from "../../../../../src/bridges/kosmi/protocol/operations.ts";
import { BUNDLE_FORMS, bundleOf } from "../../../../sandbox/kosmi/web_app/bundle.ts";

const MESSAGE = `fragment MessageParts on Message {
  id
  body
  time
  author: user { ...UserParts }
  replyTo { id body user { ...UserParts } }
  reactions { emoji user { id displayName } }
}
fragment UserParts on User { id displayName username isAnonymous }`;

const DOCUMENTS = {
  NewMessageSubscription:
    `subscription NewMessageSubscription($roomId: String!, $channelId: String) {
  newMessage(roomId: $roomId, channelId: $channelId) { ...MessageParts }
}
${MESSAGE}`,
  SendMessage2:
    `mutation SendMessage2($body: String!, $roomId: String!, $channelId: String, $kind: Kind!) {
  sendMessage2(body: $body, roomId: $roomId, channelId: $channelId, kind: $kind) { ok }
}`,
  JoinRoom: `mutation JoinRoom($id: String!) { joinRoom(id: $id) { ok } }`,
};
const VARIABLES = {
  SendMessage2: "{roomId:room,channelId:channel,body:body,kind:Kd.Text}",
};
const NOISE = {
  before:
    `var Kd;!function(e){e.Text="TEXT",e.System="SYSTEM"}(Kd||(Kd={}));const q="query the words";`,
  behind: `console.log("a query { of nothing }",{kind:"Document of a bank"});`,
};

function pages(code: string, more: Readonly<Record<string, string>> = {}) {
  const files: Record<string, string> = {
    "/": `<!doctype html><script type=module src="/core.js"></script>`,
    "/core.js": code,
    ...more,
  };
  const asked: string[] = [];
  const get = (url: string): Promise<Response> => {
    const { pathname } = new URL(url);
    asked.push(url);
    const body = files[pathname];
    return Promise.resolve(new Response(body ?? "", { status: body === undefined ? 404 : 200 }));
  };
  return { get, asked };
}

const never = new AbortController().signal;

function read(get: (url: string) => Promise<Response>, limits = {}) {
  return readApp({
    appUrl: "https://app.kosmi.test/",
    protocol: KOSMI_PROTOCOL,
    clock: systemClock,
    fetch: get,
    limits,
  }, never);
}

for (const form of BUNDLE_FORMS) {
  Deno.test(`readApp() reads documents in the form "${form}"`, async () => {
    const code = bundleOf({
      form,
      documents: DOCUMENTS,
      variables: VARIABLES,
      v: "4365",
      noise: NOISE,
    });
    const reading = await read(pages(code).get);
    assert.equal(reading.v, "4365");
    assert.deepEqual(reading.routes, ["/room/:roomId", "tv/:room"]);
    if (form === "persisted") {
      assert.deepEqual(reading.persisted.map(({ title }) => title), Object.keys(DOCUMENTS));
      assert.deepEqual(reading.operations, {});
      return;
    }
    assert.deepEqual(
      reading.all.map(({ title }) => title).toSorted(),
      Object.keys(DOCUMENTS).toSorted(),
    );
    const { newMessage, sendMessage, joinRoom } = reading.operations;
    assert.match(newMessage?.text ?? "", /author: user \{/);
    assert.match(newMessage?.text ?? "", /displayName/);
    assert.deepEqual(newMessage?.variables.map(({ value }) => value), [
      { role: "room" },
      { role: "channel" },
    ]);
    assert.deepEqual(
      Object.fromEntries(sendMessage?.variables.map(({ name, value }) => [name, value]) ?? []),
      {
        body: { role: "body" },
        roomId: { role: "room" },
        channelId: { role: "channel" },
        kind: { constant: "TEXT" },
      },
    );
    assert.equal(joinRoom?.variables.length, 1);
  });
}

Deno.test("readApp() reads a bundle of 15 MB in 3 s and 150 MB", async () => {
  const library = axe.source;
  const half = Math.ceil(7.5 * 1024 * 1024 / library.length);
  const filler = `${library}\n`.repeat(half);
  const noise = { before: NOISE.before + filler, behind: filler + NOISE.behind };
  for (const form of ["strings", "ast"] as const) {
    const code = bundleOf({ form, documents: DOCUMENTS, variables: VARIABLES, v: "4365", noise });
    assert.ok(code.length > 15 * 1024 * 1024);
    const { get } = pages(code);
    const beforeMs = performance.now();
    const before = Deno.memoryUsage().rss;
    const reading = await read(get);
    const tookMs = performance.now() - beforeMs;
    const grown = (Deno.memoryUsage().rss - before) / 1024 / 1024;
    assert.equal(Object.keys(reading.operations).length >= 3, true);
    assert.ok(tookMs < 3_000, `${tookMs} ms`);
    assert.ok(grown < 150, `${grown} MB`);
  }
});
