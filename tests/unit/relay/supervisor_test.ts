import assert from "node:assert/strict";
import { bridgeHost } from "../../../src/relay/links/links.ts";
import { Supervisor } from "../../../src/relay/links/supervisor.ts";
import type { LinkEnd } from "../../../src/relay/port/bridge.ts";
import type { LinkState } from "../../../src/relay/port/observer.ts";
import { openRelayStore } from "../../../src/store/sqlite/sqlite_store.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { MemoryBridge } from "./memory_bridge.ts";

/** A supervisor of a bridge whose connections end as the test says. */
function supervised(ends: (run: number) => LinkEnd | "stay") {
  const clock = new FakeClock();
  const log = new LogRecorder();
  const store = openRelayStore({ path: null, clock, log });
  const bridge = new MemoryBridge("memory.one");
  const states: LinkState[] = [];
  const runOnce = bridge.runOnce.bind(bridge);
  bridge.runOnce = (host, signal) => {
    bridge.runs++;
    const end = ends(bridge.runs);
    if (end !== "stay") return Promise.resolve(end);
    bridge.runs--;
    return runOnce(host, signal);
  };
  const supervisor = new Supervisor({
    bridge,
    clock,
    random: () => 0,
    log,
    host: (self) =>
      bridgeHost({
        account: bridge.account,
        plans: [],
        store,
        post: () => {},
        linkUp: (nick) => self.linkUp(nick),
        latency: () => {},
        stored: () => Promise.resolve(),
      }),
    onLinkEnd: () => {},
    onState: (state) => states.push(state),
  });
  const stop = new AbortController();
  const running = supervisor.run(stop.signal);
  return {
    clock,
    log,
    bridge,
    states,
    supervisor,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await clock.advance(0);
      await running;
      store.close();
    },
  };
}

const LOST: LinkEnd = { kind: "lost", reason: "nobody there" };

Deno.test("Supervisor tells an outage once while it is young, and again when the waits are long", async () => {
  await using world = supervised(() => LOST);
  await world.clock.advance(20_000);
  assert.ok(world.bridge.runs > 5, `${world.bridge.runs} tries`);
  assert.equal(world.log.texts("warn").length, 1);
  await world.clock.advance(300_000);
  assert.ok(world.log.texts("warn").length > 1);
});

Deno.test("Supervisor says loudly what only a person can mend, and tries again slowly", async () => {
  await using world = supervised(() => ({ kind: "refused", reason: "wrong password" }));
  await world.clock.advance(14 * 60_000);
  assert.equal(world.bridge.runs, 1);
  assert.match(world.log.texts("error")[0] ?? "", /wrong password.*Action needed/);
  await world.clock.advance(60_000);
  assert.equal(world.bridge.runs, 2);
});

Deno.test("Supervisor connects anew at once when asked to, also while it waits", async () => {
  await using world = supervised((run) => run === 1 ? { kind: "refused", reason: "no" } : "stay");
  await world.clock.advance(0);
  world.supervisor.reconnect("somebody asked");
  await world.clock.advance(0);
  assert.equal(world.supervisor.state.kind, "ready");
  // A wish right after another is slowed down a little.
  world.supervisor.reconnect("somebody asked");
  await world.clock.advance(5_000);
  assert.equal(world.bridge.runs, 3);
  assert.deepEqual(world.log.texts("warn"), []);
});

Deno.test("Supervisor survives a bridge that breaks its promise", async () => {
  await using world = supervised((run) => {
    if (run === 1) throw new Error("bug");
    return "stay";
  });
  await world.clock.advance(5_000);
  assert.equal(world.supervisor.state.kind, "ready");
});
