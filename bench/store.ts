/**
 * What the relay store costs on this machine: `deno run -A bench/store.ts [--large]`. With --large also beside
 * 100,000 waiting deliveries and 1,000,000 links, which takes about two minutes to fill in.
 */
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "../src/base/clock.ts";
import { silentLogger } from "../src/base/log.ts";
import type { WireText } from "../src/relay/port/bridge.ts";
import {
  type AccountId,
  type ChannelId,
  type EndpointId,
  endpointId,
  type MessageId,
} from "../src/relay/port/ids.ts";
import { plainText } from "../src/relay/port/rich_text.ts";
import type { Acceptance, RelayStore } from "../src/relay/port/store.ts";
import { openRelayStore } from "../src/store/sqlite/sqlite_store.ts";

const TEXT = "A line of chat as people write it, about as long as most of them are.";
const origin = endpointId("a.one" as AccountId, "room" as ChannelId);
const target = endpointId("b.two" as AccountId, "#channel" as ChannelId);
const dead = endpointId("b.two" as AccountId, "#dead" as ChannelId);

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

function acceptance(to: EndpointId): Acceptance {
  const id = crypto.randomUUID() as MessageId;
  return {
    origin,
    messageId: id,
    cursorAtMs: Date.now(),
    deliveries: [{
      endpoint: to,
      outgoing: {
        kind: "message",
        prefix: plainText("<nick> "),
        text: plainText(TEXT),
        action: false,
        replyTo: null,
        sender: null,
      },
      source: { endpoint: origin, id },
      gateway: "bench",
      speaker: "nick",
    }],
  };
}

interface Cost {
  readonly acceptMs: number;
  readonly shipMs: number;
  readonly settleMs: number;
}

/** One batch of messages from acceptance to the end. */
function relay(store: RelayStore, size: number): Cost {
  const batch = Array.from({ length: size }, () => acceptance(target));
  const startMs = performance.now();
  const accepted = store.accept(batch, Date.now());
  const acceptedMs = performance.now();
  const shipments = store.ship(accepted.flatMap((deliveries) =>
    deliveries === null ? [] : [{
      endpoint: target,
      deliveries,
      parts: [{ kind: "message", wire: TEXT as WireText, target: null, speaker: null }],
    }]
  ));
  const shippedMs = performance.now();
  store.settle(
    shipments.flatMap(({ id }) => [
      { kind: "part", shipment: id, messageId: crypto.randomUUID() as MessageId },
      { kind: "done", shipment: id },
    ]),
    Date.now(),
  );
  return {
    acceptMs: acceptedMs - startMs,
    shipMs: shippedMs - acceptedMs,
    settleMs: performance.now() - shippedMs,
  };
}

function quantile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(3);
}

function measure(store: RelayStore, title: string): void {
  for (const size of [1, 20]) {
    const costs = Array.from({ length: 1_000 }, () => relay(store, size));
    const all = (pick: (cost: Cost) => number) => costs.map(pick);
    const columns = {
      accept: all((cost) => cost.acceptMs),
      ship: all((cost) => cost.shipMs),
      settle: all((cost) => cost.settleMs),
      "before sending": all((cost) => cost.acceptMs + cost.shipMs),
    };
    const total = costs.reduce((sum, c) => sum + c.acceptMs + c.shipMs + c.settleMs, 0);
    const rate = Math.round(costs.length * size / total * 1_000);
    print(`${title}, batches of ${size}: ${rate} messages/s; ms a batch (median / 99 %):`);
    for (const [name, values] of Object.entries(columns)) {
      print(`  ${name.padEnd(16)} ${quantile(values, 0.5)} / ${quantile(values, 0.99)}`);
    }
  }
  const readMs = Array.from({ length: 1_000 }, () => {
    const startMs = performance.now();
    store.level(dead);
    store.waiting(dead, null, 20);
    store.trim({ maxAgeMs: 86_400_000, maxMessages: 1_000_000 }, Date.now());
    return performance.now() - startMs;
  });
  print(`  level+waiting(20)+trim ${quantile(readMs, 0.5)} / ${quantile(readMs, 0.99)}`);
}

function fill(store: RelayStore, waiting: number, links: number): void {
  const batch = 500;
  for (let count = 0; count < waiting; count += batch) {
    store.accept(Array.from({ length: batch }, () => acceptance(dead)), Date.now());
  }
  for (let count = 0; count < links; count += batch) relay(store, batch);
}

/** What one commit of one small row costs with each setting of `PRAGMA synchronous`. */
function measureCommits(path: string): void {
  const handle = new DatabaseSync(path);
  handle.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL");
  handle.exec("CREATE TABLE row (id INTEGER PRIMARY KEY, text TEXT)");
  const insert = handle.prepare("INSERT INTO row (text) VALUES (?)");
  for (const synchronous of ["OFF", "NORMAL", "FULL"]) {
    handle.exec(`PRAGMA synchronous = ${synchronous}`);
    const costs = Array.from({ length: 2_000 }, () => {
      const startMs = performance.now();
      insert.run(TEXT);
      return performance.now() - startMs;
    });
    const median = quantile(costs, 0.5);
    print(`commit, synchronous=${synchronous}: ${median} / ${quantile(costs, 0.99)} ms`);
  }
  handle.close();
}

function run(): void {
  const directory = Deno.makeTempDirSync();
  try {
    measureCommits(`${directory}/commits.sqlite`);
    const path = `${directory}/store.sqlite`;
    const store = openRelayStore({ path, clock: systemClock, log: silentLogger });
    measure(store, "empty store");
    if (Deno.args.includes("--large")) {
      const startMs = performance.now();
      fill(store, 100_000, 1_000_000);
      print(`filled in ${Math.round((performance.now() - startMs) / 1_000)} s`);
      print(`file: ${Math.round(Deno.statSync(path).size / 1e6)} MB`);
      print(`resident: ${Math.round(Deno.memoryUsage().rss / 1e6)} MB`);
      measure(store, "100,000 waiting, 1,000,000 links");
      const forgetMs = performance.now();
      store.forget(Date.now() - 5_000);
      print(`one call of forget: ${(performance.now() - forgetMs).toFixed(0)} ms`);
    }
    store.close();
    const openMs = performance.now();
    openRelayStore({ path, clock: systemClock, log: silentLogger }).close();
    print(`open and close: ${(performance.now() - openMs).toFixed(1)} ms`);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

run();
