import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../../src/base/clock.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { openRelayStore } from "../../../src/store/sqlite/sqlite_store.ts";
import { endpoint, id } from "./relay_store_support.ts";

const STEPS = ["unknown", "accepted", "shipped", "confirmed", "done"];
const LANES = 4;
const KILLS_PER_LANE = 26;

const origin = endpoint("kosmi.a", "main");
const target = endpoint("irc.b", "#c");
const child = fileURLToPath(new URL("./relay_store_child.ts", import.meta.url));

/** What the store acknowledged of each message, over all the runs on one database. */
class Ledger {
  /** Index in STEPS by message. */
  readonly steps = new Map<number, number>();
  #highestDelivery = 0;

  get nextMessage(): number {
    return Math.max(0, ...this.steps.keys()) + 1;
  }

  acknowledge(line: string): void {
    const { step, message, delivery } = parse(line);
    const before = this.steps.get(message) ?? 0;
    assert.ok(step > before, `message ${message} went from ${STEPS[before]} to ${STEPS[step]}`);
    this.steps.set(message, step);
    if (before > 0) return;
    assert.ok(delivery > this.#highestDelivery, `delivery ${delivery} is not a new id`);
    this.#highestDelivery = delivery;
  }

  /** What a new run found: each message where it was acknowledged, or one step on (the call that was killed). */
  recover(lines: readonly string[]): void {
    const found = new Map(lines.map(parse).map((line) => [line.message, line]));
    for (const [message, before] of this.steps) {
      const now = found.get(message)?.step ?? STEPS.indexOf("done");
      assert.ok(
        now === before || now === before + 1,
        `message ${message} was ${STEPS[before]} before the kill, and then ${STEPS[now]}`,
      );
      this.steps.set(message, now);
    }
    for (const { message, step, delivery } of found.values()) {
      if (this.steps.has(message)) continue;
      assert.equal(STEPS[step], "accepted", `message ${message} was never acknowledged`);
      this.steps.set(message, step);
      this.#highestDelivery = Math.max(this.#highestDelivery, delivery);
    }
  }
}

function parse(line: string): { step: number; message: number; delivery: number } {
  const [step, message, delivery] = line.split(" ");
  assert.ok(step !== undefined && STEPS.includes(step), `cannot read "${line}"`);
  return { step: STEPS.indexOf(step), message: Number(message), delivery: Number(delivery) };
}

/** Runs a child until it has said so many lines after it was ready, kills it and answers all it said. */
async function runAndKill(directory: string, first: number, lines: number): Promise<string[]> {
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "--no-prompt",
      `--allow-read=${directory}`,
      `--allow-write=${directory}`,
      child,
      `${directory}/store.sqlite`,
      String(first),
    ],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let said = "";
  const decoder = new TextDecoder();
  for await (const bytes of process.stdout) {
    said += decoder.decode(bytes, { stream: true });
    const ready = said.indexOf("ready\n");
    if (ready >= 0 && said.slice(ready).split("\n").length > lines) killQuietly(process);
  }
  await process.status;
  // A last line that was cut off in the pipe was acknowledged all the same, but can't be read.
  return said.slice(0, said.lastIndexOf("\n") + 1).split("\n").slice(0, -1);
}

function killQuietly(process: Deno.ChildProcess): void {
  try {
    process.kill("SIGKILL");
  } catch {
    // It has been killed by an earlier chunk.
  }
}

async function runLane(directory: string): Promise<Ledger> {
  const ledger = new Ledger();
  for (let kill = 0; kill < KILLS_PER_LANE; kill++) {
    const lines = await runAndKill(directory, ledger.nextMessage, Math.ceil(Math.random() * 60));
    const ready = lines.indexOf("ready");
    assert.ok(ready >= 0, "the child did not start");
    ledger.recover(lines.slice(0, ready));
    for (const line of lines.slice(ready + 1)) ledger.acknowledge(line);
  }
  return ledger;
}

function assertWholeOnDisk(path: string, ledger: Ledger): void {
  const store = openRelayStore({
    path,
    clock: systemClock,
    log: silentLogger,
    openLog: null,
  });
  for (const [message, step] of ledger.steps) {
    const source = { endpoint: origin, id: id(`m${message}`) };
    const ids = store.traces(source)?.[0]?.ids;
    if (STEPS[step] !== "done") assert.ok(ids !== undefined, `message ${message} is lost`);
    else assert.deepEqual(ids, [`m${message}-1`, `m${message}-2`]);
    if (STEPS[step] !== "done") continue;
    assert.deepEqual(store.sourceOf({ endpoint: target, id: id(`m${message}-2`) }), source);
  }
  store.close();
}

Deno.test("RelayStore keeps what it acknowledged through 104 kill -9", async () => {
  const root = Deno.makeTempDirSync();
  try {
    const lanes = Array.from({ length: LANES }, (_, lane) => `${root}/${lane}`);
    await Promise.all(lanes.map(async (directory) => {
      Deno.mkdirSync(directory);
      const ledger = await runLane(directory);
      assertWholeOnDisk(`${directory}/store.sqlite`, ledger);
    }));
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
});
