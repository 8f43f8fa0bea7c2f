import assert from "node:assert/strict";
import type { LogFile } from "../../../src/store/sqlite/database.ts";
import { openRelayStore } from "../../../src/store/sqlite/sqlite_store.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { acceptance, endpoint, id, partsOf, RecordingLogger } from "./relay_store_support.ts";

const ORIGIN = endpoint("irc.a", "#c");
const TARGET = endpoint("kosmi.b", "main");

/** A store on a real file whose log reaches the disk when and as the test wants it. */
class Bench implements Disposable {
  readonly clock = new FakeClock();
  readonly log = new RecordingLogger();
  readonly directory = Deno.makeTempDirSync();
  readonly path = `${this.directory}/store.sqlite`;
  /** How long a sync takes. */
  syncMs = 0;
  fault: Error | null = null;
  /** When each sync began, and what the log held then. */
  readonly syncs: { readonly atMs: number; readonly log: Uint8Array }[] = [];
  readonly #ended = new AbortController();
  readonly store = openRelayStore({ ...this, openLog: (path) => this.#file(path) });
  #nextMessage = 1;

  #file(path: string): LogFile {
    return {
      close: () => {},
      syncData: async () => {
        this.syncs.push({ atMs: this.clock.monotonic(), log: Deno.readFileSync(path) });
        if (this.fault !== null) throw this.fault;
        await this.clock.sleep(this.syncMs, this.#ended.signal);
      },
    };
  }

  /** One message from acceptance to its link. */
  relay(): void {
    const nr = this.#nextMessage++;
    const nowMs = this.clock.now();
    const said = acceptance({ origin: ORIGIN, id: `m${nr}`, to: [TARGET], atMs: nowMs });
    const [deliveries] = this.store.accept([said], nowMs);
    const batch = [{
      endpoint: TARGET,
      deliveries: deliveries ?? [],
      parts: partsOf(`text ${nr}`),
    }];
    const shipment = this.store.ship(batch)[0]?.id ?? assert.fail();
    this.store.settle([
      { kind: "part", shipment, messageId: id(`c${nr}`) },
      { kind: "done", shipment },
    ], nowMs);
  }

  /** Which of the messages are settled in the store as a power cut now would leave it. */
  afterPowerCut(): number[] {
    const path = `${this.directory}/cut.sqlite`;
    Deno.copyFileSync(this.path, path);
    Deno.writeFileSync(`${path}-wal`, this.syncs.at(-1)?.log ?? new Uint8Array());
    const { clock, log } = this;
    const store = openRelayStore({ path, clock, log, openLog: null });
    const settled = Array.from({ length: this.#nextMessage - 1 }, (_, at) => at + 1).filter((nr) =>
      store.traces({ endpoint: ORIGIN, id: id(`m${nr}`) })?.[0]?.ids[0] === `c${nr}`
    );
    store.close();
    return settled;
  }

  [Symbol.dispose](): void {
    this.store.close();
    this.#ended.abort();
    Deno.removeSync(this.directory, { recursive: true });
  }
}

Deno.test("a settled message reaches the disk at once, without being waited for", async () => {
  using bench = new Bench();
  bench.syncMs = 300;
  bench.relay();
  assert.equal(bench.syncs.length, 1);
  await bench.clock.advance(0);
  assert.deepEqual(bench.afterPowerCut(), [1]);
});

Deno.test("what is settled while the disk is busy or rests reaches it afterwards, in one go", async () => {
  using bench = new Bench();
  bench.syncMs = 300;
  bench.relay();
  for (let nr = 0; nr < 5; nr++) {
    await bench.clock.advance(10);
    bench.relay();
  }
  await bench.clock.advance(299);
  assert.deepEqual(bench.afterPowerCut(), [1]);
  await bench.clock.advance(3_000);
  assert.deepEqual(bench.syncs.map(({ atMs }) => atMs), [0, 3_300]);
  assert.deepEqual(bench.afterPowerCut(), [1, 2, 3, 4, 5, 6]);
});

Deno.test("a quick disk is synced at most every 50 ms, and not without need", async () => {
  using bench = new Bench();
  for (let nr = 0; nr < 100; nr++) {
    bench.relay();
    await bench.clock.advance(10);
  }
  await bench.clock.advance(60_000);
  assert.ok(bench.syncs.length >= 18 && bench.syncs.length <= 21, `${bench.syncs.length}`);
});

Deno.test("what is never settled is synced with the next look at the store, a second later", async () => {
  using bench = new Bench();
  bench.store.accept([acceptance({ origin: ORIGIN, id: "m", to: [TARGET], atMs: 1 })], 1);
  const look = () => bench.store.trim({ maxAgeMs: Infinity, maxMessages: 100 }, 1);
  await bench.clock.advance(900);
  look();
  assert.equal(bench.syncs.length, 0);
  await bench.clock.advance(200);
  look();
  assert.equal(bench.syncs.length, 1);
});

Deno.test("a disk that fails to sync is left for memory, and taken up again", async () => {
  using bench = new Bench();
  bench.fault = new Error("EIO: i/o error");
  bench.relay();
  await bench.clock.advance(0);
  bench.relay();
  assert.ok(bench.log.lines.some(({ text }) => /keeps messages in memory/.test(text)));
  bench.fault = null;
  await bench.clock.advance(2_000);
  bench.relay();
  assert.ok(bench.log.lines.some(({ text }) => /is writable again/.test(text)));
  await bench.clock.advance(1_000);
  assert.deepEqual(bench.afterPowerCut(), [1, 2, 3]);
});
