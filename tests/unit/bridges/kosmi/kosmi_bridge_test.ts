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
