import assert from "node:assert/strict";
import { systemClock } from "../../../../../src/base/clock.ts";
import { WebAppLearning } from "../../../../../src/bridges/kosmi/learning/learning.ts";
import { anonLogin } from "../../../../../src/bridges/kosmi/link/anonymous_login.ts";
import {
  type KosmiSandbox,
  startKosmi,
  type VariantChange,
} from "../../../../sandbox/kosmi/mod.ts";
import { BUNDLE_FORMS } from "../../../../sandbox/kosmi/web_app/bundle.ts";
import { LogRecorder } from "../../../../support/log_recorder.ts";
import type { ChannelId, MessageId } from "../../../../../src/relay/port/ids.ts";
import { protocolWith, RecordingHost, runBridge, send } from "../support.ts";
import { COMBINATIONS, KINDS } from "./app_variants.ts";

function learningOf(kosmi: KosmiSandbox): WebAppLearning {
  return new WebAppLearning({
    appUrl: kosmi.appUrl,
    protocol: protocolWith(),
    store: { load: () => Promise.resolve(null), save: () => Promise.resolve() },
    clock: systemClock,
    log: new LogRecorder(),
  });
}

/** A visitor logs in, messages cross both ways, what was said before is known, and our own come back as ours. */
async function crosses(variants: VariantChange): Promise<void> {
  await using kosmi = await startKosmi({ variants });
  const app = learningOf(kosmi);
  const never = new AbortController().signal;
  const protocol = protocolWith();
  const { appUrl, httpEndpoint } = kosmi;
  const token = await anonLogin(
    { endpoints: { appUrl, httpEndpoint }, protocol, app, clock: systemClock },
    never,
  );
  const credentials = {
    get: () => Promise.resolve({ token, expectsLogin: false }),
    refused: () => {},
  };
  kosmi.say("@movienight", { name: "early" }, "said before");
  const host = new RecordingHost(["@movienight"]);
  const room = "@movienight" as ChannelId;
  host.cursors.set(room, { id: "m0" as MessageId, atMs: Date.now() - 60_000 });
  await using running = runBridge({ kosmi, host, credentials, options: { app } });
  await host.waitUp();
  assert.equal(host.ups[0]?.history?.messages.length, 1, running.log.texts("warn").join("\n"));
  kosmi.say("@movienight", { name: "alice" }, "from alice");
  await host.waitFor(() => host.texts().length > 0, "a message");
  const [first] = host.messages();
  assert.equal(first?.sender.nick, "alice");
  assert.ok(Math.abs((first?.atMs ?? 0) - Date.now()) < 60_000, `time of ${first?.atMs}`);
  for (const text of ["one", "two", "two"]) {
    const [receipt] = await send(running, text);
    assert.equal(receipt?.outcome, "confirmed", JSON.stringify(receipt));
  }
  const [, own] = kosmi.messages("@movienight");
  assert.ok(own);
  kosmi.say("@movienight", { name: "bob" }, "fence");
  await host.waitFor(() => host.texts().includes("fence"), "fence");
  assert.deepEqual(host.texts(), ["from alice", "fence"]);
  assert.deepEqual(
    kosmi.messages("@movienight").map((message) => message.text),
    ["said before", "from alice", "one", "two", "two", "fence"],
  );
}

const ALL = { ...KINDS, ...COMBINATIONS };
const names = Object.keys(ALL);

for (const [at, name] of names.entries()) {
  // Each with another form of the bundle: together they see all.
  const forms = BUNDLE_FORMS.filter((form) => form !== "persisted");
  const bundle = forms[at % forms.length] ?? "template";
  Deno.test(`the relay adapts by the app's bundle (${bundle}): ${name}`, () =>
    crosses({ ...ALL[name], bundle, introspection: "off" }));
  Deno.test(`the relay adapts with schema and bundle: ${name}`, () =>
    crosses({ ...ALL[name], bundle, httpSchema: "full" }));
}
