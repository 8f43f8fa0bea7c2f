import assert from "node:assert/strict";
import { systemClock } from "../../../../../src/base/clock.ts";
import {
  type LearnedStore,
  WebAppLearning,
} from "../../../../../src/bridges/kosmi/learning/learning.ts";
import { parseOverrides } from "../../../../../src/bridges/kosmi/protocol/operations.ts";
import { type KosmiSandbox, startKosmi } from "../../../../sandbox/kosmi/mod.ts";
import { FakeClock } from "../../../../support/fake_clock.ts";
import { LogRecorder } from "../../../../support/log_recorder.ts";
import { protocolWith, RecordingHost, runBridge, send } from "../support.ts";
import { COMBINATIONS, KINDS } from "./app_variants.ts";

class MemoryStore implements LearnedStore {
  kept: unknown = null;
  load(): Promise<unknown> {
    return Promise.resolve(this.kept);
  }
  save(learned: unknown): Promise<void> {
    this.kept = JSON.parse(JSON.stringify(learned));
    return Promise.resolve();
  }
}

interface Counted {
  readonly learning: WebAppLearning;
  readonly asked: string[];
}

function learningOf(
  kosmi: KosmiSandbox,
  store: LearnedStore = new MemoryStore(),
  clock = systemClock,
): Counted {
  const asked: string[] = [];
  const learning = new WebAppLearning({
    appUrl: kosmi.appUrl,
    protocol: protocolWith(),
    store,
    clock,
    log: new LogRecorder(),
    fetch: (url, init) => {
      asked.push(new URL(url).pathname);
      return fetch(url, init);
    },
  });
  return { learning, asked };
}

const everything = COMBINATIONS["everything at once"] ?? {};
const never = new AbortController().signal;

Deno.test("a schema that changes while the relay runs is learned, and it relays again within 10 s", async () => {
  await using kosmi = await startKosmi({ variants: { introspection: "off" } });
  const { learning } = learningOf(kosmi);
  const host = new RecordingHost(["@movienight"]);
  const first = runBridge({ kosmi, host, options: { app: learning } });
  await host.waitUp();
  kosmi.setVariant({ ...everything, introspection: "off", bundle: "ast" });
  const changedMs = performance.now();
  kosmi.dropConnections();
  await first.ended;
  await using second = runBridge({ kosmi, host, options: { app: learning } });
  await host.waitUp(2);
  kosmi.say("@movienight", { name: "alice" }, "after the change");
  await host.waitFor(() => host.texts().includes("after the change"), "a message");
  const [receipt] = await send(second, "ours too");
  assert.equal(receipt?.outcome, "confirmed");
  assert.ok(performance.now() - changedMs < 10_000);
});

Deno.test("a mutation that is refused while the connection lives is learned, and the message goes", async () => {
  await using kosmi = await startKosmi({ variants: { introspection: "off" } });
  const { learning } = learningOf(kosmi);
  await using running = runBridge({ kosmi, options: { app: learning } });
  await running.host.waitUp();
  kosmi.setVariant({ ...KINDS["an input object"], bundle: "strings" });
  const [receipt] = await send(running, "said as before");
  assert.equal(receipt?.outcome, "confirmed");
  assert.deepEqual(kosmi.messages("@movienight").map(({ text }) => text), ["said as before"]);
});

Deno.test("what was learned is used at the next start without learning again", async () => {
  await using kosmi = await startKosmi({ variants: { ...everything, introspection: "off" } });
  const store = new MemoryStore();
  const before = learningOf(kosmi, store);
  assert.equal(await before.learning.learn(never), true);
  const after = learningOf(kosmi, store);
  await using running = runBridge({ kosmi, options: { app: after.learning } });
  await running.host.waitUp();
  kosmi.say("@movienight", { name: "alice" }, "hello");
  await running.host.waitFor(() => running.host.texts().includes("hello"), "a message");
  assert.deepEqual(after.asked, []);
  assert.doesNotMatch(JSON.stringify(store.kept), /eyJ|alice|hello/);
});

Deno.test("the app is read at most once an hour where that does not help", async () => {
  const variants = {
    ...KINDS["an input object"],
    introspection: "off",
    app: { status: 403 },
  } as const;
  await using kosmi = await startKosmi({ variants });
  const clock = new FakeClock();
  const { learning, asked } = learningOf(kosmi, new MemoryStore(), clock);
  for (let attempt = 0; attempt < 5; attempt++) {
    assert.equal(await learning.learn(never), false);
  }
  const once = asked.length;
  assert.ok(once > 0 && once <= 2, asked.join());
  await clock.advance(3_600_000);
  await learning.learn(never);
  assert.equal(asked.length, 2 * once);
});

Deno.test("what the server refused is not learned again, and another app is read at once", async () => {
  await using kosmi = await startKosmi();
  const { learning, asked } = learningOf(kosmi);
  await learning.learn(never);
  const refused = learning.plan("sendMessage")?.text;
  assert.ok(refused);
  learning.forget("sendMessage");
  await learning.learn(never);
  assert.equal(learning.plan("sendMessage"), null);
  assert.notEqual(learning.plan("newMessage"), null);
  const count = asked.length;
  assert.equal(await learning.learn(never), false);
  assert.equal(asked.length, count);
});

Deno.test("the configuration's overrides count more than what is learned", async () => {
  await using kosmi = await startKosmi({ variants: { introspection: "off" } });
  const { learning } = learningOf(kosmi);
  await learning.learn(never);
  const text =
    "mutation Mine($body: String!, $roomId: String!) { sendMessage(body: $body, roomId: $roomId) { ok } }";
  const { protocol } = parseOverrides({ operations: { sendMessage: { document: text } } });
  const options = { app: learning, protocol: { ...protocol, limits: protocolWith().limits } };
  await using running = runBridge({ kosmi, options });
  await running.host.waitUp();
  await send(running, "by my own words");
  const names = kosmi.log().flatMap((entry) => entry.kind === "operation" ? [entry.name] : []);
  assert.ok(names.includes("Mine"), names.join());
  assert.ok(!names.includes("SendMessage2"), names.join());
});

Deno.test("a file that says nothing of ours teaches nothing", async () => {
  await using kosmi = await startKosmi();
  for (
    const kept of [null, 7, "x", [], { operations: 1 }, { operations: {}, atMs: "x" }, {
      operations: { newMessage: { title: 1 }, sendMessage: { kind: "mutation" } },
      atMs: 1,
      v: "a\r\nb",
    }]
  ) {
    const store = new MemoryStore();
    store.kept = kept;
    const { learning } = learningOf(kosmi, store);
    await learning.opened();
    assert.equal(learning.plan("newMessage"), null);
    assert.equal(learning.plan("sendMessage"), null);
    assert.equal(learning.v, null);
  }
});
