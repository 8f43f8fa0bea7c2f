import assert from "node:assert/strict";
import axe from "axe-core";
import { systemClock } from "../../../../../src/base/clock.ts";
import { readApp } from "../../../../../src/bridges/kosmi/learning/read_app.ts";
import { KOSMI_PROTOCOL } from "../../../../../src/bridges/kosmi/protocol/operations.ts";
import { BUNDLE_FORMS, bundleOf } from "../../../../sandbox/kosmi/web_app/bundle.ts";
import { computedMs } from "../../../../support/growth.ts";

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

/** What this test's own thread holds: other test files run in the same process. In bytes. */
function ownMemory(): number {
  const { heapTotal, external } = Deno.memoryUsage();
  return heapTotal + external;
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
    const beforeMs = computedMs();
    const before = ownMemory();
    const reading = await read(get);
    const tookMs = computedMs() - beforeMs;
    const grown = (ownMemory() - before) / 1024 / 1024;
    assert.equal(Object.keys(reading.operations).length >= 3, true);
    assert.ok(tookMs < 3_000, `${tookMs} ms`);
    assert.ok(grown < 150, `${grown} MB`);
  }
});

Deno.test("readApp() reads only the app's own site, follows what its scripts name, and says what it could not read", async () => {
  const code = bundleOf({ form: "ast", documents: DOCUMENTS, variables: VARIABLES, v: "4365" });
  const page =
    `<script src="https://elsewhere.test/core.js"></script><script src="/main.js"></script>`;
  const { get, asked } = pages("", {
    "/": page,
    "/main.js": `import("./chunks/room.js");import "https://elsewhere.test/x.js"`,
    "/chunks/room.js": code,
  });
  const reading = await read((url) =>
    url.endsWith("/core.js")
      ? Promise.resolve(
        new Response(null, { status: 302, headers: { location: "https://elsewhere.test/" } }),
      )
      : get(url)
  );
  assert.notEqual(reading.operations.newMessage, undefined);
  assert.deepEqual(asked.filter((url) => !url.startsWith("https://app.kosmi.test/")), []);
  assert.deepEqual(reading.faults, ["/core.js leads to another site, which is not read"]);
});

Deno.test("readApp() stops at its limits of size, files and time", async () => {
  const endless = () =>
    new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode("query Endless { x ".repeat(4_000)));
      },
    });
  const big = await read((url) =>
    Promise.resolve(new Response(url.endsWith("/") ? `<script src=/core.js>` : endless()))
  );
  assert.ok(big.characters <= 31 * 1024 * 1024, String(big.characters));
  const silent = await read(
    (url) =>
      Promise.resolve(
        new Response(url.endsWith("/") ? `<script src=/core.js>` : new ReadableStream()),
      ),
    { timeMs: 200 },
  );
  assert.deepEqual(silent.operations, {});
  assert.ok(silent.faults.length > 0);
  let count = 0;
  const many = await read(() => {
    count++;
    return Promise.resolve(new Response(`"./a${count}.js";"./b${count}.js"`));
  });
  assert.ok(many.files <= 26, String(many.files));
});

const HOSTILE: Readonly<Record<string, string>> = {
  "deep brackets": `"query A${"{a".repeat(200_000)}"`,
  "deep brackets behind a document": `${`const a="query A {b}"+${"(".repeat(50_000)};`.repeat(40)}`,
  "deep objects": `{kind:"Document",definitions:[`.repeat(100_000),
  "many texts that never end": "`query A {".repeat(200_000),
  "many marks": `kind:"OperationDefinition" `.repeat(200_000),
  "definitions that hold each other":
    `const a="fragment A on X{...B}",b="fragment B on X{...A}",c="query C{x{...A}}";`,
  "fragments that double at each step": [
    ...Array.from(
      { length: 60 },
      (_, n) => `"fragment F${n} on X{a{...F${n + 1}} b{...F${n + 1}}}"`,
    ),
    `"query Boom{x{...F0}}"`,
  ].join(";"),
  "names of prototypes":
    `{kind:"Document",definitions:[{kind:"OperationDefinition",__proto__:{x:1},constructor:{},operation:"query",name:{kind:"Name",value:"__proto__"},selectionSet:{kind:"SelectionSet",selections:[]}}]}`,
  "variables defined by each other": "var " +
    Array.from({ length: 2_000 }, (_, n) => `v${n}="query Q${n}{"+v${n + 1}+"}"`).join(","),
  "one line of spaces": `kind${" ".repeat(3_000_000)}query${" ".repeat(3_000_000)}`,
};

for (const [name, code] of Object.entries(HOSTILE)) {
  Deno.test(`readApp() comes to an end with ${name}`, async () => {
    const startedMs = computedMs();
    const reading = await read(pages(code).get);
    assert.deepEqual(reading.operations, {});
    assert.ok(computedMs() - startedMs < 10_000);
  });
}

Deno.test("a document of the app can't do more than one thing, nor be given a secret", async () => {
  const documents = {
    SendMessage2:
      `mutation SendMessage2($body: String!, $roomId: String!, $token: String!) { sendMessage2(body: $body, roomId: $roomId, token: $token) { ok } }`,
    JoinRoom:
      `mutation JoinRoom($id: String!) { joinRoom(id: $id) { ok } giveAway(id: $id) { ok } }`,
  };
  const code = bundleOf({ form: "ast", documents, variables: {}, v: "1" });
  const reading = await read(pages(code).get);
  assert.deepEqual(reading.operations, {});
});
