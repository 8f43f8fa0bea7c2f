import assert from "node:assert/strict";
import { reconcile } from "../../../src/relay/delivery/shipment.ts";
import type { HistoryMessage, WireText } from "../../../src/relay/port/bridge.ts";
import { messageId, shipment } from "./builders.ts";

type Own = Extract<HistoryMessage, { own: true }>;

function own(wire: string, id: string | null): Own {
  return { own: true, wire: wire as WireText, id: id === null ? null : messageId(id), atMs: 0 };
}

const nothingKnown = () => false;

Deno.test("reconcile() finds the parts that the history shows", () => {
  const arrived = reconcile(
    [shipment(1, ["a", "b"]), shipment(2, ["c"])],
    [own("a", "1"), own("b", "2")],
    nothingKnown,
  );
  assert.deepEqual(arrived.map((parts) => [...parts]), [[[0, "1"], [1, "2"]], []]);
});

Deno.test("reconcile() skips parts that were confirmed before", () => {
  const [arrived] = reconcile(
    [shipment(1, ["a", "b"], 1)],
    [own("a", "1"), own("b", "2")],
    nothingKnown,
  );
  assert.deepEqual([...arrived ?? []], [[1, "2"]]);
});

Deno.test("reconcile() finds a part under any text that the service may show for it", () => {
  const arrived = reconcile(
    [shipment(1, ["<a> x"]), shipment(2, ["<b> x"])],
    [own("<b> x", "1"), own("puppet a: x", "2")],
    nothingKnown,
    (part) => [part.wire, `puppet ${part.wire.replace(/<(.)>/, "$1:")}` as WireText],
  );
  assert.deepEqual(arrived.map((parts) => [...parts]), [[[0, "2"]], []]);
});

Deno.test("reconcile() lets one shown message stand for one part only", () => {
  const arrived = reconcile(
    [shipment(1, ["ok"]), shipment(2, ["ok"])],
    [own("ok", "1")],
    nothingKnown,
  );
  assert.deepEqual(arrived.map((parts) => parts.size), [1, 0]);
});

Deno.test("reconcile() does not take an equal text that was confirmed earlier", () => {
  const known = ({ id }: { id: string | null }) => id === "1";
  const arrived = reconcile([shipment(1, ["ok"])], [own("ok", "1")], known);
  assert.deepEqual(arrived.map((parts) => parts.size), [0]);
});

Deno.test("reconcile() keeps the order: an earlier equal text is not the later part", () => {
  const arrived = reconcile(
    [shipment(1, ["a"]), shipment(2, ["b"])],
    [own("b", "1"), own("a", "2")],
    nothingKnown,
  );
  assert.deepEqual(arrived.map((parts) => [...parts]), [[[0, "2"]], []]);
});

Deno.test("reconcile() works without ids", () => {
  const [arrived] = reconcile([shipment(1, ["a"])], [own("a", null)], nothingKnown);
  assert.deepEqual([...arrived ?? []], [[0, null]]);
});
