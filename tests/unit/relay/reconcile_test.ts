import assert from "node:assert/strict";
import { lookedThrough, positionBehind, reconcile } from "../../../src/relay/delivery/reconcile.ts";
import { ActiveShipment } from "../../../src/relay/delivery/shipment.ts";
import type { Bridge, HistoryMessage, Part, WireText } from "../../../src/relay/port/bridge.ts";
import type { EndpointId } from "../../../src/relay/port/ids.ts";
import type { OwnPosition, RelayStore } from "../../../src/relay/port/store.ts";
import { messageId, shipment } from "./builders.ts";

type Own = Extract<HistoryMessage, { own: true }>;

const line = (wire: string, atMs = 0, id: string | null = null): Own => ({
  own: true,
  wire: wire as WireText,
  id: id === null ? null : messageId(id),
  atMs,
});
const never = () => false;

interface Known {
  readonly complete?: boolean;
  readonly position?: OwnPosition | null;
  readonly isOwn?: (id: string) => boolean;
  readonly shownAs?: (part: Part) => readonly WireText[];
}

/** Indexes and ids of the parts that turn out to have arrived, for each shipment. */
function arrived(
  shipments: readonly ActiveShipment[],
  own: readonly Own[],
  { position = null, isOwn = never, shownAs, complete = true }: Known = {},
) {
  return reconcile(shipments, own, { position, isOwn, complete }, shownAs).map((
    parts,
  ) => [...parts]);
}

/** Doubtful shipments; those of index `shown` were confirmed since, under that id. */
function sent(texts: readonly string[], shown: Readonly<Record<number, string | null>> = {}) {
  return texts.map((text, at) => {
    const active = new ActiveShipment(shipment(at + 1, [text]));
    const id = shown[at];
    if (id !== undefined) {
      active.receive(0, { outcome: "confirmed", id: id === null ? null : messageId(id) });
    }
    return active;
  });
}

const parts = (...all: [texts: string[], confirmed?: number][]) =>
  all.map(([texts, confirmed = 0], at) =>
    new ActiveShipment(shipment(at + 1, texts, confirmed), new Map(), 0)
  );

Deno.test("reconcile() finds the parts that the history shows", () => {
  const own = [line("a", 0, "1"), line("b", 0, "2")];
  assert.deepEqual(arrived(parts([["a", "b"]], [["c"]]), own), [[[0, "1"], [1, "2"]], []]);
});

Deno.test("reconcile() skips parts that were confirmed before", () => {
  const own = [line("a", 0, "1"), line("b", 0, "2")];
  assert.deepEqual(arrived(parts([["a", "b"], 1]), own), [[[1, "2"]]]);
});

Deno.test("reconcile() finds a part under any text that the service may show for it", () => {
  const own = [line("<b> x", 0, "1"), line("puppet a: x", 0, "2")];
  const shownAs = (part: Part) => [
    part.wire,
    `puppet ${part.wire.replace(/<(.)>/, "$1:")}` as WireText,
  ];
  assert.deepEqual(arrived(sent(["<a> x", "<b> x"]), own, { shownAs }), [
    [[0, "2"]],
    [[0, "1"]],
  ]);
});

Deno.test("reconcile() lets one shown message stand for one part only", () => {
  assert.deepEqual(arrived(sent(["ok", "ok"]), [line("ok", 0, "1")]), [[[0, "1"]], []]);
});

Deno.test("reconcile() takes the line for the last of equal parts where the history has no beginning", () => {
  const found = arrived(sent(["ok", "ok"]), [line("ok", 0, "1")], { complete: false });
  assert.deepEqual(found, [[], [[0, "1"]]]);
});

Deno.test("reconcile() does not take an equal text that was confirmed earlier", () => {
  const isOwn = (id: string) => id === "1";
  assert.deepEqual(arrived(sent(["ok"]), [line("ok", 0, "1")], { isOwn }), [[]]);
});

Deno.test("reconcile() also finds what is shown in another order than it was sent in", () => {
  const own = [line("b", 0, "1"), line("a", 0, "2")];
  assert.deepEqual(arrived(sent(["a", "b"]), own), [[[0, "2"]], [[0, "1"]]]);
});

Deno.test("reconcile() works without ids", () => {
  assert.deepEqual(arrived(sent(["a"]), [line("a")]), [[[0, null]]]);
});

Deno.test("what was confirmed behind a doubtful part takes its own line, with and without ids", () => {
  const position = { atMs: 0, count: 0, since: 1, nameless: 1 };
  // Sent: lol, yes, yes. The last one was confirmed; "lol" arrived too, the first "yes" was lost.
  const messages = sent(["lol", "yes", "yes"], { 2: null });
  assert.deepEqual(arrived(messages, [line("lol", 1), line("yes", 2)], { position }), [
    [[0, null]],
    [],
    [],
  ]);
  const named = [line("lol", 1, "m1"), line("yes", 2, "m2")];
  assert.deepEqual(arrived(messages, named, { position }), [[[0, "m1"]], [], []]);
  // Where the confirmation told the id, that line is known, and any other may be the doubtful one's.
  const known = sent(["yes", "yes"], { 1: "m2" });
  const both = [line("yes", 1, "m1"), line("yes", 2, "m2")];
  const isOwn = (id: string) => id === "m2";
  const since = { ...position, nameless: 0 };
  assert.deepEqual(arrived(known, both, { position: since, isOwn }), [[[0, "m1"]], []]);
  assert.deepEqual(arrived(known, both.slice(1), { position: since, isOwn }), [[], []]);
});

Deno.test("what was confirmed behind a doubtful part is known after a crash as well", () => {
  const position = { atMs: 0, count: 0, since: 1, nameless: 1 };
  const read = parts([["yes"]], [["yes"], 1]);
  assert.deepEqual(arrived(read, [line("yes", 1)], { position }), [[], []]);
  assert.deepEqual(arrived(read, [line("yes", 1, "m1")], { position }), [[], []]);
  assert.deepEqual(arrived(read, [line("yes", 1), line("yes", 2)], { position }), [
    [[0, null]],
    [],
  ]);
  // Confirmed with its id: the other line is the doubtful one's.
  const own = [line("yes", 1, "m1"), line("yes", 2, "m2")];
  const known = { position: { ...position, nameless: 0 }, isOwn: (id: string) => id === "m2" };
  assert.deepEqual(arrived(read, own, known), [[[0, "m1"]], []]);
});

const POSITION = { atMs: 5, count: 1, since: 0, nameless: 0 };

Deno.test("lines up to the position are known, of one time by their number", () => {
  const all = [line("a", 4), line("b", 5), line("c", 5), line("d", 6)];
  const found = arrived(sent(["a", "b", "c", "d"]), all, { position: POSITION });
  assert.deepEqual(found.map((one) => one.length), [0, 0, 1, 1]);
});

Deno.test("lines with ids that are not known are in doubt whatever their time, but not for ever", () => {
  const position = { ...POSITION, atMs: 100_000_000 };
  const found = (atMs: number) => arrived(sent(["a"]), [line("a", atMs, "m1")], { position })[0];
  assert.deepEqual(found(99_999_999), [[0, "m1"]]);
  assert.deepEqual(found(1), []);
});

Deno.test("a part that arrived is found also before one that was confirmed, whatever is said twice", () => {
  const position = { ...POSITION, since: 1, nameless: 1 };
  const found = (...wires: string[]) =>
    arrived(sent(["yes"]), wires.map((wire, at) => line(wire, 6 + at)), { position })[0]?.length;
  assert.equal(found("yes", "no"), 1);
  assert.equal(found("yes", "yes"), 1);
  // The only line is the one that was confirmed.
  assert.equal(found("yes"), 0);
});

Deno.test("own lines with ids in the history count as nameless where their confirmation had none", () => {
  const all = [line("lol", 6, "1"), line("lol", 7, "2")];
  const of = (nameless: number, isOwn: (id: string) => boolean = never) =>
    arrived(sent(["lol"]), all, { position: { ...POSITION, since: 9, nameless }, isOwn })[0];
  assert.deepEqual(of(2), []);
  assert.deepEqual(of(1), [[0, "2"]]);
  assert.deepEqual(of(0, (id) => id === "1"), [[0, "2"]]);
});

Deno.test("positionBehind() counts on what was confirmed and is not shown yet", () => {
  const position = { ...POSITION, since: 3, nameless: 3 };
  const behind = (own: readonly Own[], of: OwnPosition | null) =>
    positionBehind(own, { position: of, isOwn: never });
  assert.deepEqual(behind([line("a", 5), line("b", 6), line("c", 6)], position), {
    position: { atMs: 6, count: 2, since: 1, nameless: 1 },
    ids: [],
  });
  assert.deepEqual(behind([], position), { position, ids: [] });
  const nothing = { atMs: 0, count: 0, since: 0, nameless: 0 };
  assert.deepEqual(behind([], null), { position: nothing, ids: [] });
});

Deno.test("positionBehind() remembers the ids of all lines, so that none is in doubt again", () => {
  const own = [line("a", 5, "1"), line("b", 6, "2"), line("c", 6, "3")];
  const position = { ...POSITION, since: 3, nameless: 3 };
  assert.deepEqual(positionBehind(own, { position, isOwn: (id) => id === "2" }), {
    position: { atMs: 6, count: 2, since: 1, nameless: 1 },
    ids: ["1", "3"],
  });
});

Deno.test("lookedThrough() remembers no line that stands for a part under way: its shipment does", () => {
  const remembered: (readonly string[])[] = [];
  const store = {
    ownPosition: () => null,
    isOwn: never,
    setOwnPosition: (_endpoint: unknown, _position: unknown, ids: readonly string[]) =>
      remembered.push(ids),
  } as unknown as RelayStore;
  const surroundings = { endpoint: "kosmi.a main" as EndpointId, store, bridge: {} as Bridge };
  const parts = new ActiveShipment(
    shipment(1, ["one", "two"]),
    new Map([[1, messageId("2")]]),
  );
  const messages = [line("two", 1, "2"), line("else", 2, "3")];
  lookedThrough(surroundings, [parts], { messages, complete: true });
  assert.deepEqual(remembered, [["3"]]);
});
