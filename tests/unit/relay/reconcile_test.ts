import assert from "node:assert/strict";
import { ownLines, positionBehind, reconcile } from "../../../src/relay/delivery/shipment.ts";
import type { HistoryMessage, WireText } from "../../../src/relay/port/bridge.ts";
import { messageId, shipment } from "./builders.ts";

type Own = Extract<HistoryMessage, { own: true }>;

function own(wire: string, id: string | null): Own {
  return { own: true, wire: wire as WireText, id: id === null ? null : messageId(id), atMs: 0 };
}

/** All of these lines may stand for something. */
const open = (...all: Own[]) => ({ others: [], open: all, arrived: all.length });

Deno.test("reconcile() finds the parts that the history shows", () => {
  const arrived = reconcile(
    [shipment(1, ["a", "b"]), shipment(2, ["c"])],
    open(own("a", "1"), own("b", "2")),
  );
  assert.deepEqual(arrived.map((parts) => [...parts]), [[[0, "1"], [1, "2"]], []]);
});

Deno.test("reconcile() skips parts that were confirmed before", () => {
  const [arrived] = reconcile(
    [shipment(1, ["a", "b"], 1)],
    open(own("a", "1"), own("b", "2")),
  );
  assert.deepEqual([...arrived ?? []], [[1, "2"]]);
});

Deno.test("reconcile() finds a part under any text that the service may show for it", () => {
  const arrived = reconcile(
    [shipment(1, ["<a> x"]), shipment(2, ["<b> x"])],
    open(own("<b> x", "1"), own("puppet a: x", "2")),
    (part) => [part.wire, `puppet ${part.wire.replace(/<(.)>/, "$1:")}` as WireText],
  );
  assert.deepEqual(arrived.map((parts) => [...parts]), [[[0, "2"]], []]);
});

Deno.test("reconcile() lets one shown message stand for one part only", () => {
  const arrived = reconcile(
    [shipment(1, ["ok"]), shipment(2, ["ok"])],
    open(own("ok", "1")),
  );
  assert.deepEqual(arrived.map((parts) => parts.size), [1, 0]);
});

Deno.test("reconcile() does not take an equal text that was confirmed earlier", () => {
  const lines = ownLines([own("ok", "1")], null, (id) => id === "1");
  const arrived = reconcile([shipment(1, ["ok"])], lines);
  assert.deepEqual(arrived.map((parts) => parts.size), [0]);
});

Deno.test("reconcile() keeps the order: an earlier equal text is not the later part", () => {
  const arrived = reconcile(
    [shipment(1, ["a"]), shipment(2, ["b"])],
    open(own("b", "1"), own("a", "2")),
  );
  assert.deepEqual(arrived.map((parts) => [...parts]), [[[0, "2"]], []]);
});

Deno.test("reconcile() works without ids", () => {
  const [arrived] = reconcile([shipment(1, ["a"])], open(own("a", null)));
  assert.deepEqual([...arrived ?? []], [[0, null]]);
});

const POSITION = { atMs: 5, count: 1, since: 0, nameless: 0 };
const line = (wire: string, atMs: number, id: string | null = null): Own => ({
  ...own(wire, id),
  atMs,
});
const never = () => false;

Deno.test("ownLines() leaves out what stands up to the position, of one time by number", () => {
  const all = [line("a", 4), line("b", 5), line("c", 5), line("d", 6)];
  assert.deepEqual(ownLines(all, POSITION, never).open.map(({ wire }) => wire), ["c", "d"]);
});

Deno.test("a part that arrived is found also before one that was confirmed, whatever is said twice", () => {
  const position = { ...POSITION, since: 1, nameless: 1 };
  const found = (...wires: string[]) => {
    const lines = ownLines(wires.map((wire, at) => line(wire, 6 + at)), position, never);
    return reconcile([shipment(1, ["yes"])], lines)[0]?.size;
  };
  assert.equal(found("yes", "no"), 1);
  assert.equal(found("yes", "yes"), 1);
  // The only line is the one that was confirmed.
  assert.equal(found("yes"), 0);
});

Deno.test("own lines with ids in the history count as nameless where their confirmation had none", () => {
  const all = [line("lol", 6, "1"), line("lol", 7, "2")];
  const of = (nameless: number) => ownLines(all, { ...POSITION, since: 9, nameless }, never).open;
  assert.equal(of(2).length, 0);
  assert.equal(of(1).length, 1);
  assert.equal(ownLines(all, POSITION, (id) => id === "1").open.length, 1);
});

Deno.test("positionBehind() counts on what was confirmed and is not shown yet", () => {
  const position = { ...POSITION, since: 3, nameless: 3 };
  assert.deepEqual(positionBehind([line("a", 5), line("b", 6), line("c", 6)], position, never), {
    atMs: 6,
    count: 2,
    since: 1,
    nameless: 1,
  });
  assert.deepEqual(positionBehind([], position, never), position);
  const nothing = { atMs: 0, count: 0, since: 0, nameless: 0 };
  assert.deepEqual(positionBehind([], null, never), nothing);
});
