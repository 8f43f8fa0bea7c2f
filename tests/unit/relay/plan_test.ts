import assert from "node:assert/strict";
import { Routing } from "../../../src/relay/intake/routing.ts";
import { planChange, type Standing } from "../../../src/relay/plan.ts";
import type { AccountId } from "../../../src/relay/port/ids.ts";
import type { GatewayEndpoint } from "../../../src/relay/port/settings.ts";
import { place, settings } from "./builders.ts";
import { MemoryBridge } from "./memory_bridge.ts";

function standing(
  bridges: readonly MemoryBridge[],
  endpoints: readonly GatewayEndpoint[],
): Standing {
  return {
    accounts: new Map(
      bridges.map((bridge) => [bridge.account, { bridge, settings: settings() }] as const),
    ),
    routing: new Routing([{ name: "g", endpoints }]),
  };
}

const [a, b, c] = [new MemoryBridge("m.a"), new MemoryBridge("m.b"), new MemoryBridge("m.c")];
const both = [place("m.a", "#x"), place("m.b", "#x")];
const NOTHING = { added: [], removed: [], replaced: [], replanned: [], retired: [] };

Deno.test("planChange() finds nothing where nothing changed", () => {
  assert.deepEqual(planChange(standing([a, b], both), standing([a, b], both)), NOTHING);
});

Deno.test("planChange() tells accounts that come and go", () => {
  const next = standing([a, c], [place("m.a", "#x"), place("m.c", "#x")]);
  assert.deepEqual(planChange(standing([a, b], both), next), {
    ...NOTHING,
    added: ["m.c"],
    removed: ["m.b"],
    retired: ["m.b #x"],
  });
});

Deno.test("planChange() replaces an account with another bridge, and whoever sends there", () => {
  const next = standing([a, new MemoryBridge("m.b")], both);
  const change = planChange(standing([a, b], both), next);
  assert.deepEqual(change, { ...NOTHING, replaced: ["m.b"], retired: ["m.b #x"] });
});

Deno.test("planChange() replans an account whose channels, keys or directions changed", () => {
  const before = standing([a, b], both);
  const more = standing([a, b], [...both, place("m.a", "#y")]);
  assert.deepEqual(planChange(before, more), { ...NOTHING, replanned: ["m.a" as AccountId] });
  const readOnly = standing([a, b], [
    { ...place("m.a", "#x"), direction: "in" },
    place("m.b", "#x"),
  ]);
  assert.deepEqual(planChange(before, readOnly), {
    ...NOTHING,
    replanned: ["m.a"],
    retired: ["m.a #x"],
  });
  const keyed = standing([a, b], [{ ...place("m.a", "#x"), key: "k" }, place("m.b", "#x")]);
  assert.deepEqual(planChange(before, keyed), { ...NOTHING, replanned: ["m.a"] });
});
