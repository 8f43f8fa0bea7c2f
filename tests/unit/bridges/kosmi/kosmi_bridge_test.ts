import assert from "node:assert/strict";
import { startKosmi } from "../../../sandbox/kosmi/mod.ts";
import { runBridge, send } from "./support.ts";

Deno.test("KosmiBridge joins, receives and sends", async () => {
  await using kosmi = await startKosmi();
  await using running = runBridge({ kosmi });
  await running.host.waitUp();
  kosmi.say("@movienight", { name: "alice" }, "hello");
  await running.host.waitFor(() => running.host.texts().includes("hello"), "hello");
  assert.equal(running.host.messages()[0]?.sender.nick, "alice");

  const receipts = await send(running, "hi alice");
  const seen = await kosmi.waitForMessage("@movienight", (message) => message.text === "hi alice");
  assert.deepEqual(receipts, [{ outcome: "confirmed", id: seen.id }]);
  assert.deepEqual(running.host.texts(), ["hello"]);

  const end = await running.stop();
  assert.equal(end.kind, "stopped");
});

Deno.test("KosmiBridge relays nothing of what stood in the room, also where Kosmi's clock is hours ahead", async () => {
  await using kosmi = await startKosmi();
  const ahead = (minutes: number) => ({ timestamp: Date.now() + (6 * 60 - minutes) * 60_000 });
  kosmi.say("@movienight", { name: "alice" }, "an hour old", ahead(60));
  kosmi.say("@movienight", { name: "alice" }, "a minute old", ahead(1));
  await using running = runBridge({ kosmi });
  await running.host.waitUp();
  kosmi.say("@movienight", { name: "alice" }, "new", ahead(0));
  await running.host.waitFor(() => running.host.texts().includes("new"), "new");
  assert.deepEqual(running.host.texts(), ["new"]);
});
