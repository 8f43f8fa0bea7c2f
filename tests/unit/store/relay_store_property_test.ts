import fc from "fast-check";
import assert from "node:assert/strict";
import type { EndpointId } from "../../../src/relay/port/ids.ts";
import type { RelayStore, Settlement, Shipment } from "../../../src/relay/port/store.ts";
import { openRelayStore } from "../../../src/store/sqlite/sqlite_store.ts";
import { type DiskFault, FaultyDisk } from "./faulty_disk.ts";
import { RelayStoreModel } from "./relay_store_model.ts";
import {
  acceptance,
  endpoint,
  id,
  partsOf,
  RecordingLogger,
  TurnedClock,
} from "./relay_store_support.ts";

const ENDPOINTS = [endpoint("kosmi.a", "main"), endpoint("irc.b", "#c"), endpoint("irc.d", "#é")];
const MESSAGES = ["1", "2", "3", "4", "5", "6", "NUL\0a", "NUL\0b"];
const COPIES = ["c1", "c2", "c3", "c4", null];

/** The store under test on real files, which can be left as a crash leaves them. */
class Subject {
  readonly disk = new FaultyDisk();
  readonly clock = new TurnedClock(1_000_000);
  readonly log = new RecordingLogger();
  readonly #directory: string;
  #generation = 0;
  store: RelayStore;

  constructor(directory: string) {
    this.#directory = directory;
    this.store = this.#open();
  }

  /** True while the store is in memory: what a crash would lose then is said in its log. */
  get away(): boolean {
    const last = this.log.lines.findLast(({ text }) => /in memory|is writable again/.test(text));
    return last?.text.includes("in memory") ?? false;
  }

  restart(): void {
    this.disk.mend();
    this.store.close();
    this.store = this.#open();
  }

  /** Opens the files as they are now, as after a kill. */
  crash(): void {
    const before = this.#path();
    const crashed = this.store;
    this.#generation++;
    for (const suffix of ["", "-wal"]) Deno.copyFileSync(before + suffix, this.#path() + suffix);
    this.disk.mend();
    crashed.close();
    this.store = this.#open();
  }

  #path(): string {
    return `${this.#directory}/store-${this.#generation}.sqlite`;
  }

  #open(): RelayStore {
    const { clock, log, disk } = this;
    return openRelayStore({ path: this.#path(), clock, log, openHandle: disk.open, openLog: null });
  }
}

type Step = (model: RelayStoreModel, subject: Subject) => void;

class StepCommand implements fc.Command<RelayStoreModel, Subject> {
  readonly #name: string;
  readonly #step: Step;

  constructor(name: string, step: Step) {
    this.#name = name;
    this.#step = step;
  }

  check(): boolean {
    return true;
  }

  run(model: RelayStoreModel, subject: Subject): void {
    this.#step(model, subject);
    compare(model, subject.store);
  }

  toString(): string {
    return this.#name;
  }
}

function compare(model: RelayStoreModel, store: RelayStore): void {
  for (const name of ENDPOINTS) {
    assert.deepEqual(store.waiting(name, null, 1_000), model.waiting(name));
    assert.deepEqual(store.underWay(name), model.underWay(name));
    assert.deepEqual(store.level(name), model.level(name));
    assert.deepEqual(store.cursor(name), model.cursor(name));
    assert.equal(store.unannounced(name), model.unannounced(name));
    const { lastShipment: _, ...position } = store.ownPosition(name) ?? {};
    assert.deepEqual(position, model.ownPosition(name) ?? {});
    for (const message of MESSAGES) {
      const ref = { endpoint: name, id: id(message) };
      assert.deepEqual(store.traces(ref), model.traces(ref));
    }
    for (const copy of COPIES) {
      if (copy === null) continue;
      const ref = { endpoint: name, id: id(copy) };
      assert.deepEqual(store.sourceOf(ref), model.sourceOf(ref));
      if (store.sourceOf(ref) !== null) assert.ok(store.isOwn(ref));
      if (store.isOwn(ref)) assert.ok(model.isOwn(ref), `${name} ${copy} is no copy`);
    }
  }
}

const anEndpoint = fc.constantFrom(...ENDPOINTS);
const said = fc.record({
  origin: anEndpoint,
  id: fc.option(fc.constantFrom(...MESSAGES)),
  to: fc.array(anEndpoint, { maxLength: 3 }),
  text: fc.string({ unit: "binary", maxLength: 20 }),
  atMs: fc.option(
    fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 60_990, max: 61_050 })),
  ),
  live: fc.boolean(),
  lostFor: fc.array(anEndpoint, { maxLength: 2 }),
});

const accept = fc.tuple(fc.array(said, { minLength: 1, maxLength: 4 }), fc.nat(20)).map(
  ([batch, laterMs]) => {
    const items = batch.map(acceptance);
    return new StepCommand(`accept ${JSON.stringify(batch)}`, (model, { store, clock }) => {
      clock.advance(laterMs);
      const nowMs = clock.now();
      const answer = store.accept(items, nowMs);
      const isNew = model.accept(items, nowMs, answer);
      assert.deepEqual(answer.map((deliveries) => deliveries !== null), isNew);
      answer.forEach((deliveries, index) => {
        const expected = items[index]?.deliveries.map((item) => ({ ...item, acceptedAtMs: nowMs }));
        const got = deliveries?.map(({ id: _id, ...rest }) => rest);
        if (deliveries !== null) assert.deepEqual(got, expected);
      });
      assertAscending(answer.flatMap((deliveries) => deliveries ?? []));
    });
  },
);

let highestId = 0;
function assertAscending(deliveries: readonly { readonly id: number }[]): void {
  for (const delivery of deliveries) {
    assert.ok(delivery.id > highestId, `id ${delivery.id} after ${highestId}`);
    highestId = delivery.id;
  }
}

const ship = fc.record({
  to: anEndpoint,
  packed: fc.integer({ min: 1, max: 3 }),
  parts: fc.integer({ min: 1, max: 3 }),
  after: fc.nat(2),
})
  .map(({ to, packed, parts, after }) =>
    new StepCommand(`ship ${to} ${packed} ${parts} ${after}`, (model, { store }) => {
      const waiting = model.waiting(to);
      const deliveries = store.waiting(to, waiting[after - 1]?.id ?? null, packed);
      if (deliveries.length === 0) return;
      const texts = Array.from({ length: parts }, (_, index) => `part ${index}`);
      const shipments = store.ship([{ endpoint: to, deliveries, parts: partsOf(...texts) }]);
      assert.deepEqual(shipments.map((s) => ({ ...s, id: 0 })), [{
        id: 0,
        endpoint: to,
        deliveries,
        parts: partsOf(...texts),
        announces: null,
        confirmed: 0,
        refused: 0,
        doubtful: false,
      }]);
      model.ship(shipments);
    })
  );

const settlement = fc.record({
  at: anEndpoint,
  which: fc.nat(2),
  kind: fc.constantFrom("part", "part", "refused", "done", "rejected", "released"),
  copy: fc.constantFrom(...COPIES),
});
const settle = fc.array(settlement, { minLength: 1, maxLength: 4 }).map((batch) =>
  new StepCommand(`settle ${JSON.stringify(batch)}`, (model, { store, clock }) => {
    const settlements = batch.flatMap(({ at, which, kind, copy }): Settlement[] => {
      const shipment = model.underWay(at)[which];
      if (shipment === undefined) return [];
      return [settlementOf(shipment, kind, copy)];
    });
    store.settle(settlements, clock.now());
    model.settle(settlements);
  })
);

function settlementOf(shipment: Shipment, kind: string, copy: string | null): Settlement {
  if (kind === "part") {
    return { kind, shipment: shipment.id, messageId: copy === null ? null : id(copy) };
  }
  assert.ok(
    kind === "refused" || kind === "done" || kind === "rejected" || kind === "released",
  );
  return { kind, shipment: shipment.id };
}

const trim = fc.tuple(fc.nat(40), fc.nat(5)).map(([maxAgeMs, maxMessages]) =>
  new StepCommand(`trim ${maxAgeMs} ${maxMessages}`, (model, { store, clock }) => {
    const limits = { maxAgeMs, maxMessages };
    assert.deepEqual(store.trim(limits, clock.now()), model.trim(limits, clock.now()));
  })
);

const forget = fc.nat(60).map((ageMs) =>
  new StepCommand(`forget ${ageMs}`, (model, { store, clock }) => {
    store.forget(clock.now() - ageMs);
    model.forget(clock.now() - ageMs);
  })
);

function onEndpoint(name: string, step: (endpoint: EndpointId, ...rest: Parameters<Step>) => void) {
  return anEndpoint.map((to) =>
    new StepCommand(`${name} ${to}`, (model, subject) => step(to, model, subject))
  );
}

const cursors = fc.tuple(anEndpoint, fc.nat(50)).map(([origin, atMs]) =>
  new StepCommand(`setCursor ${origin} ${atMs}`, (model, { store }) => {
    const cursor = { id: id("set"), atMs, saidAtMs: atMs, count: 1_000, inSecond: 1_000 };
    store.setCursor(origin, cursor);
    model.setCursor(origin, cursor);
  })
);

const announce = onEndpoint("announce", (to, model, { store, clock }) => {
  const dropped = store.unannounced(to);
  if (dropped === 0) return;
  const announces = { dropped, atMs: clock.now() };
  const parts = partsOf(`${dropped} older messages`);
  model.ship(store.ship([{ endpoint: to, deliveries: [], parts, announces }]));
});
const ownPosition = fc.tuple(anEndpoint, fc.nat(50)).map(([to, atMs]) =>
  new StepCommand(`own ${to} ${atMs}`, (model, { store }) => {
    const ids = [id(`c${atMs % 5}`)];
    store.setOwnPosition(to, { atMs, count: 1, since: 0, nameless: 0 }, ids);
    model.setOwnPosition(to, { atMs, count: 1, since: 0, nameless: 0 }, ids);
  })
);
const withdraw = fc.tuple(anEndpoint, fc.constantFrom(...MESSAGES)).map(([origin, message]) =>
  new StepCommand(`withdraw ${origin} ${message}`, (model, { store }) => {
    const source = { endpoint: origin, id: id(message) };
    const instead = { kind: "topic", topic: "nothing" } as const;
    assert.deepEqual(byId(store.withdraw(source, instead)), byId(model.withdraw(source, instead)));
  })
);
function byId<T extends { readonly id: number }>(deliveries: readonly T[]): T[] {
  return deliveries.toSorted((one, other) => one.id - other.id);
}
const restart = fc.constant(new StepCommand("restart", (_model, subject) => subject.restart()));
const crash = fc.constant(
  new StepCommand("crash", (_model, subject) => {
    if (subject.away) return;
    subject.crash();
  }),
);
const breakDisk = fc.tuple(fc.nat(12), fc.constantFrom<DiskFault>("full", "unwritable", "damaged"))
  .map(([after, fault]) =>
    new StepCommand(`break ${after} ${fault}`, (_model, { disk }) => disk.breakAfter(after, fault))
  );
const mendDisk = fc.constant(
  new StepCommand("mend", (_model, { disk, clock }) => {
    disk.mend();
    clock.advance(120_000);
  }),
);

const whole = [
  accept,
  accept,
  ship,
  ship,
  settle,
  settle,
  trim,
  forget,
  cursors,
  announce,
  ownPosition,
  withdraw,
  restart,
  crash,
];

function holds(commands: fc.Arbitrary<StepCommand>[], numRuns: number): void {
  const property = fc.property(fc.commands(commands, { maxCommands: 60, size: "max" }), (steps) => {
    const directory = Deno.makeTempDirSync();
    const subject = new Subject(directory);
    highestId = 0;
    try {
      fc.modelRun(() => ({ model: new RelayStoreModel(), real: subject }), steps);
    } finally {
      subject.store.close();
      Deno.removeSync(directory, { recursive: true });
    }
  });
  fc.assert(property, { numRuns, interruptAfterTimeLimit: 6_000 });
}

Deno.test("RelayStore does what the model does, across restarts and crashes", () => {
  holds(whole, 50);
});

Deno.test("RelayStore does what the model does while its disk fails and comes back", () => {
  holds([...whole, breakDisk, breakDisk, mendDisk], 60);
});
