import assert from "node:assert/strict";
import { bridgeHost } from "../../../src/relay/links/links.ts";
import { ownLine, type WireText } from "../../../src/relay/port/bridge.ts";
import { type AccountId, endpointId } from "../../../src/relay/port/ids.ts";
import { openRelayStore } from "../../../src/store/sqlite/sqlite_store.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { channelId, messageId } from "./builders.ts";

const ACCOUNT = "memory.left" as AccountId;
const CHANNEL = channelId("#a");
const ENDPOINT = endpointId(ACCOUNT, CHANNEL);
const CURSOR = {
  id: messageId("5"),
  atMs: 1_000_000_000,
  saidAtMs: 1_000_000_000,
  count: 1,
  inSecond: 1,
};
const SKEW_MS = 120_000;

/** The cursor that a bridge is told when a message taken over at `acceptedAtMs` is under way (null: none is). */
function told(acceptedAtMs: number | null) {
  const store = openRelayStore({ path: null, clock: new FakeClock(), log: new LogRecorder() });
  store.setCursor(ENDPOINT, CURSOR);
  if (acceptedAtMs !== null) {
    const delivery = {
      endpoint: ENDPOINT,
      outgoing: ownLine("hello"),
      source: null,
      gateway: "g",
      speaker: null,
    };
    const acceptance = { messageId: null, cursorAtMs: null, deliveries: [delivery] };
    const origin = endpointId("memory.right" as AccountId, CHANNEL);
    const [deliveries] = store.accept([{ origin, ...acceptance }], acceptedAtMs);
    const wire = "hello" as WireText;
    const parts = [{ kind: "message" as const, wire, target: null, speaker: null }];
    store.ship([{ endpoint: ENDPOINT, deliveries: deliveries ?? [], parts }]);
  }
  const nothing = () => {};
  const host = bridgeHost({
    ...{ account: ACCOUNT, plans: [], store },
    ...{ post: nothing, linkUp: nothing, latency: nothing, stored: () => Promise.resolve() },
  });
  const cursor = host.cursor(CHANNEL);
  store.close();
  return cursor;
}

Deno.test("bridgeHost() tells the cursor as it is while nothing is under way", () => {
  assert.deepEqual(told(null), CURSOR);
});

Deno.test("bridgeHost() lets history be read from before what is under way, and from before the cursor however wrong our clock is", () => {
  const { atMs } = CURSOR;
  assert.deepEqual(told(atMs - 500_000), { id: null, atMs: atMs - 500_000 - SKEW_MS });
  assert.deepEqual(told(atMs + 3_600_000), { id: null, atMs: atMs - SKEW_MS });
});
